package io.slipway.wire;

import java.util.Locale;

/**
 * A 48-bit Ethernet address.
 *
 * @param value the six bytes in network order in the low 48 bits
 */
public record MacAddress(long value) {

  /** The broadcast address as the frame accessors give it. */
  public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

  private static final long GROUP_BIT = 0x0100_0000_0000L;

  /** Refuses more than 48 bits. */
  public MacAddress {
    if ((value & ~BROADCAST) != 0) {
      throw new IllegalArgumentException("an Ethernet address has 48 bits");
    }
  }

  /**
   * Reads six pairs of hexadecimal digits with colons or dashes between.
   *
   * @throws IllegalArgumentException quoting the text
   */
  public static MacAddress parse(String text) {
    long value = 0;
    boolean good = text.length() == 17;
    for (int i = 0; i < 17 && good; i++) {
      char c = text.charAt(i);
      if (i % 3 == 2) {
        good = c == ':' || c == '-';
      } else {
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        good = digit >= 0;
        value = (value << 4) | digit;
      }
    }
    if (!good) {
      throw new IllegalArgumentException("\"" + text + "\" is not an Ethernet address");
    }
    return new MacAddress(value);
  }

  /** Whether the address names a group (multicast or broadcast). */
  public static boolean isGroup(long mac) {
    return (mac & GROUP_BIT) != 0;
  }

  /** The group address of an IPv4 multicast address (RFC 1112 §6.4). */
  public static long multicast4(int v4) {
    return 0x0100_5E00_0000L | (v4 & 0x7F_FFFF);
  }

  /** The group address of an IPv6 multicast address (RFC 2464 §7), from its low half. */
  public static long multicast6(long low) {
    return 0x3333_0000_0000L | (low & 0xFFFF_FFFFL);
  }

  public static String text(long mac) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(String.format(Locale.ROOT, "%02x", (mac >>> shift) & 0xFF));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return text(value);
  }
}
