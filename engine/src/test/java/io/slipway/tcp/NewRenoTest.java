package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 5681, RFC 6582, RFC 6928. Segments of 1000 bytes. */
final class NewRenoTest {
  private static final int MSS = 1000;

  private final NewReno reno = new NewReno(MSS);

  /** RFC 6928 2. */
  @Test
  void initialWindow() {
    int[][] rows = {{536, 5360}, {1000, 10000}, {1460, 14600}, {2000, 14600}, {9000, 18000}};
    for (int[] row : rows) {
      assertThat(new NewReno(row[0]).window()).as("mss %d", row[0]).isEqualTo(row[1]);
    }
  }

  /** RFC 5681 3.1: up to the threshold byte for byte, beyond it a segment a window. */
  @Test
  void slowStartThenAvoidance() {
    acknowledge(30 * MSS);
    assertThat(reno.window()).isEqualTo(40 * MSS);
    reno.onTimeout(40 * MSS, 0);
    assertThat(reno.window()).isEqualTo(MSS);
    acknowledge(30 * MSS);
    assertThat(reno.window()).as("slow start ends at the threshold").isEqualTo(20 * MSS);
    acknowledge(9 * MSS);
    assertThat(reno.window()).isEqualTo(21 * MSS); // 11 of them counted already
    acknowledge(21 * MSS);
    assertThat(reno.window()).isEqualTo(22 * MSS);
  }

  /** RFC 5681 3.1 equation (4); RFC 6582 3.2 step 3. */
  @Test
  void recovery() {
    int[][] rows = { // flight at loss, flight at the end, threshold, window afterwards
      {40, 30, 20, 20}, {40, 4, 20, 5}, {40, 0, 20, 2}, {3, 3, 2, 2}
    };
    for (int[] row : rows) {
      NewReno one = new NewReno(MSS);
      one.onCongestion(row[0] * MSS, 0);
      assertThat(one.threshold() / MSS).as("of %d", row[0]).isEqualTo(row[2]);
      assertThat(one.window()).isEqualTo(one.threshold());
      one.onRecovered(row[1] * MSS);
      assertThat(one.window() / MSS).as("after %d", row[1]).isEqualTo(row[3]);
    }
  }

  @Test
  void repeatedTimeoutsHoldTheThreshold() {
    reno.onTimeout(40 * MSS, 0);
    reno.onTimeout(4 * MSS, 0);
    assertThat(reno.threshold()).isEqualTo(20 * MSS);
    reno.onAcknowledged(2 * MSS, 0, 0);
    reno.onTimeout(4 * MSS, 0);
    assertThat(reno.threshold()).isEqualTo(2 * MSS);
  }

  @Test
  void undoGivesBack() {
    acknowledge(30 * MSS);
    reno.onCongestion(40 * MSS, 0);
    reno.onTimeout(40 * MSS, 0);
    reno.undo();
    assertThat(reno.window()).isEqualTo(40 * MSS);
    assertThat(reno.threshold()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void aLargerSegmentFitsTheWindow() {
    reno.onTimeout(40 * MSS, 0);
    reno.segmentSize(9000);
    assertThat(reno.window()).isEqualTo(9000);
  }

  private void acknowledge(int bytes) {
    reno.onAcknowledged(bytes, -1, 0);
  }
}
