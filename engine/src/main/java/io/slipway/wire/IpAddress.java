package io.slipway.wire;

/**
 * An IPv4 or IPv6 address as 128 bits; IPv4 is held in its IPv4-mapped form (RFC 4291 §2.5.5.2).
 * The static methods answer the same questions about an address that travels as two longs.
 *
 * @param high the first 64 bits in network order; 0 for IPv4
 * @param low the last 64 bits; {@code 0x0000_FFFF_aabb_ccdd} for IPv4
 */
public record IpAddress(long high, long low) implements Comparable<IpAddress> {

  private static final long V4_PREFIX = 0x0000_FFFF_0000_0000L;
  private static final long V4_BITS = 0xFFFF_FFFFL;

  /** 0.0.0.0. */
  public static final IpAddress ANY4 = of(0);

  /** 127.0.0.1. */
  public static final IpAddress LOOPBACK4 = of(0x7F00_0001);

  /** The unspecified address of IPv6. */
  public static final IpAddress ANY6 = new IpAddress(0, 0);

  /** The loopback address of IPv6. */
  public static final IpAddress LOOPBACK6 = new IpAddress(0, 1);

  /** The IPv4 address whose 32 bits, in network order, are {@code v4}. */
  public static IpAddress of(int v4) {
    return new IpAddress(0, mapV4(v4));
  }

  /**
   * Reads 4 or 16 bytes in network order.
   *
   * @throws IllegalArgumentException for any other length
   */
  public static IpAddress ofBytes(byte[] bytes) {
    if (bytes.length == 4) {
      return of((int) read(bytes, 0, 4));
    }
    if (bytes.length == 16) {
      return new IpAddress(read(bytes, 0, 8), read(bytes, 8, 8));
    }
    throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + bytes.length);
  }

  /**
   * Reads an address literal: dotted IPv4, or IPv6 as RFC 4291 §2.2 writes it. Never asks a name
   * server; zone identifiers are refused.
   *
   * @throws IllegalArgumentException quoting the text when it is not an address
   */
  public static IpAddress parse(String text) {
    return IpAddressText.parse(text);
  }

  /** The mapped low half of an IPv4 address; its high half is 0. */
  public static long mapV4(int v4) {
    return V4_PREFIX | (v4 & V4_BITS);
  }

  public static boolean isV4(long high, long low) {
    return high == 0 && (low >>> 32) == 0xFFFF;
  }

  /** The 32 bits of an IPv4 address held in {@code low}. */
  public static int v4(long low) {
    return (int) low;
  }

  /** 127.0.0.0/8 or ::1. */
  public static boolean isLoopback(long high, long low) {
    return high == 0 && ((low >>> 24) == 0xFFFF_7FL || low == 1);
  }

  /** 224.0.0.0/4 or ff00::/8. */
  public static boolean isMulticast(long high, long low) {
    return (high >>> 56) == 0xFF || (high == 0 && (low >>> 28) == 0xFFFF_EL);
  }

  /** 169.254.0.0/16 or fe80::/10. */
  public static boolean isLinkLocal(long high, long low) {
    return (high >>> 54) == 0x3FA || (high == 0 && (low >>> 16) == 0xFFFF_A9FEL);
  }

  /** 0.0.0.0 or ::. */
  public static boolean isUnspecified(long high, long low) {
    return high == 0 && (low == 0 || low == V4_PREFIX);
  }

  /** 255.255.255.255. */
  public static boolean isBroadcast(long high, long low) {
    return high == 0 && low == (V4_PREFIX | V4_BITS);
  }

  /** The text of {@link #toString()} for an address in two longs. */
  public static String text(long high, long low) {
    return IpAddressText.format(high, low);
  }

  public boolean isV4() {
    return isV4(high, low);
  }

  /** The 32 bits of an IPv4 address. Meaningless for IPv6. */
  public int v4() {
    return (int) low;
  }

  public boolean isLoopback() {
    return isLoopback(high, low);
  }

  public boolean isMulticast() {
    return isMulticast(high, low);
  }

  public boolean isLinkLocal() {
    return isLinkLocal(high, low);
  }

  public boolean isUnspecified() {
    return isUnspecified(high, low);
  }

  public boolean is(long otherHigh, long otherLow) {
    return high == otherHigh && low == otherLow;
  }

  /** 4 bytes for IPv4, 16 for IPv6, in network order; a new array each time. */
  public byte[] bytes() {
    if (isV4()) {
      byte[] bytes = new byte[4];
      write(bytes, 0, 4, low);
      return bytes;
    }
    byte[] bytes = new byte[16];
    write(bytes, 0, 8, high);
    write(bytes, 8, 8, low);
    return bytes;
  }

  /** Orders as unsigned 128-bit numbers: IPv4 sorts among the mapped addresses. */
  @Override
  public int compareTo(IpAddress other) {
    int byHigh = Long.compareUnsigned(high, other.high);
    return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
  }

  /** Dotted for IPv4, RFC 5952 for IPv6. */
  @Override
  public String toString() {
    return IpAddressText.format(high, low);
  }

  private static long read(byte[] bytes, int from, int length) {
    long value = 0;
    for (int i = from; i < from + length; i++) {
      value = (value << 8) | (bytes[i] & 0xFF);
    }
    return value;
  }

  private static void write(byte[] bytes, int from, int length, long value) {
    for (int i = 0; i < length; i++) {
      bytes[from + i] = (byte) (value >>> (8 * (length - 1 - i)));
    }
  }
}
