package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** RFC 9438, section by section. Windows are in segments of 1000 bytes. */
final class CubicTest {
  private static final int MSS = 1000;
  private static final long MILLIS = 1_000_000;

  private final Cubic cubic = new Cubic(MSS);
  private long now;

  /** 4.2: against the formula in floating point, through concave and convex region. */
  @Test
  void theWindowFollowsTheCurve() {
    long rtt = 100 * MILLIS;
    reach(1000);
    loss();
    assertThat(cubic.window()).isEqualTo(700 * MSS);
    double k = Math.cbrt(1000 * 0.3 / 0.4);
    long start = now;
    for (int round = 0; round < 160; round++) {
      double t = (now - start) / 1e9;
      double curve = 0.4 * Math.pow(t - k, 3) + 1000;
      assertThat(cubic.window() / 1000.0)
          .as("after %.1f s", t)
          .isCloseTo(curve, Percentage.withPercentage(1.5));
      round(rtt);
    }
    assertThat(cubic.window()).as("beyond W_max by now").isGreaterThan(1080 * MSS);
  }

  /** 4.2: the curve is one of time; who asks more often gets no more. */
  @Test
  void roundTripsDoNotMatterFarFromReno() {
    int[] windows = new int[2];
    long[] rtts = {50 * MILLIS, 200 * MILLIS};
    for (int i = 0; i < 2; i++) {
      Cubic one = new Cubic(MSS);
      one.onAcknowledged(3990 * MSS, rtts[i], 0);
      one.onCongestion(4000 * MSS, 0);
      one.onRecovered(2800 * MSS);
      for (long time = 0; time <= 10_000 * MILLIS; time += rtts[i] / 10) {
        one.onAcknowledged(one.window() / 10, rtts[i], time);
      }
      windows[i] = one.window();
    }
    assertThat((double) windows[0]).isCloseTo(windows[1], Percentage.withPercentage(2));
  }

  /** 4.3: alpha is 9/17 of a segment in a round trip up to cwnd_prior, then one. */
  @Test
  void atSmallRoundTripsItGrowsAsReno() {
    reach(40);
    loss();
    assertThat(cubic.window()).isEqualTo(28 * MSS);
    for (int i = 0; i < 10; i++) {
      round(MILLIS);
    }
    assertThat((double) cubic.window()).isCloseTo(28_000 + 10 * 529.4, within(100.0));
    while (cubic.window() < 41 * MSS) {
      round(MILLIS);
    }
    int before = cubic.window();
    for (int i = 0; i < 10; i++) {
      round(MILLIS);
    }
    assertThat((double) (cubic.window() - before)).isCloseTo(10 * 1000, within(200.0));
  }

  /** 4.2: an acknowledgement aims at where the curve will be a round trip later. */
  @Test
  void looksARoundTripAhead() {
    reach(1000);
    loss();
    cubic.onAcknowledged(70 * MSS, 100 * MILLIS, now);
    double k = Math.cbrt(1000 * 0.3 / 0.4);
    double target = 0.4 * Math.pow(0.1 - k, 3) + 1000;
    assertThat((double) cubic.window()).isCloseTo(700_000 + (target - 700) * 100, within(20.0));
  }

  /** 4.4: however steep the curve, the target is at most half above the window. */
  @Test
  void aRoundTripAddsAtMostHalf() {
    reach(1000);
    loss();
    cubic.onAcknowledged(MSS, 100_000 * MILLIS, now);
    now += 200_000 * MILLIS;
    int before = cubic.window();
    cubic.onAcknowledged(before, 100_000 * MILLIS, now);
    assertThat(cubic.window()).isEqualTo(before + before / 2);
  }

  /** 4.6: beta is 0.7, of the window, and never below two segments. */
  @Test
  void aLossTakesThreeTenths() {
    int[][] rows = {{1000, 700}, {100, 70}, {12, 8}};
    for (int[] row : rows) {
      Cubic one = new Cubic(MSS);
      one.onAcknowledged((row[0] - 10) * MSS, 0, 0);
      one.onCongestion(row[0] * MSS, 0);
      assertThat(one.threshold() / MSS).as("from %d", row[0]).isEqualTo(row[1]);
      assertThat(one.window()).isEqualTo(one.threshold());
      one.onRecovered(MSS);
      assertThat(one.window()).isEqualTo(one.threshold());
    }
    for (int i = 0; i < 20; i++) {
      loss();
    }
    assertThat(cubic.window()).isEqualTo(2 * MSS);
  }

  /** 4.7: a second loss below the first W_max aims at 0.85 of where it was. */
  @Test
  void convergesFastWhenLossesComeEarlier() {
    long rtt = 100 * MILLIS;
    reach(1000);
    loss();
    loss(); // at 700, below 1000: W_max = 595, window 490
    assertThat(cubic.window()).isEqualTo(490 * MSS);
    double k = Math.cbrt((595 - 490) / 0.4);
    for (int i = 0; i < Math.round(k * 10); i++) {
      round(rtt);
    }
    assertThat(cubic.window() / 1000.0).isCloseTo(595, Percentage.withPercentage(1));
  }

  /** 4.8: slow start to the new threshold, then K = 0: away from there at once. */
  @Test
  void aTimeoutBeginsAnew() {
    long rtt = 100 * MILLIS;
    reach(1000);
    cubic.onTimeout(1000 * MSS, now);
    assertThat(cubic.window()).isEqualTo(MSS);
    assertThat(cubic.threshold()).isEqualTo(700 * MSS);
    int rounds = 0;
    while (cubic.window() < 700 * MSS) {
      round(rtt);
      rounds++;
    }
    assertThat(rounds).isEqualTo(10);
    for (int i = 0; i < 50; i++) {
      round(rtt);
    }
    // 0.4 * 5^3 = 50 segments
    assertThat(cubic.window() / 1000.0).isCloseTo(750, within(5.0));
  }

  /** RFC 5681 3.1: the threshold is held while one retransmission is repeated. */
  @Test
  void repeatedTimeoutsHoldTheThreshold() {
    reach(100);
    cubic.onTimeout(100 * MSS, now);
    cubic.onTimeout(100 * MSS, now);
    cubic.onTimeout(100 * MSS, now);
    assertThat(cubic.threshold()).isEqualTo(70 * MSS);
    assertThat(cubic.window()).isEqualTo(MSS);
  }

  /** As Linux: a timeout in a recovery is the same congestion. */
  @Test
  void aTimeoutInRecoveryHoldsTheThreshold() {
    reach(100);
    cubic.onCongestion(100 * MSS, now);
    cubic.onTimeout(90 * MSS, now);
    assertThat(cubic.threshold()).isEqualTo(70 * MSS);
    assertThat(cubic.window()).isEqualTo(MSS);
  }

  /** 4.9: what was no loss costs nothing. */
  @Test
  void undoGivesBack() {
    reach(100);
    cubic.onTimeout(100 * MSS, now);
    cubic.onTimeout(100 * MSS, now);
    cubic.undo();
    assertThat(cubic.window()).isEqualTo(100 * MSS);
    assertThat(cubic.threshold()).isEqualTo(Integer.MAX_VALUE);
  }

  /** 4.2: a pause in which the window was not the limit is no time of the curve's. */
  @Test
  void pausesDoNotCount() {
    long rtt = 100 * MILLIS;
    reach(1000);
    loss();
    for (int i = 0; i < 10; i++) {
      round(rtt);
    }
    int before = cubic.window();
    now += 60_000 * MILLIS;
    round(rtt);
    assertThat((double) cubic.window()).isCloseTo(before, Percentage.withPercentage(6));
  }

  /** RFC 5681 4.1, by halves as Linux does it. */
  @Test
  void idleTimeHalvesTheWindow() {
    reach(160);
    long rto = 200 * MILLIS;
    cubic.onIdle(rto, rto);
    assertThat(cubic.window()).isEqualTo(160 * MSS);
    cubic.onIdle(2 * rto, rto);
    assertThat(cubic.window()).isEqualTo(80 * MSS);
    cubic.onIdle(3_600_000 * MILLIS, rto);
    assertThat(cubic.window()).isEqualTo(10 * MSS);
  }

  /** 4.10: slow start counts bytes and ends at the threshold. */
  @Test
  void slowStartEndsAtTheThreshold() {
    reach(100);
    cubic.onTimeout(100 * MSS, now);
    cubic.onAcknowledged(69 * MSS, 20 * MILLIS, now);
    assertThat(cubic.window()).isEqualTo(70 * MSS);
    cubic.onAcknowledged(70 * MSS, 20 * MILLIS, now);
    assertThat(cubic.window()).isLessThan(72 * MSS);
  }

  /** The curve in integers neither wraps nor jumps at the ends of its ranges. */
  @Test
  void extremesStayInBounds() {
    for (int mss : new int[] {48, 1460, 65495}) {
      Cubic one = new Cubic(mss);
      one.onAcknowledged(Integer.MAX_VALUE, 0, 0);
      assertThat(one.window()).isEqualTo(CongestionControl.MAX_WINDOW);
      one.onCongestion(one.window(), 0);
      one.onRecovered(0);
      int last = one.window();
      for (long time = 0; time < 1L << 55; time = 2 * time + MILLIS) {
        one.onAcknowledged(last / 2, time / 2, time);
        assertThat(one.window()).isBetween(last, CongestionControl.MAX_WINDOW);
        last = one.window();
      }
      assertThat(last).isEqualTo(CongestionControl.MAX_WINDOW);
    }
  }

  @Test
  void cubeRoots() {
    long[] roots = {0, 1, 2, 3, 10, 99, 1000, 123_456, 2_097_151};
    for (long root : roots) {
      long cube = root * root * root;
      assertThat(Cubic.cubeRoot(cube)).isEqualTo((int) root);
      if (root > 1) {
        assertThat(Cubic.cubeRoot(cube - 1)).isEqualTo((int) root - 1);
        assertThat(Cubic.cubeRoot(cube + 1)).isEqualTo((int) root);
      }
    }
  }

  private void reach(int segments) {
    cubic.onAcknowledged(segments * MSS - cubic.window(), 0, now);
    assertThat(cubic.window()).isEqualTo(segments * MSS);
  }

  private void loss() {
    cubic.onCongestion(cubic.window(), now);
    cubic.onRecovered(cubic.threshold());
  }

  /** A round trip: the window is acknowledged in ten pieces. */
  private void round(long rtt) {
    int piece = cubic.window() / 10;
    int rest = cubic.window() - 9 * piece;
    for (int i = 0; i < 10; i++) {
      now += rtt / 10;
      cubic.onAcknowledged(i < 9 ? piece : rest, rtt, now);
    }
  }
}
