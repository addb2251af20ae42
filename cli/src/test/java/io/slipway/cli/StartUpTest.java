package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StartUpTest {
  @Test
  void itIsTheDifferenceOfTheKernelsOwnTimes() {
    String stat = "77 (a (b) c) S 1 77 77 0 -1 4194560 1 0 0 0 3 1 0 0 20 0 9 0 123450 9 9";

    assertThat(StartUp.millis("1234.81 99.0\n", stat)).isEqualTo(310);
  }

  @Test
  void thisProcessHasBeenThereForAWhile() {
    assertThat(StartUp.millis()).isBetween(10L, 3_600_000L);
  }
}
