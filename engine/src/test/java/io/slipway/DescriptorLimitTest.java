package io.slipway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DescriptorLimitTest {
  private static int bound(String soft) {
    return DescriptorLimit.bound(
        65_536,
        List.of(
            "Limit                     Soft Limit           Hard Limit           Units",
            "Max processes             5                    9                    processes",
            "Max open files            " + soft + "                 1048576              files"));
  }

  @Test
  void flowsAreTheSoftLimitLessWhatElseNeedsDescriptors() {
    assertThat(bound("1024")).isEqualTo(768);
    assertThat(bound("1048576")).isEqualTo(65_536);
    assertThat(bound("unlimited")).isEqualTo(65_536);
  }

  @Test
  void oneFlowIsAlwaysTried() {
    assertThat(bound("100")).isEqualTo(1);
  }

  @Test
  void withoutTheLineTheWishHolds() {
    assertThat(DescriptorLimit.bound(10, List.of())).isEqualTo(10);
  }

  @Test
  void thisProcessHasALimit() {
    assertThat(DescriptorLimit.bound(10)).isBetween(1, 10);
  }
}
