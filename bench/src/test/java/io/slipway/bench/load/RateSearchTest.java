package io.slipway.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.slipway.bench.load.RateSearch.Best;
import io.slipway.bench.load.RateSearch.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateSearchTest {
  private static final long SECOND = 1_000_000_000;

  private final List<Double> asked = new ArrayList<>();

  /** A path that carries so many a second and loses the rest, and a sender with a limit. */
  private RateSearch.Trial path(double carries, double sender) {
    return rate -> {
      asked.add(rate);
      double sent = Math.min(rate, sender);
      return new Outcome((long) sent, (long) Math.min(sent, carries), SECOND);
    };
  }

  private static @Nullable Best search(RateSearch.Trial trial) {
    return new RateSearch(trial).search();
  }

  @ParameterizedTest
  @ValueSource(doubles = {300, 1_000, 7_900, 8_100, 17_000, 58_000, 124_000, 260_000, 3_500_000})
  void findsWhatAPathCarries(double carries) {
    Best best = search(path(carries, Double.MAX_VALUE));

    // One in a hundred may be lost, and the search is that precise.
    double most = carries / 0.99;
    assertThat(best.outcome().rate()).isBetween(most / RateSearch.PRECISION - 1, most);
    assertThat(best.outcome().passed()).isTrue();
    assertThat(best.senderLimited()).isFalse();
    assertThat(best.trials()).isEqualTo(asked.size()).isLessThan(40);
  }

  @Test
  void aPathThatCarriesNothingHasNoRate() {
    assertThat(search(path(100, Double.MAX_VALUE))).isNull();
    assertThat(asked).allMatch(rate -> rate >= RateSearch.LEAST);
  }

  @Test
  void endsAtTheRateOfASenderThatCanDoNoMore() {
    Best best = search(path(Double.MAX_VALUE, 50_000));

    assertThat(best.senderLimited()).isTrue();
    assertThat(best.outcome().rate()).isEqualTo(50_000, within(1.0));
    assertThat(asked).containsExactly(8_000.0, 16_000.0, 32_000.0, 64_000.0);
  }

  @Test
  void aSenderThatIsLimitedAndLosesIsNoResult() {
    // It sends 50,000 at most, of which 40,000 arrive.
    Best best = search(path(40_000, 50_000));

    assertThat(best.outcome().rate()).isBetween(40_000 / 1.04, 40_000 / 0.99);
    assertThat(best.senderLimited()).isFalse();
  }

  @Test
  void endsAtTheMostThatIsLookedFor() {
    Best best = search(path(Double.MAX_VALUE, Double.MAX_VALUE));

    assertThat(best.outcome().rate()).isBetween(RateSearch.MOST / 2, RateSearch.MOST);
  }

  @Test
  void oneHiccupDecidesNothing() {
    RateSearch.Trial path = path(100_000, Double.MAX_VALUE);
    boolean[] hiccup = {true};
    Best best =
        search(rate -> {
          Outcome outcome = path.at(rate);
          if (rate < 32_000 || !hiccup[0]) {
            return outcome;
          }
          hiccup[0] = false;
          return new Outcome(outcome.sent(), 0, outcome.nanos());
        });

    assertThat(best.outcome().rate()).isBetween(96_000.0, 102_000.0);
    assertThat(asked).startsWith(8_000.0, 16_000.0, 32_000.0, 32_000.0, 64_000.0);
  }

  @Test
  void reportsTheBestThatPassedAndNotTheLast() {
    // The machine has become slower after the doubling: nothing above 70,000 passes again.
    int[] trials = {0};
    Best best =
        search(rate ->
            new Outcome(
                (long) rate, (long) Math.min(rate, trials[0]++ < 5 ? 130_000 : 70_000), SECOND));

    assertThat(best.outcome().rate()).isEqualTo(128_000, within(1.0));
  }

  @Test
  void lossIsOfWhatWasSent() {
    assertThat(new Outcome(1000, 991, SECOND).passed()).isTrue();
    assertThat(new Outcome(1000, 990, SECOND).passed()).isFalse();
    assertThat(new Outcome(1000, 900, SECOND).loss()).isEqualTo(0.1, within(1e-9));
    assertThat(new Outcome(0, 0, SECOND).passed()).isFalse();
    assertThat(new Outcome(1000, 1001, SECOND).loss()).isZero();
    assertThat(new Outcome(1000, 1000, SECOND / 2).rate()).isEqualTo(2000, within(1e-9));
  }
}
