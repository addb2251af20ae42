package io.slipway.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CountersTest {

  private final Counters counters = new Counters();

  @Test
  void everyConstantHasACounterOfItsOwn() {
    long amount = 1;
    for (Count what : Count.values()) {
      counters.count(what, amount++);
    }
    for (Drop reason : Drop.values()) {
      for (long i = 0; i < amount; i++) {
        counters.drop(reason);
      }
      amount++;
    }
    amount = 1;
    for (Count what : Count.values()) {
      assertThat(counters.get(what)).as(what.name()).isEqualTo(amount);
      assertThat(counters.snapshot().get(what)).isEqualTo(amount++);
    }
    for (Drop reason : Drop.values()) {
      assertThat(counters.dropped(reason)).as(reason.name()).isEqualTo(amount);
      assertThat(counters.snapshot().dropped(reason)).isEqualTo(amount++);
    }
  }

  @Test
  void framesCountTheirBytes() {
    counters.frameIn(60);
    counters.frameIn(65_549);
    counters.frameOut(1_514);
    assertThat(counters.get(Count.FRAMES_IN)).isEqualTo(2);
    assertThat(counters.get(Count.BYTES_IN)).isEqualTo(65_609);
    assertThat(counters.get(Count.FRAMES_OUT)).isEqualTo(1);
    assertThat(counters.get(Count.BYTES_OUT)).isEqualTo(1_514);
  }

  @Test
  void aSnapshotDoesNotMove() {
    counters.count(Count.FLOWS_OPENED);
    CountersSnapshot snapshot = counters.snapshot();
    counters.count(Count.FLOWS_OPENED);
    counters.drop(Drop.NO_FLOW);
    assertThat(snapshot.get(Count.FLOWS_OPENED)).isEqualTo(1);
    assertThat(snapshot.droppedInAll()).isZero();
  }

  @Test
  void snapshotsOfSeveralLoopsAddUp() {
    counters.count(Count.FLOWS_OPENED, 5);
    counters.count(Count.FLOWS_CLOSED, 2);
    counters.drop(Drop.MULTICAST);
    Counters other = new Counters();
    other.count(Count.FLOWS_OPENED, 7);
    other.drop(Drop.MULTICAST);
    other.drop(Drop.VLAN_TAGGED);
    CountersSnapshot sum = counters.snapshot().plus(other.snapshot());
    assertThat(sum.get(Count.FLOWS_OPENED)).isEqualTo(12);
    assertThat(sum.flowsOpen()).isEqualTo(10);
    assertThat(sum.dropped(Drop.MULTICAST)).isEqualTo(2);
    assertThat(sum.droppedInAll()).isEqualTo(3);
    assertThat(sum).isEqualTo(other.snapshot().plus(counters.snapshot()));
    assertThat(sum).hasSameHashCodeAs(other.snapshot().plus(counters.snapshot()));
    assertThat(sum).isNotEqualTo(counters.snapshot());
    assertThat(sum.plus(CountersSnapshot.ZERO)).isEqualTo(sum);
    assertThat(sum).hasToString("FLOWS_OPENED=12 FLOWS_CLOSED=2 VLAN_TAGGED=1 MULTICAST=2");
  }

  @Test
  void everyConstantHasALineOfItsOwn() {
    Stream<String> texts =
        Stream.concat(
            Arrays.stream(Count.values()).map(Count::text),
            Arrays.stream(Drop.values()).map(Drop::text));
    assertThat(texts)
        .doesNotHaveDuplicates()
        .allSatisfy(text -> assertThat(text).isNotBlank().doesNotContain("\n"));
  }
}
