package io.slipway.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wheel beside a model that keeps every timer in a list and looks at them all. */
class TimerWheelModelTest {

  private static final int TIMERS = 120;

  private long tickNanos;
  private long startNanos;
  private long now;
  private TimerWheel wheel;
  private Random random;
  private final Probe[] probes = new Probe[TIMERS];
  private final List<Probe> expired = new ArrayList<>();

  /** A timer that knows what the model thinks of it, and sometimes meddles when it expires. */
  private final class Probe extends Timer {
    private boolean armed;

    /** The first tick at which the model lets it expire. */
    private long dueTick;

    @Override
    protected void expire(long nowNanos) {
      assertThat(nowNanos).isEqualTo(now);
      assertThat(armed).as("expired though the model had not armed it").isTrue();
      assertThat(dueTick).isLessThanOrEqualTo(tickOf(now));
      if (!expired.isEmpty() && expired.getLast().dueTick > 0) {
        assertThat(dueTick).as("order").isGreaterThanOrEqualTo(expired.getLast().dueTick);
      }
      Probe copy = new Probe();
      copy.dueTick = dueTick;
      expired.add(copy);
      armed = false;
      if (random.nextInt(4) == 0) {
        Probe other = probes[random.nextInt(TIMERS)];
        arm(other, tickOf(now));
      }
      if (random.nextInt(8) == 0) {
        cancel(probes[random.nextInt(TIMERS)]);
      }
    }
  }

  TimerWheelModelTest() {
    wheel = new TimerWheel(1, 0);
    random = new Random();
  }

  private long tickOf(long nanos) {
    return (nanos - startNanos) / tickNanos;
  }

  /** Mostly near, sometimes far, sometimes past, and often just around a level's border. */
  private long someDeadline() {
    long span = 1L << random.nextInt(40);
    long ahead = (random.nextLong(span) - span / 8) * (random.nextInt(5) == 0 ? 1 : tickNanos / 8);
    return switch (random.nextInt(4)) {
      case 0 -> now + (1L << (6 * random.nextInt(5))) * tickNanos + random.nextInt(3) - 1;
      case 1 -> now + random.nextLong(100 * tickNanos);
      default -> now + ahead;
    };
  }

  private void arm(Probe probe, long floorTick) {
    long deadline = someDeadline();
    wheel.arm(probe, deadline);
    probe.armed = true;
    long sinceStart = deadline - startNanos;
    long tick = Math.ceilDiv(sinceStart, tickNanos);
    probe.dueTick = Math.max(tick, floorTick + 1);
    assertThat(probe.deadlineNanos()).isEqualTo(deadline);
  }

  private void cancel(Probe probe) {
    wheel.cancel(probe);
    probe.armed = false;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void agrees(long seed) {
    random = new Random(seed);
    tickNanos = seed % 2 == 0 ? 1_000_000 : 1L << 20;
    startNanos = random.nextLong(1L << 50) - (1L << 49);
    now = startNanos;
    wheel = new TimerWheel(tickNanos, startNanos);
    for (int i = 0; i < TIMERS; i++) {
      probes[i] = new Probe();
    }
    for (int step = 0; step < 6_000; step++) {
      Probe probe = probes[random.nextInt(TIMERS)];
      switch (random.nextInt(8)) {
        case 0 -> cancel(probe);
        case 1, 2, 3 -> arm(probe, tickOf(now));
        default -> advance();
      }
      check();
    }
  }

  private void advance() {
    boolean toNext = random.nextInt(3) == 0 && wheel.armed() > 0;
    now = toNext ? wheel.nextDeadlineNanos() : now + random.nextLong(1L << random.nextInt(42));
    expired.clear();
    int count = wheel.advance(now);
    assertThat(count).isEqualTo(expired.size());
    for (Probe probe : probes) {
      if (probe.armed) {
        assertThat(probe.dueTick).as("missed").isGreaterThan(tickOf(now));
      }
    }
  }

  private void check() {
    int armed = 0;
    long first = Long.MAX_VALUE;
    for (Probe probe : probes) {
      assertThat(probe.isArmed()).isEqualTo(probe.armed);
      if (probe.armed) {
        armed++;
        first = Math.min(first, startNanos + probe.dueTick * tickNanos);
      }
    }
    assertThat(wheel.armed()).isEqualTo(armed);
    assertThat(wheel.nextDeadlineNanos()).isLessThanOrEqualTo(first);
    if (armed > 0) {
      assertThat(wheel.nextDeadlineNanos()).isGreaterThan(now);
    } else {
      assertThat(wheel.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
    }
  }
}
