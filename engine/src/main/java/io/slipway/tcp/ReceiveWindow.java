package io.slipway.tcp;

import io.slipway.wire.Seq;

/**
 * How much of the guest's stream may be under way: twice what arrives in a round trip, so that a
 * sender whose window grows finds ours open. Owned by its {@link ReceiveSide}; times are
 * nanoseconds, sizes bytes. It never shrinks.
 *
 * <p>Like Linux it measures, and unlike Linux it takes the shortest round trip for the true one: a
 * guest next door fills any window, and what waits in it only delays the guest's other flows.
 */
final class ReceiveWindow {
  /** What a guest on this machine needs; half of it costs speed, twice of it doubles the delay. */
  static final int LEAST = 256 * 1024;

  private final int most;
  private int size;
  private long trip = Long.MAX_VALUE;
  private long since;
  private int from;
  private int edge;

  /** A window that may grow to {@code most}. */
  ReceiveWindow(int most) {
    this.most = most;
    size = Math.min(LEAST, most);
  }

  /** The handshake is over and took {@code roundTrip}; negative when that is not known. */
  void begin(int rcvNxt, int rcvAdv, long roundTrip, long nowNanos) {
    if (roundTrip >= 0) {
      trip = Math.max(roundTrip, 1);
    }
    restart(rcvNxt, rcvAdv, nowNanos);
  }

  int size() {
    return size;
  }

  /** Everything before {@code rcvNxt} has arrived; the guest was told of {@code rcvAdv}. */
  void arrived(int rcvNxt, int rcvAdv, long nowNanos) {
    // at least 1, for the clock stands still within a batch
    long elapsed = Math.max(nowNanos - since, 1);
    boolean answered = Seq.after(rcvNxt, edge); // what was not allowed yet when this began
    if (answered) {
      trip = Math.min(trip, elapsed);
    } else if (elapsed < trip) {
      return;
    }
    long perTrip = (long) ((rcvNxt - from) * ((double) trip / elapsed));
    size = Math.clamp(2 * perTrip, size, most);
    restart(rcvNxt, rcvAdv, nowNanos);
  }

  private void restart(int rcvNxt, int rcvAdv, long nowNanos) {
    since = nowNanos;
    from = rcvNxt;
    edge = rcvAdv;
  }
}
