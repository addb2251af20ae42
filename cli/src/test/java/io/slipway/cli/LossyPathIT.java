package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.LossyPath;
import io.slipway.cli.it.LossyPath.Outcome;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The guest's kernel at the end of a bad line: every byte arrives, and not much later than if the
 * kernel stood at our end, too.
 */
@Isolated
final class LossyPathIT {
  private static final long BYTES = 400_000_000;
  private static final Duration WARM_UP = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(TestHost.LONG ? 5 : 3);

  static Stream<Arguments> lines() {
    List<String> all =
        List.of(
            "loss=0",
            "loss=0.1",
            "loss=1",
            "loss=5",
            "loss=10",
            "delay=20",
            "delay=20 jitter=5",
            "delay=20 loss=1");
    return Stream.of("in", "out")
        .flatMap(way ->
            (TestHost.LONG ? all : List.of("in".equals(way) ? "delay=20 jitter=5" : "loss=1"))
                .stream().map(line -> Arguments.of(way, line)));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void isHalfAsFastAsTheKernelAtLeast(String way, String line) {
    double ours = 0;
    double kernel = 0;
    for (int seed = 1; seed <= (TestHost.LONG ? 2 : 1); seed++) {
      ours += speed(true, way, line + " seed=" + seed);
      kernel += speed(false, way, line + " seed=" + seed);
    }
    assertThat(ours).as("Mbit/s, where the kernel reaches " + kernel).isGreaterThan(kernel / 2);
  }

  private static double speed(boolean slipway, String way, String line) {
    try (LossyPath path = slipway ? LossyPath.toUnwatchedSlipway(line) : LossyPath.toKernel(line)) {
      path.transfer(way, BYTES, WARM_UP);
      Outcome outcome = path.transfer(way, BYTES, LIMIT);
      assertThat(outcome.bytes()).isPositive();
      return outcome.speed();
    }
  }
}
