package io.slipway.tcp;

/**
 * How much may be in flight, and how that grows and shrinks (RFC 5681). Owned by one {@link
 * SendSide}; bytes and nanoseconds throughout. Sealed: a congestion control is chosen, not plugged
 * in.
 *
 * <p>It knows nothing of how a loss is found or mended. Between {@link #onCongestion} and {@link
 * #onRecovered} whoever repairs the loss doses what is sent ({@link Prr}), aiming at {@link
 * #threshold}; the window does not grow then.
 */
sealed interface CongestionControl permits Cubic, NewReno {
  /** No window grows beyond this; RFC 7323 2.3 allows no larger one to be offered. */
  int MAX_WINDOW = 1 << 30;

  /** The congestion window; in recovery what it will be afterwards. */
  int window();

  /** The slow start threshold, {@link Integer#MAX_VALUE} before the first congestion. */
  int threshold();

  /**
   * New data was acknowledged outside recovery, while the window was the limit.
   *
   * @param rttNanos smoothed round-trip time, or -1 while there is none
   */
  void onAcknowledged(int bytes, long rttNanos, long nowNanos);

  /** A loss begins a recovery: {@code flight} bytes were out. */
  void onCongestion(int flight, long nowNanos);

  /** The retransmission timer fired: {@code flight} bytes were out. Ends a recovery. */
  void onTimeout(int flight, long nowNanos);

  /** Everything that was out when the recovery began is acknowledged; {@code flight} is out now. */
  void onRecovered(int flight);

  /**
   * Sending goes on after nothing was sent for {@code idleNanos}. Optional, as Linux's
   * tcp_slow_start_after_idle is: a caller whose path does not change in a pause leaves it out.
   */
  void onIdle(long idleNanos, long rtoNanos);

  /** The last congestion, or the last timeout, was none: what it took is given back. */
  void undo();

  /** The segment size changed. */
  void segmentSize(int mss);

  /** RFC 6928 2: min (10*MSS, max (2*MSS, 14600)). */
  static int initialWindow(int mss) {
    return Math.min(10 * mss, Math.max(2 * mss, 14600));
  }

  /**
   * RFC 5681 4.1: after a pause of more than an RTO no more than the restart window goes out at
   * once. Like Linux (and RFC 2861): the window is halved for each RTO of the pause.
   */
  static int windowAfterIdle(int window, int mss, long idleNanos, long rtoNanos) {
    int restart = Math.min(initialWindow(mss), window);
    int decayed = window;
    for (long left = idleNanos - rtoNanos; left > 0 && decayed > restart; left -= rtoNanos) {
      decayed >>= 1;
    }
    return Math.max(decayed, restart);
  }

  /** Like Linux's tcp_current_ssthresh: what slow start may regain after a pause. */
  static int thresholdAfterIdle(int threshold, int window) {
    return Math.max(threshold, window / 4 * 3);
  }
}
