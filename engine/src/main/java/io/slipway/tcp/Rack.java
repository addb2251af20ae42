package io.slipway.tcp;

import io.slipway.wire.Seq;

/**
 * The most recently sent segment that has arrived, and how much later an older one may still come
 * (RFC 8985 6.2). Owned by {@link Recovery}; times are nanoseconds.
 */
final class Rack {
  private static final long FORGET_MINIMUM = 10_000_000_000L;

  private long sentAt;
  private int endSeq;
  private long rtt;
  private long minRtt = Long.MAX_VALUE;
  private long minSince;
  private int furthest;
  private boolean furthestKnown;
  private boolean reordering;
  private int multiplier = 1;
  private long fresh = -1;

  /** Steps 1 to 3: a piece sent at {@code time} that ends at {@code end} has arrived. */
  void delivered(long time, int end, boolean again, long nowNanos) {
    long trip = nowNanos - time;
    if (again && trip < minRtt) {
      return; // step 2: more likely the original than the repetition
    }
    if (trip <= minRtt || nowNanos - minSince > FORGET_MINIMUM) {
      minRtt = trip;
      minSince = nowNanos;
    }
    if (!again && furthestKnown && Seq.before(end, furthest)) {
      reordering = true; // step 3: it came after something that was sent later
    }
    if (!furthestKnown || Seq.after(end, furthest)) {
      furthest = end;
      furthestKnown = true;
    }
    if (!again && (fresh < 0 || trip < fresh)) {
      fresh = trip;
    }
    rtt = trip;
    if (sentAt < time || (sentAt == time && Seq.before(endSeq, end))) {
      sentAt = time;
      endSeq = end;
    }
  }

  /** Begins with the first delivery. */
  void begin(int una) {
    sentAt = 0;
    endSeq = una;
  }

  /**
   * Whether a piece sent at {@code time}, ending at {@code end}, left before the latest arrival.
   */
  boolean sentBefore(long time, int end) {
    return time < sentAt || (time == sentAt && Seq.before(end, endSeq));
  }

  long rtt() {
    return rtt;
  }

  /** The round trip of the latest piece that arrived and was sent but once, or -1; taken once. */
  long takeSample() {
    long sample = fresh;
    fresh = -1;
    return sample;
  }

  /**
   * Step 4: how long to wait for what may only be late.
   *
   * @param enough whether recovery goes on already, or three segments have been passed over
   */
  long reorderWindow(boolean enough, long smoothed) {
    if (!reordering && enough) {
      return 0;
    }
    long quarter = minRtt == Long.MAX_VALUE ? 0 : minRtt / 4 * multiplier;
    return Math.min(quarter, Math.max(smoothed, 0));
  }

  /**
   * A D-SACK told that a repetition was needless: waits longer from now on (RFC 8985 6.2 step 4).
   */
  void onNeedless() {
    reordering = true;
    multiplier = Math.min(multiplier + 1, 20);
  }

  /** The smallest round trip of late, or {@code Long.MAX_VALUE}. */
  long minRtt() {
    return minRtt;
  }
}
