package io.slipway.clock;

import org.jspecify.annotations.Nullable;

/**
 * Timers in order of time: a hierarchical wheel (Varghese and Lauck, scheme 7) with 64 slots a
 * level. Owned by one event loop; not thread-safe; allocates nothing after construction.
 *
 * <p>A timer expires in the first {@link #advance} at or after its deadline, or less than a tick
 * later; never before it. Timers of one tick expire in the order in which they came to it.
 */
public final class TimerWheel {

  private static final int LEVEL_BITS = 6;
  private static final int SLOTS = 1 << LEVEL_BITS;
  private static final int LEVELS = 7;

  /** The furthest tick: with ticks of a millisecond, 139 years from the start. */
  private static final long LAST_TICK = (1L << (LEVEL_BITS * LEVELS)) - 1;

  private final long tickNanos;
  private final long startNanos;
  private final @Nullable Timer[] heads = new @Nullable Timer[LEVELS * SLOTS];
  private final @Nullable Timer[] tails = new @Nullable Timer[LEVELS * SLOTS];

  /** One bit for each slot that holds timers. */
  private final long[] occupied = new long[LEVELS];

  /** Every tick up to and including this one has been dealt with. */
  private long currentTick;

  /** Nothing may be armed for this tick or an earlier one: ahead of the current one in advance. */
  private long floorTick;

  private int armed;
  private Timer.@Nullable Arming listener;

  /**
   * A wheel without timers.
   *
   * @param tickNanos the resolution
   * @param startNanos the present
   */
  public TimerWheel(long tickNanos, long startNanos) {
    if (tickNanos <= 0) {
      throw new IllegalArgumentException("a tick of " + tickNanos + " ns");
    }
    this.tickNanos = tickNanos;
    this.startNanos = startNanos;
  }

  /**
   * Arms the timer, in place of what it was armed for before. A deadline in the past means the next
   * tick; inside {@link Timer#expire}, a deadline that is already past means the next {@code
   * advance}.
   */
  public void arm(Timer timer, long deadlineNanos) {
    if (timer.slot != Timer.NOT_ARMED) {
      unlink(timer);
    }
    timer.deadlineNanos(deadlineNanos);
    timer.tick = Math.min(Math.max(tickAtOrAfter(deadlineNanos), floorTick + 1), LAST_TICK);
    link(timer);
    Timer.Arming hears = listener;
    if (hears != null) {
      hears.armed(deadlineNanos);
    }
  }

  /** Tells {@code hears} of every timer armed, so that whoever waits knows for how long. */
  public void onArmed(Timer.Arming hears) {
    listener = hears;
  }

  /** Disarms the timer; nothing happens when it is not armed. */
  public void cancel(Timer timer) {
    if (timer.slot != Timer.NOT_ARMED) {
      unlink(timer);
    }
  }

  /**
   * Lets every timer expire whose deadline has come.
   *
   * @param nowNanos the present; a step back in time is ignored
   * @return how many expired
   */
  public int advance(long nowNanos) {
    long nowTick = tickAtOrBefore(nowNanos);
    if (nowTick <= currentTick) {
      return 0;
    }
    floorTick = nowTick;
    int expired = 0;
    try {
      for (int level = nextLevel(); level >= 0; level = nextLevel()) {
        int index = Long.numberOfTrailingZeros(occupied[level]);
        long slotTick = slotTick(level, index);
        if (slotTick > nowTick) {
          break;
        }
        currentTick = slotTick;
        int slot = (level << LEVEL_BITS) | index;
        if (level == 0) {
          expired += expireAll(slot, nowNanos);
        } else {
          cascade(slot);
        }
      }
      currentTick = nowTick;
    } finally {
      // After an exception from a timer, what is left is dealt with by the next call.
      floorTick = currentTick;
    }
    return expired;
  }

  /**
   * When {@link #advance} has something to do: never later than the first timer's expiry, possibly
   * earlier, when timers have to move down a level first. {@link Long#MAX_VALUE} without timers.
   */
  public long nextDeadlineNanos() {
    int level = nextLevel();
    if (level < 0) {
      return Long.MAX_VALUE;
    }
    long tick = slotTick(level, Long.numberOfTrailingZeros(occupied[level]));
    long wide = Math.multiplyHigh(tick, tickNanos);
    long nanos = startNanos + tick * tickNanos;
    return wide != 0 || tick * tickNanos < 0 || nanos < startNanos ? Long.MAX_VALUE : nanos;
  }

  /** How many timers are armed. */
  public int armed() {
    return armed;
  }

  private int expireAll(int slot, long nowNanos) {
    int expired = 0;
    for (Timer timer = heads[slot]; timer != null; timer = heads[slot]) {
      unlink(timer);
      expired++;
      timer.expire(nowNanos);
    }
    return expired;
  }

  private void cascade(int slot) {
    for (Timer timer = heads[slot]; timer != null; timer = heads[slot]) {
      unlink(timer);
      link(timer);
    }
  }

  /** The lowest level that holds timers; all of them are due before those of the levels above. */
  private int nextLevel() {
    if (armed > 0) {
      for (int level = 0; level < LEVELS; level++) {
        if (occupied[level] != 0) {
          return level;
        }
      }
    }
    return -1;
  }

  /** The first tick of a slot: the present one with the level's digit replaced, lower ones zero. */
  private long slotTick(int level, int index) {
    int shift = level * LEVEL_BITS;
    long above = currentTick >>> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
    return above | ((long) index << shift);
  }

  private void link(Timer timer) {
    long differing = (timer.tick ^ currentTick) | 1;
    int level = (63 - Long.numberOfLeadingZeros(differing)) / LEVEL_BITS;
    int index = (int) (timer.tick >>> (level * LEVEL_BITS)) & (SLOTS - 1);
    int slot = (level << LEVEL_BITS) | index;
    Timer tail = tails[slot];
    if (tail == null) {
      heads[slot] = timer;
      occupied[level] |= 1L << index;
    } else {
      tail.next = timer;
    }
    timer.previous = tail;
    timer.next = null;
    tails[slot] = timer;
    timer.slot = slot;
    armed++;
  }

  private void unlink(Timer timer) {
    int slot = timer.slot;
    Timer previous = timer.previous;
    Timer next = timer.next;
    if (previous == null) {
      heads[slot] = next;
    } else {
      previous.next = next;
    }
    if (next == null) {
      tails[slot] = previous;
    } else {
      next.previous = previous;
    }
    if (previous == null && next == null) {
      occupied[slot >>> LEVEL_BITS] &= ~(1L << (slot & (SLOTS - 1)));
    }
    timer.previous = null;
    timer.next = null;
    timer.slot = Timer.NOT_ARMED;
    armed--;
  }

  private long tickAtOrBefore(long nanos) {
    return nanos <= startNanos ? 0 : Math.min(sinceStart(nanos) / tickNanos, LAST_TICK);
  }

  private long tickAtOrAfter(long nanos) {
    if (nanos <= startNanos) {
      return 0;
    }
    long since = sinceStart(nanos);
    long tick = since / tickNanos;
    return tick * tickNanos == since ? tick : tick + 1;
  }

  /** Nanoseconds since the start, or the largest number when that does not fit. */
  private long sinceStart(long nanos) {
    long since = nanos - startNanos;
    return since < 0 ? Long.MAX_VALUE : since;
  }
}
