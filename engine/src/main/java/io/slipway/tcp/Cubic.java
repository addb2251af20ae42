package io.slipway.tcp;

/**
 * CUBIC (RFC 9438): after a loss the window returns quickly to where the loss was, lingers there,
 * and then searches upwards, all by the time passed and not by the round trips; but it is never
 * less than Reno would have. Slow start is byte-counted, without HyStart.
 *
 * <p>Integers only: windows in bytes, the curve's time in milliseconds, so that C = 0.4 segments
 * per cubic second is one segment in 2.5e9 cubic milliseconds.
 *
 * <p>Like Linux and unlike RFC 9438 4.6, a reduction starts from the window and not from what is in
 * flight: the window grows only while it is the limit, so it never was far from the flight, and a
 * flight is whole segments, which at ten segments would cost 5 %.
 */
final class Cubic implements CongestionControl {
  /** RFC 9438 4.6: beta = 0.7. */
  private static final int BETA_TENTHS = 7;

  /** Beyond this from its middle the curve is steeper than the window may grow. */
  private static final long FAR_MILLIS = 1 << 20;

  private static final long MILLIS = 1_000_000;

  private int mss;
  private int window;
  private int threshold = Integer.MAX_VALUE;

  /** W_max: the middle of the next curve; 0: none is known (RFC 9438 4.1.2). */
  private int lossWindow;

  /** cwnd_prior. */
  private int priorWindow;

  private boolean recovering;

  // the current congestion avoidance stage
  private boolean inEpoch;
  private long epochNanos;
  private long lastNanos;
  private int middleMillis; // K
  private int middleWindow; // W_max of this stage
  private int renoWindow; // W_est
  private long renoCredit;
  private long credit;

  private int undoWindow;
  private int undoThreshold;
  private int undoLossWindow;

  Cubic(int mss) {
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
      // RFC 9438 4.10, RFC 5681 3.1; in bytes (RFC 3465), as our ACKs are few
      int step = Math.min(bytes, threshold - window);
      window = bounded((long) window + step);
      left -= step;
    }
    if (left > 0) {
      avoid(Math.min(left, window), rttNanos, nowNanos);
    }
  }

  private void avoid(int bytes, long rttNanos, long nowNanos) {
    if (!inEpoch) {
      beginEpoch(nowNanos);
    } else if (rttNanos >= 0 && nowNanos - lastNanos > 2 * rttNanos) {
      // RFC 9438 4.2: time in which the window was not the limit does not count. While it is,
      // every round trip brings an acknowledgement
      epochNanos += nowNanos - lastNanos - rttNanos;
    }
    lastNanos = nowNanos;
    growReno(bytes);
    long millis = (nowNanos - epochNanos) / MILLIS;
    if (curve(millis) < renoWindow) {
      // RFC 9438 4.3, the Reno-friendly region
      window = Math.max(window, renoWindow);
      return;
    }
    // RFC 9438 4.2, 4.4, 4.5: (target - cwnd) / cwnd for each segment acknowledged
    long ahead = millis + Math.max(rttNanos, 0) / MILLIS;
    long target = Math.clamp(curve(ahead), (long) window, window + window / 2L);
    credit += (target - window) * bytes;
    long step = credit / window;
    credit -= step * window;
    window = bounded(window + step);
  }

  /** A congestion avoidance stage begins: RFC 9438 4.2, K and cwnd_epoch. */
  private void beginEpoch(long nowNanos) {
    inEpoch = true;
    epochNanos = nowNanos;
    renoWindow = window;
    renoCredit = 0;
    credit = 0;
    // RFC 9438 4.8: after a timeout, and like Linux whenever we are beyond W_max, K = 0
    middleWindow = Math.max(lossWindow, window);
    middleMillis = cubeRoot((middleWindow - window) * 2_500_000_000L / mss);
  }

  /** W_est of RFC 9438 4.3: alpha = 3 * (1 - beta) / (1 + beta) = 9/17, later 1. */
  private void growReno(int bytes) {
    int alpha = renoWindow < priorWindow ? 9 : 17;
    long whole = 17L * window;
    renoCredit += (long) alpha * mss * bytes;
    long step = renoCredit / whole;
    renoCredit -= step * whole;
    renoWindow = bounded(renoWindow + step);
  }

  /** W_cubic(t) of RFC 9438 4.2, equation (1). */
  private long curve(long millis) {
    long t = Math.clamp(millis - middleMillis, -FAR_MILLIS, FAR_MILLIS);
    return middleWindow + t * t * t / 25_000 * mss / 100_000;
  }

  /** The largest integer whose cube is not above {@code n}, which is not negative. */
  static int cubeRoot(long n) {
    long root = 0;
    for (long bit = 1 << 20; bit != 0; bit >>= 1) {
      long trial = root | bit;
      if (trial * trial * trial <= n) {
        root = trial;
      }
    }
    return (int) root;
  }

  @Override
  public void onCongestion(int flight, long nowNanos) {
    reduce();
    window = threshold;
    recovering = true;
  }

  @Override
  public void onTimeout(int flight, long nowNanos) {
    // RFC 5681 3.1: ssthresh is held while a retransmission is repeated; like Linux in recovery too
    if (!recovering && window > mss) {
      reduce();
    }
    // RFC 9438 4.8: the curve begins where slow start will end
    lossWindow = 0;
    window = mss;
    inEpoch = false;
    recovering = false;
  }

  private void reduce() {
    undoWindow = window;
    undoThreshold = threshold;
    undoLossWindow = lossWindow;
    priorWindow = window;
    // RFC 9438 4.7, fast convergence: below the last one, leave (1 + beta) / 2 to newcomers
    lossWindow = window < lossWindow ? (int) (window * (10L + BETA_TENTHS) / 20) : window;
    // RFC 9438 4.6
    threshold = Math.max((int) (window * (long) BETA_TENTHS / 10), 2 * mss);
    inEpoch = false;
  }

  @Override
  public void onRecovered(int flight) {
    window = threshold; // RFC 9937 6.4; the recovery has brought the flight there
    recovering = false;
  }

  @Override
  public void onIdle(long idleNanos, long rtoNanos) {
    threshold = CongestionControl.thresholdAfterIdle(threshold, window);
    window = CongestionControl.windowAfterIdle(window, mss, idleNanos, rtoNanos);
    inEpoch = false;
  }

  /** RFC 9438 4.9. A curve through the old window towards the old W_max is the old curve. */
  @Override
  public void undo() {
    window = Math.max(window, undoWindow);
    threshold = Math.max(threshold, undoThreshold);
    lossWindow = undoLossWindow;
    inEpoch = false;
    recovering = false;
  }

  @Override
  public void segmentSize(int newMss) {
    mss = newMss;
    window = Math.max(window, newMss);
    inEpoch = false; // the curve is in segments
  }

  private static int bounded(long value) {
    return (int) Math.min(value, MAX_WINDOW);
  }
}
