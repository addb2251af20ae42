package io.slipway.route;

import java.util.Locale;

/** What is carried between guest and host. */
public enum Protocol {
  TCP(6),
  UDP(17),
  /** Echo, of both IP versions; its number is that of IPv4. */
  ICMP(1);

  private static final int ICMP_V6 = 58;

  private final int number;
  private final String text = name().toLowerCase(Locale.ROOT);

  Protocol(int number) {
    this.number = number;
  }

  /** The number in an IPv4 header. */
  public int number() {
    return number;
  }

  /** The number in a header of the given version. */
  public int number(boolean v6) {
    return v6 && this == ICMP ? ICMP_V6 : number;
  }

  /** In lower case, as in events and access lists. */
  @Override
  public String toString() {
    return text;
  }
}
