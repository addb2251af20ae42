package io.slipway.bench;

import io.slipway.clock.Timer;
import io.slipway.clock.TimerWheel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** A wheel with 10,000 armed timers, ten seconds of deadlines. Allocates nothing. */
public class TimerWheelBenchmark extends EngineBenchmark {
  private static final int TIMERS = 10_000;
  private static final long MILLIS = 1_000_000;
  private static final long SPREAD_NANOS = 10_000 * MILLIS;

  private final Timer[] timers = new Timer[TIMERS];
  private TimerWheel wheel = new TimerWheel(MILLIS, 0);
  private long nowNanos;
  private int turn;
  private long expired;

  /** Arms itself again: the wheel always holds as many. */
  private final class Periodic extends Timer {
    @Override
    protected void expire(long atNanos) {
      expired++;
      wheel.arm(this, atNanos + SPREAD_NANOS);
    }
  }

  /** Arms them all, evenly. */
  @Setup
  public void arm() {
    wheel = new TimerWheel(MILLIS, 0);
    nowNanos = 0;
    for (int i = 0; i < TIMERS; i++) {
      timers[i] = new Periodic();
      wheel.arm(timers[i], i * (SPREAD_NANOS / TIMERS));
    }
  }

  /** Arms an armed timer for later, as every segment does with its connection's. */
  @Benchmark
  public void rearm() {
    turn = turn + 7919 < TIMERS ? turn + 7919 : turn + 7919 - TIMERS;
    nowNanos += 100;
    wheel.arm(timers[turn], nowNanos + SPREAD_NANOS - turn * MILLIS / 2);
  }

  /** A millisecond passes: one timer of the 10,000 expires and is armed again. */
  @Benchmark
  public long advance() {
    nowNanos += MILLIS;
    wheel.advance(nowNanos);
    return expired;
  }

  /** When must the loop wake up? */
  @Benchmark
  public long nextDeadline() {
    return wheel.nextDeadlineNanos();
  }
}
