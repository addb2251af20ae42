package io.slipway.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.leaks.Garbage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {

  private static final long MS = 1_000_000;

  private final List<String> rung = new ArrayList<>();

  /** Notes its name and the time. */
  private final class Bell extends Timer {
    private final String name;

    Bell(String name) {
      this.name = name;
    }

    @Override
    protected void expire(long nowNanos) {
      assertThat(isArmed()).isFalse();
      rung.add(name + "@" + nowNanos / MS);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 12_345_678_901L, -98_765_432_109L, Long.MAX_VALUE / 2})
  void rings(long start) {
    TimerWheel wheel = new TimerWheel(MS, start);
    Bell bell = new Bell("a");
    assertThat(bell.isArmed()).isFalse();
    assertThat(bell.deadlineNanos()).isEqualTo(Long.MAX_VALUE);
    wheel.arm(bell, start + 5 * MS);
    assertThat(bell.isArmed()).isTrue();
    assertThat(bell.deadlineNanos()).isEqualTo(start + 5 * MS);
    assertThat(wheel.nextDeadlineNanos()).isEqualTo(start + 5 * MS);
    assertThat(wheel.advance(start + 5 * MS - 1)).isZero();
    assertThat(wheel.advance(start + 5 * MS)).isEqualTo(1);
    assertThat(bell.isArmed()).isFalse();
    assertThat(wheel.armed()).isZero();
    assertThat(wheel.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(wheel.advance(start + 500 * MS)).isZero();
    assertThat(rung).hasSize(1);
  }

  @Test
  void aDeadlineBetweenTicksIsKeptLessThanATickLate() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    wheel.arm(new Bell("a"), 5 * MS + 1);
    assertThat(wheel.advance(5 * MS + 1)).isZero();
    assertThat(wheel.advance(6 * MS - 1)).isZero();
    assertThat(wheel.advance(6 * MS)).isEqualTo(1);
  }

  @Test
  void theOrderIsTimeThenArrival() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    wheel.arm(new Bell("far"), 5_000_000 * MS);
    wheel.arm(new Bell("later"), 100 * MS);
    wheel.arm(new Bell("first"), 3 * MS);
    wheel.arm(new Bell("second"), 3 * MS);
    wheel.advance(6_000_000 * MS);
    assertThat(rung)
        .containsExactly("first@6000000", "second@6000000", "later@6000000", "far@6000000");
  }

  @Test
  void aCancelledTimerStaysSilentAndMayBeArmedAgain() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Bell bell = new Bell("a");
    wheel.cancel(bell);
    wheel.arm(bell, 10 * MS);
    wheel.cancel(bell);
    wheel.cancel(bell);
    assertThat(wheel.armed()).isZero();
    assertThat(wheel.advance(20 * MS)).isZero();
    wheel.arm(bell, 30 * MS);
    assertThat(wheel.advance(30 * MS)).isEqualTo(1);
    assertThat(rung).containsExactly("a@30");
  }

  @Test
  void armingAgainMovesTheDeadlineBothWays() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Bell bell = new Bell("a");
    wheel.arm(bell, 10 * MS);
    wheel.arm(bell, 5_000 * MS);
    assertThat(wheel.armed()).isEqualTo(1);
    assertThat(wheel.advance(4_999 * MS)).isZero();
    wheel.arm(bell, 5_001 * MS);
    wheel.arm(bell, 5_000 * MS);
    assertThat(wheel.advance(5_000 * MS)).isEqualTo(1);
    assertThat(wheel.armed()).isZero();
  }

  @Test
  void aPastDeadlineRingsWithTheNextTick() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    wheel.advance(1_000 * MS);
    wheel.arm(new Bell("a"), 3 * MS);
    wheel.arm(new Bell("b"), Long.MIN_VALUE);
    assertThat(wheel.nextDeadlineNanos()).isEqualTo(1_001 * MS);
    assertThat(wheel.advance(1_001 * MS)).isEqualTo(2);
  }

  @Test
  void aTimerThatAlwaysArmsItselfInThePastRingsOncePerAdvance() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Timer eager =
        new Timer() {
          @Override
          protected void expire(long nowNanos) {
            rung.add("x");
            wheel.arm(this, 0);
          }
        };
    wheel.arm(eager, 0);
    assertThat(wheel.advance(36_000_000_000L * MS)).isEqualTo(1);
    assertThat(wheel.advance(36_000_000_001L * MS)).isEqualTo(1);
    assertThat(rung).hasSize(2);
  }

  @Test
  void aTimerMayArmAndCancelOthers() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Bell victim = new Bell("victim");
    Bell child = new Bell("child");
    Timer parent =
        new Timer() {
          @Override
          protected void expire(long nowNanos) {
            wheel.cancel(victim);
            wheel.arm(child, nowNanos + 2 * MS);
          }
        };
    wheel.arm(parent, 7 * MS);
    wheel.arm(victim, 7 * MS);
    assertThat(wheel.advance(7 * MS)).isEqualTo(1);
    assertThat(victim.isArmed()).isFalse();
    assertThat(wheel.advance(9 * MS)).isEqualTo(1);
    assertThat(rung).containsExactly("child@9");
  }

  @Test
  void aTimerThatThrowsLosesNoOther() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Timer bad =
        new Timer() {
          @Override
          protected void expire(long nowNanos) {
            throw new IllegalStateException("bad");
          }
        };
    wheel.arm(bad, 5 * MS);
    wheel.arm(new Bell("same"), 5 * MS);
    wheel.arm(new Bell("later"), 50 * MS);
    assertThatThrownBy(() -> wheel.advance(100 * MS)).hasMessage("bad");
    wheel.arm(new Bell("new"), 60 * MS);
    assertThat(wheel.advance(100 * MS)).isEqualTo(3);
    assertThat(rung).containsExactly("same@100", "later@100", "new@100");
  }

  @Test
  void timeThatStepsBackIsIgnored() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    wheel.advance(100 * MS);
    wheel.arm(new Bell("a"), 102 * MS);
    assertThat(wheel.advance(50 * MS)).isZero();
    assertThat(wheel.advance(Long.MIN_VALUE)).isZero();
    assertThat(wheel.advance(102 * MS)).isEqualTo(1);
  }

  @Test
  void neverIsADeadlineToo() {
    TimerWheel wheel = new TimerWheel(MS, -5 * MS);
    Bell bell = new Bell("never");
    wheel.arm(bell, Long.MAX_VALUE);
    assertThat(wheel.advance(Long.MAX_VALUE / 4)).isZero();
    assertThat(bell.isArmed()).isTrue();
    assertThat(wheel.nextDeadlineNanos()).isPositive();
  }

  @Test
  void sleepingUntilTheNextDeadlineMissesNothingAndWakesSeldom() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    long deadline = 87_654_321 * MS;
    wheel.arm(new Bell("a"), deadline);
    long now = 0;
    int wakes = 0;
    while (rung.isEmpty()) {
      assertThat(wheel.nextDeadlineNanos()).isGreaterThan(now).isLessThanOrEqualTo(deadline);
      now = wheel.nextDeadlineNanos();
      wheel.advance(now);
      wakes++;
    }
    assertThat(now).isEqualTo(deadline);
    assertThat(wakes).isLessThanOrEqualTo(7);
  }

  @Test
  void refusesATickOfNothing() {
    assertThatThrownBy(() -> new TimerWheel(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void armingAndAdvancingAllocateNothing() {
    TimerWheel wheel = new TimerWheel(MS, 0);
    Timer[] timers = new Timer[10_000];
    for (int i = 0; i < timers.length; i++) {
      timers[i] =
          new Timer() {
            @Override
            protected void expire(long nowNanos) {
              wheel.arm(this, nowNanos + 200 * MS);
            }
          };
    }
    turn(wheel, timers, 0);
    long[] start = {0};
    int[] expired = {0};
    long allocated =
        Garbage.perPass(
            1_000,
            () -> {
              start[0] += 1_000 * MS;
              expired[0] = turn(wheel, timers, start[0]);
            });
    assertThat(expired[0]).isGreaterThan(20_000);
    assertThat(allocated).isLessThan(1_000);
  }

  private static int turn(TimerWheel wheel, Timer[] timers, long start) {
    for (int i = 0; i < timers.length; i++) {
      wheel.arm(timers[i], start + (i % 700) * MS);
    }
    int expired = 0;
    for (int ms = 0; ms < 1_000; ms++) {
      expired += wheel.advance(start + ms * MS);
    }
    return expired;
  }
}
