package io.slipway.pipeline;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.slipway.clock.Clock;
import io.slipway.clock.TimerWheel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the event loop wake up for the timer wheel: one scheduled task at the wheel's next
 * deadline, and none while no timer is armed. Owned by one {@link Shard}.
 *
 * <p>A deadline that moves later leaves the task where it is; it then finds nothing to do and is
 * scheduled again. So a timer that every batch pushes back costs one task per expiry, not one per
 * batch.
 */
final class LoopTimers {

  private static final Logger LOG = LoggerFactory.getLogger(LoopTimers.class);
  private static final long NEVER = Long.MAX_VALUE;

  private final TimerWheel wheel;
  private final Clock clock;
  private final Runnable onTime;
  private final Runnable expired = this::expired;
  private @Nullable EventExecutor loop;
  private @Nullable ScheduledFuture<?> task;
  private long taskNanos = NEVER;

  /**
   * A driver that is not yet attached to a loop.
   *
   * @param onTime what to do when the task runs; it advances the wheel
   */
  LoopTimers(TimerWheel wheel, Clock clock, Runnable onTime) {
    this.wheel = wheel;
    this.clock = clock;
    this.onTime = onTime;
  }

  /** Begins to schedule on this loop. */
  void attach(EventExecutor executor) {
    loop = executor;
    wheel.onArmed(this::armed);
    update();
  }

  /** A timer was armed, by whatever room: the guest's next frame may be too late for it. */
  private void armed(long deadlineNanos) {
    if (deadlineNanos < taskNanos) {
      update();
    }
  }

  /** Schedules the task if the wheel needs one earlier than the one that is scheduled. */
  void update() {
    EventExecutor executor = loop;
    long deadline = wheel.nextDeadlineNanos();
    if (executor == null || deadline >= taskNanos) {
      return;
    }
    cancel();
    taskNanos = deadline;
    long delay = Math.max(0, deadline - clock.nowNanos());
    task = executor.schedule(expired, delay, TimeUnit.NANOSECONDS);
  }

  /** Schedules nothing any more. */
  void stop() {
    cancel();
    loop = null;
  }

  private void expired() {
    task = null;
    taskNanos = Long.MIN_VALUE; // what is armed meanwhile is seen below, once
    try {
      onTime.run();
    } catch (RuntimeException e) {
      // The event loop would keep it in a future that nobody asks; the other timers go on.
      LOG.error("A timer failed", e);
    } finally {
      taskNanos = NEVER;
      update();
    }
  }

  private void cancel() {
    ScheduledFuture<?> pending = task;
    if (pending != null) {
      pending.cancel(false);
    }
    task = null;
    taskNanos = NEVER;
  }
}
