package io.slipway.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NeighborsTest {

  private static final long ANNA = 0x0200_0000_000AL;
  private static final long BERT = 0x0200_0000_000BL;

  private final Neighbors neighbors = new Neighbors();

  private static long v4(int n) {
    return IpAddress.mapV4(0x0A00_0000 | n);
  }

  @Test
  void nobodyHeardMeansEverybody() {
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(MacAddress.BROADCAST);
  }

  @Test
  void strangersAreReachedWhereSomebodyWasHeardLast() {
    neighbors.learn(0, v4(1), ANNA);
    neighbors.learn(0, v4(2), BERT);
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(ANNA);
    assertThat(neighbors.lookup(0, v4(2))).isEqualTo(BERT);
    assertThat(neighbors.lookup(0, v4(3))).isEqualTo(BERT);
    assertThat(neighbors.lookup(5, v4(1))).isEqualTo(BERT);
  }

  @Test
  void whoMovesIsFoundAtTheNewPlace() {
    neighbors.learn(0, v4(1), ANNA);
    neighbors.learn(0, v4(2), ANNA);
    neighbors.learn(0, v4(1), BERT);
    neighbors.learn(0, v4(2), ANNA);
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(BERT);
  }

  @Test
  void groupsAndZeroAreNotLearned() {
    neighbors.learn(0, v4(1), 0x0100_5E00_0001L);
    neighbors.learn(0, v4(1), 0);
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(MacAddress.BROADCAST);
  }

  @Test
  void aFloodOfSourcesEvictsButNeverLies() {
    for (int i = 0; i < 100_000; i++) {
      neighbors.learn(0, v4(i), 0x0200_0000_0000L | i);
    }
    int known = 0;
    for (int i = 0; i < 100_000; i++) {
      long mac = neighbors.lookup(0, v4(i));
      if (mac == (0x0200_0000_0000L | i)) {
        known++;
      } else {
        assertThat(mac).isEqualTo(0x0200_0000_0000L | 99_999);
      }
    }
    assertThat(known).isBetween(500, 1024);
  }

  @Test
  void onlyNewsIsTold() {
    List<Long> told = new ArrayList<>();
    neighbors.onNews((high, low, mac) -> told.add(low << 48 | mac));
    neighbors.learn(0, 1, ANNA);
    neighbors.learn(0, 2, ANNA);
    neighbors.learn(0, 1, ANNA);
    neighbors.learn(0, 1, 0);
    assertThat(told).containsExactly(1L << 48 | ANNA, 2L << 48 | ANNA);
    neighbors.note(0, 3, BERT);
    neighbors.learn(0, 3, BERT);
    assertThat(told).hasSize(2);
    neighbors.learn(0, 2, BERT);
    assertThat(told).hasSize(3);
  }

  @Test
  void whatOthersHeardCountsAsHeard() {
    neighbors.learn(0, v4(1), ANNA);
    neighbors.note(0, v4(1), BERT);
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(BERT);
    neighbors.learn(0, v4(1), ANNA);
    assertThat(neighbors.lookup(0, v4(1))).isEqualTo(ANNA);
  }
}
