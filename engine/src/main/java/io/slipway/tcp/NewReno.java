package io.slipway.tcp;

/** Slow start, congestion avoidance, and the window of fast recovery (RFC 5681, RFC 6582). */
final class NewReno implements CongestionControl {
  private int mss;
  private int window;
  private int threshold = Integer.MAX_VALUE;
  private int avoidance;
  private boolean recovering;
  private int undoWindow;
  private int undoThreshold;

  NewReno(int mss) {
    this.mss = mss;
    window = CongestionControl.initialWindow(mss);
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
  public void onAcknowledged(int bytes, long rttNanos, long nowNanos) {
    int left = bytes;
    if (window < threshold) {
      // RFC 5681 3.1, with the ACKs of a whole batch counted in bytes (RFC 3465), as ours are few
      int step = Math.min(bytes, threshold - window);
      window = bounded((long) window + step);
      left -= step;
    }
    // RFC 5681 3.1: a segment for each window acknowledged
    avoidance += Math.min(left, window);
    if (avoidance >= window) {
      avoidance -= window;
      window = bounded((long) window + mss);
    }
  }

  @Override
  public void onCongestion(int flight, long nowNanos) {
    reduce(flight);
    window = threshold;
    recovering = true;
  }

  @Override
  public void onTimeout(int flight, long nowNanos) {
    // RFC 5681 3.1: ssthresh is held while a retransmission is repeated; like Linux in recovery too
    if (!recovering && window > mss) {
      reduce(flight);
    }
    window = mss;
    avoidance = 0;
    recovering = false;
  }

  @Override
  public void onRecovered(int flight) {
    // RFC 6582 3.2 step 3, full acknowledgement, option 1: no burst when little is out
    window = Math.max(mss, Math.min(threshold, Math.max(flight, mss) + mss));
    avoidance = 0;
    recovering = false;
  }

  @Override
  public void onIdle(long idleNanos, long rtoNanos) {
    threshold = CongestionControl.thresholdAfterIdle(threshold, window);
    window = CongestionControl.windowAfterIdle(window, mss, idleNanos, rtoNanos);
    avoidance = 0;
  }

  @Override
  public void undo() {
    window = Math.max(window, undoWindow);
    threshold = Math.max(threshold, undoThreshold);
    recovering = false;
  }

  @Override
  public void segmentSize(int newMss) {
    mss = newMss;
    window = Math.max(window, newMss);
  }

  /** RFC 5681 3.1 equation (4). */
  private void reduce(int flight) {
    undoWindow = window;
    undoThreshold = threshold;
    threshold = Math.max(flight / 2, 2 * mss);
    avoidance = 0;
  }

  private static int bounded(long value) {
    return (int) Math.min(value, MAX_WINDOW);
  }
}
