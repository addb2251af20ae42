package io.slipway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where one packet in a hundred is lost, Slipway is at least three times as fast as the better of
 * its peers: the same relay loses the same packets for all, in one run that goes round them.
 */
class PeersAtLossIT {
  private static final List<String> PEERS = List.of("slirp4netns", "pasta");
  private static final int REPETITIONS = 3;
  private static final int MINUTES = 15;

  @TempDir private static Path scratch;
  private static List<String> rows;

  @BeforeAll
  static void measure() throws IOException, InterruptedException {
    Path numbers = scratch.resolve("numbers.csv");
    Path said = scratch.resolve("said");
    Process comparison =
        new ProcessBuilder(
                script().toString(),
                "--repetitions=" + REPETITIONS,
                "--only=loss",
                "--mtu=1500",
                "--engines=slipway," + String.join(",", PEERS),
                "--csv=" + numbers)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    boolean ended = comparison.waitFor(MINUTES, TimeUnit.MINUTES);
    comparison.destroy(); // it takes away what it made
    String output = Files.readString(said);
    assertThat(ended).as("an end within %d minutes: %s", MINUTES, output).isTrue();
    assertThat(comparison.exitValue()).as(output).isZero();
    rows = Files.readAllLines(numbers);
  }

  private static Path script() {
    Path at = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    return at.resolve("peers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"in", "out"})
  void isThreeTimesAsFastAsTheBetterPeer(String way) {
    double ours = median("slipway", way);
    double theirs = PEERS.stream().mapToDouble(peer -> median(peer, way)).max().orElseThrow();
    System.out.printf("1 %% loss, %s: %.3f Gbit/s, the better peer %.3f%n", way, ours, theirs);
    assertThat(theirs).as("Gbit/s of the better peer").isPositive();
    assertThat(ours)
        .as("Gbit/s, where the better peer reaches %s", theirs)
        .isGreaterThan(3 * theirs);
  }

  /** Gbit/s; a transfer of a peer that failed is one that brought nothing. */
  private static double median(String engine, String way) {
    String wanted = ",1500," + engine + ",loss " + way + ",gbit_per_s,";
    double[] speeds = new double[REPETITIONS];
    int at = 0;
    for (String row : rows) {
      int start = row.indexOf(wanted);
      if (start >= 0) {
        speeds[at++] = Double.parseDouble(row.substring(start + wanted.length()));
      }
    }
    Arrays.sort(speeds);
    return speeds[REPETITIONS / 2];
  }
}
