package io.slipway.tcp;

/**
 * Round-trip time and retransmission timeout of one connection (RFC 6298). Owned by its {@link
 * SendSide}; times are nanoseconds.
 */
final class RttEstimator {
  private final long minRto;
  private final long maxRto;
  private long smoothed = -1;
  private long variation;
  private long rto;
  private int backoff;

  RttEstimator(TcpConfig config) {
    minRto = config.minRto();
    maxRto = config.maxRto();
    rto = config.initialRto();
  }

  /** Takes in one measured round trip (never of a retransmitted segment: Karn, RFC 6298 3). */
  void sample(long rtt) {
    if (smoothed < 0) {
      // RFC 6298 2.2
      smoothed = rtt;
      variation = rtt / 2;
    } else {
      // RFC 6298 2.3: beta 1/4, alpha 1/8
      variation += (Math.abs(smoothed - rtt) - variation) / 4;
      smoothed += (rtt - smoothed) / 8;
    }
    rto = Math.clamp(smoothed + Math.max(4 * variation, minRto), minRto, maxRto);
    backoff = 0;
  }

  /** RFC 6298 5.5: the host MUST set RTO to RTO * 2 ("back off the timer"). */
  void backOff() {
    if (rto << backoff < maxRto) {
      backoff++;
    }
  }

  /** New data was acknowledged: as Linux does, the back-off ends even without a fresh sample. */
  void resetBackoff() {
    backoff = 0;
  }

  long rto() {
    return Math.min(rto << backoff, maxRto);
  }

  /** Smoothed round-trip time, or -1 before the first sample. */
  long smoothed() {
    return smoothed;
  }
}
