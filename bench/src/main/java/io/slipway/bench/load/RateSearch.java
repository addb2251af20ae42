package io.slipway.bench.load;

import org.jspecify.annotations.Nullable;

/**
 * Looks for the highest rate at which less than one in a hundred is lost: doubles until a trial
 * fails, then halves the interval between what passed and what failed. A trial that fails is
 * repeated once, so that one hiccup of the machine decides nothing. Owned by one thread.
 */
final class RateSearch {
  /** Where to begin, datagrams a second; halved when already too much. */
  static final double START = 8_000;

  /** Below this nothing is looked for. */
  static final double LEAST = 250;

  /** Above this nothing is looked for. */
  static final double MOST = 512 * START;

  /** The search ends when what failed is within so much of what passed. */
  static final double PRECISION = 1.04;

  private static final double LOSS = 0.01;
  private static final int ATTEMPTS = 2;

  /** A sender that reached less than this of what it was asked for is itself the limit. */
  private static final double ASKED = 0.93;

  /** Sends for a while at a rate, and says what came of it. */
  interface Trial {
    Outcome at(double rate);
  }

  /**
   * What came of a trial.
   *
   * @param nanos how long the sending took
   */
  record Outcome(long sent, long received, long nanos) {
    /** Datagrams a second that were sent. */
    double rate() {
      return sent * 1e9 / nanos;
    }

    /** Of what was sent, how much never came, 0..1. */
    double loss() {
      return sent == 0 ? 1 : 1 - Math.min(1, (double) received / sent);
    }

    boolean passed() {
      return loss() < LOSS;
    }
  }

  /**
   * The best trial that passed.
   *
   * @param senderLimited the sender reached no more: the network might
   */
  record Best(Outcome outcome, boolean senderLimited, int trials) {}

  private final Trial trial;
  private @Nullable Outcome best;
  private @Nullable Outcome last;
  private int trials;

  RateSearch(Trial trial) {
    this.trial = trial;
  }

  /** All of it; null when even {@link #LEAST} is too much. */
  @Nullable Best search() {
    double failed = 0;
    double rate = START;
    while (failed == 0 && rate <= MOST) {
      if (!passes(rate)) {
        failed = rate;
      } else if (isSenderLimited(rate)) {
        return found(true);
      }
      rate *= 2;
    }
    double passed = best == null ? 0 : failed == 0 ? MOST : failed / 2;
    for (rate = START / 2; passed == 0 && rate >= LEAST; rate /= 2) {
      if (passes(rate)) {
        passed = rate;
      } else {
        failed = rate;
      }
    }
    while (passed > 0 && failed > passed * PRECISION) {
      double middle = (passed + failed) / 2;
      if (!passes(middle)) {
        failed = middle;
      } else if (isSenderLimited(middle)) {
        return found(true);
      } else {
        passed = middle;
      }
    }
    return found(false);
  }

  private @Nullable Best found(boolean senderLimited) {
    return best == null ? null : new Best(best, senderLimited, trials);
  }

  private boolean passes(double rate) {
    for (int i = 0; i < ATTEMPTS; i++) {
      if (attempt(rate)) {
        return true;
      }
    }
    return false;
  }

  private boolean attempt(double rate) {
    trials++;
    Outcome outcome = trial.at(rate);
    if (outcome.passed() && (best == null || outcome.rate() > best.rate())) {
      best = outcome;
    }
    last = outcome;
    return outcome.passed();
  }

  private boolean isSenderLimited(double rate) {
    return last != null && last.rate() < rate * ASKED;
  }
}
