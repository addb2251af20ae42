package io.slipway;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.stats.Counters;
import org.junit.jupiter.api.Test;

class SettlingTest {
  private final Counters counters = new Counters();
  private final Settling settling = new Settling();

  private EngineStats look(int flows, long held) {
    return new EngineStats(flows, held, counters.snapshot());
  }

  private int looksUntilOver(int flows, long held) {
    int looks = 1;
    while (!settling.isOver(look(flows, held))) {
      looks++;
    }
    return looks;
  }

  @Test
  void withoutFlowsThereIsNothingToWaitFor() {
    assertThat(settling.isOver(look(0, 0))).isTrue();
  }

  @Test
  void aFewSilentLooksAreEnoughWhenNothingIsHeld() {
    assertThat(looksUntilOver(1, 0)).isEqualTo(5);
  }

  @Test
  void everyFrameBeginsTheSilenceAnew() {
    for (int i = 0; i < 100; i++) {
      counters.frameIn(60);
      assertThat(settling.isOver(look(1, 0))).isFalse();
    }
    assertThat(looksUntilOver(1, 0)).isEqualTo(4);
  }

  @Test
  void heldBytesAreWaitedForWithMorePatience() {
    assertThat(looksUntilOver(1, 10)).isEqualTo(201);
  }

  @Test
  void whatMovesForEverIsLeftAfterTenSeconds() {
    int looks = 0;
    boolean over = false;
    while (!over) {
      counters.frameIn(60);
      over = settling.isOver(look(1, looks));
      looks++;
    }
    assertThat(looks * Settling.LOOK_EVERY_MILLIS).isEqualTo(10_000);
  }
}
