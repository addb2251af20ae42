package io.slipway;

import static io.netty.channel.SelectStrategy.SELECT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.IntSupplier;
import org.junit.jupiter.api.Test;

/** What a loop does before it sleeps, on a clock that moves by one microsecond a look. */
final class SpinThenBlockTest {
  private static final long MICRO = 1_000;

  private long now;
  private int looks;

  /** The time at which an event comes; none does before. */
  private long eventAt = Long.MAX_VALUE;

  private final SpinThenBlock strategy = new SpinThenBlock(() -> now);
  private final IntSupplier events =
      () -> {
        looks++;
        now += MICRO;
        return now >= eventAt ? 3 : 0;
      };

  private int ask(boolean hasTasks) throws Exception {
    looks = 0;
    return strategy.calculateStrategy(events, hasTasks);
  }

  /** Waits until a look is due, which finds an event at once. */
  private void earnCredit() throws Exception {
    eventAt = now;
    int result = SELECT;
    for (int i = 0; i < SpinThenBlock.TRIAL && result == SELECT; i++) {
      result = ask(false);
    }
    assertThat(result).isEqualTo(3);
    eventAt = Long.MAX_VALUE;
  }

  @Test
  void withTasksItLooksOnceAndNeverWaits() throws Exception {
    assertThat(ask(true)).isZero();
    assertThat(looks).isEqualTo(1);
    eventAt = now;
    assertThat(ask(true)).isEqualTo(3);
  }

  @Test
  void anEventThatComesSoonIsFoundWithoutSleeping() throws Exception {
    earnCredit();
    eventAt = now + 10 * MICRO;
    assertThat(ask(false)).isEqualTo(3);
    assertThat(looks).isEqualTo(10);
  }

  @Test
  void itSleepsWhenNoneComesSoon() throws Exception {
    earnCredit();
    eventAt = now + 2 * SpinThenBlock.SPIN_NANOS;
    assertThat(ask(false)).isEqualTo(SELECT);
    assertThat(looks).isEqualTo((int) (SpinThenBlock.SPIN_NANOS / MICRO));
  }

  @Test
  void aLoopThatLooksInVainSoonLooksRarely() throws Exception {
    for (int i = 0; i < 1000; i++) {
      earnCredit(); // to the most there can be
    }
    for (int i = 0; i < SpinThenBlock.MOST_CREDIT; i++) {
      assertThat(ask(false)).isEqualTo(SELECT);
      assertThat(looks).isPositive();
    }
    int looked = 0;
    for (int i = 0; i < 10 * SpinThenBlock.TRIAL; i++) {
      assertThat(ask(false)).isEqualTo(SELECT);
      looked += looks > 0 ? 1 : 0;
    }
    assertThat(looked).isEqualTo(10);
  }

  @Test
  void andOftenAgainOnceItFindsSomething() throws Exception {
    earnCredit();
    for (int i = 0; i < 3; i++) {
      assertThat(ask(false)).isEqualTo(SELECT);
      assertThat(looks).isPositive();
    }
  }
}
