package io.slipway.tcp;

/**
 * How many acknowledgements a connection spends on segments that may be forged (RFC 5961 7). Owned
 * by one connection, so that nothing about one can be learned through another.
 */
final class ChallengeAck {
  private static final int PER_SECOND = 20;
  private static final long SECOND = 1_000_000_000;

  private long periodStart;
  private int spent;

  /** Whether one more may be sent now. */
  boolean allowed(long nowNanos) {
    if (nowNanos - periodStart >= SECOND) {
      periodStart = nowNanos;
      spent = 0;
    }
    return spent++ < PER_SECOND;
  }
}
