package io.slipway.clock;

import org.jspecify.annotations.Nullable;

/**
 * Something to be done at a moment. Created with its owner and armed many times on one {@link
 * TimerWheel}; the wheel's links run through this object, so arming allocates nothing. Owned by the
 * event loop of its wheel; not thread-safe.
 */
public abstract class Timer {

  static final int NOT_ARMED = -1;

  @Nullable Timer next;
  @Nullable Timer previous;
  long tick;
  int slot = NOT_ARMED;
  private long deadlineNanos = Long.MAX_VALUE;

  /**
   * Time is up. The timer is no longer armed; it may be armed again here, and others may be armed
   * or cancelled.
   *
   * @param nowNanos the time given to {@link TimerWheel#advance}, at or after the deadline
   */
  protected abstract void expire(long nowNanos);

  public final boolean isArmed() {
    return slot != NOT_ARMED;
  }

  /** The moment it is armed for; {@link Long#MAX_VALUE} when it is not armed. */
  public final long deadlineNanos() {
    return slot == NOT_ARMED ? Long.MAX_VALUE : deadlineNanos;
  }

  final void deadlineNanos(long nanos) {
    deadlineNanos = nanos;
  }

  /** Hears that some timer of a wheel was armed. */
  @FunctionalInterface
  public interface Arming {
    /** A timer shall expire at {@code deadlineNanos}; called for every arming: must be cheap. */
    void armed(long deadlineNanos);
  }
}
