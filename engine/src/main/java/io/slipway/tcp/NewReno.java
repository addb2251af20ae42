package io.slipway.tcp;

/** Slow start, congestion avoidance, fast recovery (RFC 5681, RFC 6582). */
final class NewReno implements CongestionControl {
  private int mss;
  private int window;
  private int threshold = Integer.MAX_VALUE;
  private int avoidance;

  NewReno(int mss) {
    this.mss = mss;
    window = initialWindow(mss);
  }

  /** RFC 6928 2: min (10*MSS, max (2*MSS, 14600)). */
  static int initialWindow(int mss) {
    return Math.min(10 * mss, Math.max(2 * mss, 14600));
  }

  @Override
  public int window() {
    return window;
  }

  @Override
  public int threshold() {
    return threshold;
  }

  @Override
  public void onAcknowledged(int bytes) {
    if (window < threshold) {
      // RFC 5681 3.1, with the ACKs of a whole batch counted in bytes (RFC 3465), as ours are few
      window = saturated((long) window + bytes);
      return;
    }
    avoidance += Math.min(bytes, window);
    if (avoidance >= window) {
      avoidance -= window;
      window = saturated((long) window + mss);
    }
  }

  @Override
  public void onLoss(int flight) {
    threshold = half(flight);
    window = threshold;
  }

  @Override
  public void onTimeout(int flight) {
    threshold = half(flight);
    window = mss;
    avoidance = 0;
  }

  @Override
  public void onRecovered(int flight) {
    window = Math.max(threshold, 2 * mss);
    avoidance = 0;
  }

  @Override
  public void segmentSize(int newMss) {
    mss = newMss;
    window = Math.max(window, newMss);
  }

  /** RFC 5681 3.1 equation (4). */
  private int half(int flight) {
    return Math.max(flight / 2, 2 * mss);
  }

  private static int saturated(long value) {
    return (int) Math.min(value, 1 << 30);
  }
}
