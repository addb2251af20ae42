package io.slipway.wire;

/**
 * A block of addresses, such as 10.0.2.0/24. Bits of the base beyond the prefix are cleared.
 *
 * @param base the first address of the block
 * @param prefix bits that are fixed: 0..32 for IPv4, 0..128 for IPv6
 */
public record Cidr(IpAddress base, int prefix) {

  /** Checks the prefix and clears the host bits. */
  public Cidr {
    int width = base.isV4() ? 32 : 128;
    if (prefix < 0 || prefix > width) {
      throw new IllegalArgumentException("prefix /" + prefix + " is not in 0.." + width);
    }
    int bits = base.isV4() ? 96 + prefix : prefix;
    base = new IpAddress(base.high() & highMask(bits), base.low() & lowMask(bits));
  }

  /**
   * Reads {@code 10.0.2.0/24} or {@code fd00::/64}; a bare address is a block of one.
   *
   * @throws IllegalArgumentException quoting the text
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return of(IpAddress.parse(text));
    }
    IpAddress base = IpAddress.parse(text.substring(0, slash));
    int width = base.isV4() ? 32 : 128;
    int prefix = 0;
    boolean digits = slash + 1 < text.length() && text.length() - slash <= 4;
    for (int i = slash + 1; i < text.length() && digits; i++) {
      char c = text.charAt(i);
      digits = c >= '0' && c <= '9';
      prefix = prefix * 10 + (c - '0');
    }
    if (!digits || prefix > width) {
      throw new IllegalArgumentException(
          "\"" + text + "\": the prefix length is a number from 0 to " + width);
    }
    return new Cidr(base, prefix);
  }

  /** The block that holds only this address. */
  public static Cidr of(IpAddress address) {
    return new Cidr(address, address.isV4() ? 32 : 128);
  }

  /** Whether the address is of the same family and inside the block. */
  public boolean contains(long high, long low) {
    if (base.isV4()) {
      return high == 0 && ((low ^ base.low()) & lowMask(96 + prefix)) == 0;
    }
    return ((high ^ base.high()) & highMask(prefix)) == 0
        && ((low ^ base.low()) & lowMask(prefix)) == 0
        && !IpAddress.isV4(high, low);
  }

  public boolean contains(IpAddress address) {
    return contains(address.high(), address.low());
  }

  /** Whether every address of the other block is in this one. */
  public boolean contains(Cidr other) {
    return base.isV4() == other.base.isV4() && prefix <= other.prefix && contains(other.base);
  }

  /**
   * The address that lies {@code n} after the base.
   *
   * @throws IllegalArgumentException when that is outside the block
   */
  public IpAddress nth(long n) {
    // No carry: a block that reaches beyond the low half begins at its zero.
    IpAddress address = new IpAddress(base.high(), base.low() + n);
    if (n < 0 || !contains(address)) {
      throw new IllegalArgumentException(this + " has no address number " + n);
    }
    return address;
  }

  /** The last address of the block: the directed broadcast address of an IPv4 subnet. */
  public IpAddress last() {
    int bits = base.isV4() ? 96 + prefix : prefix;
    return new IpAddress(base.high() | ~highMask(bits), base.low() | ~lowMask(bits));
  }

  @Override
  public String toString() {
    return base + "/" + prefix;
  }

  private static long highMask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1L : -1L << (64 - bits);
  }

  private static long lowMask(int bits) {
    return bits <= 64 ? 0 : -1L << (128 - bits);
  }
}
