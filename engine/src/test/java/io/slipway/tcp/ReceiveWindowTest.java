package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sender of a certain rate on a path of a certain length, and the window that it gets. */
final class ReceiveWindowTest {
  private static final long MICRO = 1_000;
  private static final long MILLI = 1_000_000;
  private static final int MOST = 3 << 20;

  private final ReceiveWindow window = new ReceiveWindow(MOST);
  private int rcvNxt = 0xFFFF_0000; // wraps soon
  private int rcvAdv = rcvNxt + window.size();
  private long now = -5 * MILLI;

  /**
   * Batches arrive every {@code step} for {@code time}, never more than the window allowed a round
   * trip before.
   *
   * @param rate bytes a second that the sender is capable of
   */
  private void send(double rate, long trip, long step, long time) {
    ArrayDeque<long[]> told = new ArrayDeque<>();
    int allowed = rcvAdv;
    for (long end = now + time; now < end; ) {
      now += step;
      while (!told.isEmpty() && told.getFirst()[0] <= now - trip) {
        allowed = (int) told.removeFirst()[1];
      }
      rcvNxt += (int) Math.min(rate * step / 1e9, allowed - rcvNxt);
      window.arrived(rcvNxt, rcvAdv, now);
      rcvAdv = rcvNxt + window.size();
      told.addLast(new long[] {now, rcvAdv});
    }
  }

  @ParameterizedTest
  @CsvSource({
    // Gbit/s, ms, KiB
    "20, 0.05, 256",
    "0.01, 20, 256",
    "0.1, 20, 488",
    "0.4, 20, 1953",
    "3, 20, 3072",
  })
  void isTwiceWhatTheShortestRoundTripBrings(double gigabits, double millis, int kibibytes) {
    long trip = (long) (millis * MILLI);
    window.begin(rcvNxt, rcvAdv, trip, now);
    send(gigabits / 8 * 1e9, trip, Math.max(trip / 20, 10 * MICRO), 100 * trip + 100 * MILLI);
    assertThat(window.size() / 1024).isBetween(kibibytes * 9 / 10, kibibytes * 11 / 10);
  }

  @Test
  void learnsTheRoundTripWhenTheHandshakeDidNotTell() {
    window.begin(rcvNxt, rcvAdv, -1, now);
    send(1e9, 20 * MILLI, MILLI, 1000 * MILLI);
    assertThat(window.size()).isEqualTo(MOST);
  }

  @Test
  void aSlowHandshakeIsForgottenWhenDataComesFaster() {
    window.begin(rcvNxt, rcvAdv, 5 * MILLI, now);
    send(2e9, 50 * MICRO, 10 * MICRO, 500 * MILLI);
    assertThat(window.size()).isLessThan(3 * ReceiveWindow.LEAST);
  }

  @Test
  void pausesAndClocksThatStandStillDoNotMatter() {
    window.begin(rcvNxt, rcvAdv, 0, now);
    for (int i = 0; i < 100; i++) {
      rcvNxt += 1000;
      window.arrived(rcvNxt, rcvAdv, now);
      window.arrived(rcvNxt, rcvAdv, now);
      now += 60_000 * MILLI;
    }
    assertThat(window.size()).isEqualTo(ReceiveWindow.LEAST);
  }

  @Test
  void neverExceedsItsBound() {
    ReceiveWindow small = new ReceiveWindow(10_000);
    small.begin(0, 10_000, MILLI, 0);
    small.arrived(100_000, 110_000, 2 * MILLI);
    assertThat(small.size()).isEqualTo(10_000);
  }
}
