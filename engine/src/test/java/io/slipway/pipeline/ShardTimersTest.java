package io.slipway.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.slipway.clock.Timer;
import io.slipway.clock.TimerWheel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ShardTimersTest {

  private static final long MILLI = 1_000_000;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<Long> expired = new ArrayList<>();
  private final Timer timer =
      new Timer() {
        @Override
        protected void expire(long nowNanos) {
          expired.add(nowNanos / MILLI);
        }
      };
  private final TimerWheel wheel = new TimerWheel(MILLI, 0);
  private long nowNanos;
  private int wakeUps;
  private final LoopTimers timers = new LoopTimers(wheel, () -> nowNanos, this::wakeUp);

  private void wakeUp() {
    wakeUps++;
    wheel.advance(nowNanos);
    timers.update();
  }

  private void pass(long millis) {
    for (int i = 0; i < millis; i++) {
      nowNanos += MILLI;
      channel.advanceTimeBy(MILLI, TimeUnit.NANOSECONDS);
      channel.runScheduledPendingTasks();
    }
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void nothingIsScheduledWithoutATimer() {
    timers.attach(channel.eventLoop());
    pass(10_000);
    assertThat(wakeUps).isZero();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
  }

  @Test
  void aTimerExpiresOnTimeAndThenAllIsQuiet() {
    timers.attach(channel.eventLoop());
    wheel.arm(timer, 250 * MILLI);
    timers.update();
    pass(249);
    assertThat(expired).isEmpty();
    pass(2);
    assertThat(expired).hasSize(1);
    assertThat(expired.getFirst()).isBetween(250L, 251L);
    int woken = wakeUps;
    assertThat(woken).isLessThanOrEqualTo(4);
    pass(10_000);
    assertThat(wakeUps).isEqualTo(woken);
  }

  @Test
  void aTimerThatIsPushedBackCostsNoTaskEachTime() {
    timers.attach(channel.eventLoop());
    for (int i = 0; i < 1000; i++) {
      wheel.arm(timer, nowNanos + 200 * MILLI);
      timers.update();
      pass(1);
    }
    assertThat(expired).isEmpty();
    assertThat(wakeUps).isLessThan(40);
    pass(201);
    assertThat(expired).hasSize(1);
  }

  @Test
  void anEarlierTimerReplacesTheTask() {
    timers.attach(channel.eventLoop());
    wheel.arm(timer, 5000 * MILLI);
    timers.update();
    wheel.arm(timer, 10 * MILLI);
    timers.update();
    pass(11);
    assertThat(expired).hasSize(1);
  }

  @Test
  void timersArmedBeforeTheLoopIsThereAreServed() {
    wheel.arm(timer, 10 * MILLI);
    timers.update();
    timers.attach(channel.eventLoop());
    pass(11);
    assertThat(expired).hasSize(1);
  }

  @Test
  void aTimerThatFailsDoesNotStopTheOthers() {
    Timer failing =
        new Timer() {
          @Override
          protected void expire(long nowNanos) {
            throw new IllegalStateException("for the test");
          }
        };
    timers.attach(channel.eventLoop());
    wheel.arm(failing, 10 * MILLI);
    wheel.arm(timer, 20 * MILLI);
    pass(30);
    assertThat(expired).hasSize(1);
  }

  @Test
  void aTimerArmedAnywhereWakesTheLoop() {
    timers.attach(channel.eventLoop());
    wheel.arm(timer, 10 * MILLI);
    pass(11);
    assertThat(expired).hasSize(1);
  }

  @Test
  void nothingRunsAfterStop() {
    timers.attach(channel.eventLoop());
    wheel.arm(timer, 10 * MILLI);
    timers.update();
    timers.stop();
    timers.update();
    pass(100);
    assertThat(wakeUps).isZero();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
  }
}
