package io.slipway.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatenciesTest {
  private final Latencies latencies = new Latencies();

  private void addDescending(int from, int to) {
    for (int value = from; value >= to; value--) {
      latencies.add(value);
    }
  }

  @Test
  void noneHasZeroes() {
    assertThat(latencies.percentile(50)).isZero();
    assertThat(latencies.max()).isZero();
  }

  @Test
  void oneIsEveryPercentile() {
    latencies.add(7);

    assertThat(latencies.percentile(0)).isEqualTo(7);
    assertThat(latencies.percentile(50)).isEqualTo(7);
    assertThat(latencies.percentile(100)).isEqualTo(7);
  }

  @Test
  void aPercentileIsTheSmallestThatSoManyDoNotExceed() {
    addDescending(200, 1);

    assertThat(latencies.percentile(50)).isEqualTo(100);
    assertThat(latencies.percentile(99)).isEqualTo(198);
    assertThat(latencies.percentile(99.1)).isEqualTo(199);
    assertThat(latencies.max()).isEqualTo(200);
  }

  @Test
  void whatComesAfterAQuestionCounts() {
    addDescending(10, 1);
    assertThat(latencies.max()).isEqualTo(10);

    latencies.add(11);
    latencies.add(0);

    assertThat(latencies.max()).isEqualTo(11);
    assertThat(latencies.percentile(0)).isZero();
  }

  @Test
  void keepsMoreThanItBeganWithRoomFor() {
    int many = 200_000;
    addDescending(many, 1);

    assertThat(latencies.count()).isEqualTo(many);
    assertThat(latencies.percentile(99)).isEqualTo(198_000);
  }

  @Test
  void forgetsWhatWasWarmUp() {
    addDescending(1000, 900);
    latencies.clear();
    addDescending(3, 1);

    assertThat(latencies.count()).isEqualTo(3);
    assertThat(latencies.max()).isEqualTo(3);
  }
}
