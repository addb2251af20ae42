package io.slipway.sys;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The bytes of {@code sockaddr_in} and {@code sockaddr_in6} (ip(7), ipv6(7)). No state.
 *
 * <p>An IPv6 scope is not carried: a link-local destination of the host is not reachable by a
 * guest.
 */
final class SocketAddress {
  static final int AF_UNSPEC = 0;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;

  /** Room for either kind, a multiple of 8. */
  static final long SIZE = 32;

  private static final int IPV4_LENGTH = 16;
  private static final int IPV6_LENGTH = 28;
  private static final long PORT = 2;
  private static final long IPV4_ADDRESS = 4;
  private static final long IPV6_ADDRESS = 8;
  private static final long MAPPED = 0xffffL;

  private static final ValueLayout.OfShort FAMILY_FIELD = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfShort PORT_FIELD =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT_FIELD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG_FIELD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private SocketAddress() {}

  /** Whether the two longs hold an IPv4 address, {@code ::ffff:a.b.c.d}. */
  static boolean isIpv4(long high, long low) {
    return high == 0 && low >>> 32 == MAPPED;
  }

  /** Writes an address at {@code at}; IPv4-mapped ones as AF_INET. Returns the length in bytes. */
  static int write(MemorySegment memory, long at, long high, long low, int port) {
    memory.set(PORT_FIELD, at + PORT, (short) port);
    if (isIpv4(high, low)) {
      memory.set(FAMILY_FIELD, at, (short) AF_INET);
      memory.set(INT_FIELD, at + IPV4_ADDRESS, (int) low);
      memory.set(LONG_FIELD, at + IPV4_ADDRESS + 4, 0);
      return IPV4_LENGTH;
    }
    memory.set(FAMILY_FIELD, at, (short) AF_INET6);
    memory.set(INT_FIELD, at + 4, 0);
    memory.set(LONG_FIELD, at + IPV6_ADDRESS, high);
    memory.set(LONG_FIELD, at + IPV6_ADDRESS + 8, low);
    memory.set(INT_FIELD, at + IPV6_ADDRESS + 16, 0);
    return IPV6_LENGTH;
  }

  static int family(MemorySegment memory, long at) {
    return memory.get(FAMILY_FIELD, at);
  }

  static int port(MemorySegment memory, long at) {
    return Short.toUnsignedInt(memory.get(PORT_FIELD, at + PORT));
  }

  /** The upper half of the address: 0 for IPv4 and for no address at all. */
  static long high(MemorySegment memory, long at) {
    return family(memory, at) == AF_INET6 ? memory.get(LONG_FIELD, at + IPV6_ADDRESS) : 0;
  }

  /** The lower half of the address, IPv4 as {@code ::ffff:a.b.c.d}; 0 for no address at all. */
  static long low(MemorySegment memory, long at) {
    return switch (family(memory, at)) {
      case AF_INET ->
          (MAPPED << 32) | Integer.toUnsignedLong(memory.get(INT_FIELD, at + IPV4_ADDRESS));
      case AF_INET6 -> memory.get(LONG_FIELD, at + IPV6_ADDRESS + 8);
      default -> 0;
    };
  }
}
