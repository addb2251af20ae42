package io.slipway.udp;

/**
 * How long a mapping outlives its last datagram, in nanoseconds (RFC 4787 4.3).
 *
 * @param idle ordinary mappings: REQ-5 recommends five minutes
 * @param dns mappings that have only ever asked name servers: one question, one answer
 */
public record UdpTimeouts(long idle, long dns) {
  private static final long SECOND = 1_000_000_000;

  /** The port of name servers. */
  public static final int DNS_PORT = 53;

  /** RFC 4787 REQ-5's recommendation, and ten seconds for questions to name servers. */
  public static final UdpTimeouts DEFAULT = new UdpTimeouts(300 * SECOND, 10 * SECOND);

  /** As the default, with another patience for ordinary mappings. */
  public static UdpTimeouts idle(long nanos) {
    return new UdpTimeouts(nanos, Math.min(nanos, DEFAULT.dns));
  }
}
