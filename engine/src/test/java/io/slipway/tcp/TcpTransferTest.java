package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9293 3.8 and 3.10.7.4: data, acknowledgements, windows, retransmission. */
final class TcpTransferTest {
  private static final TcpConfig SMALL_WINDOW =
      new TcpConfig(
          4000,
          TcpConfig.DEFAULT.initialRto(),
          TcpConfig.DEFAULT.minRto(),
          TcpConfig.DEFAULT.maxRto(),
          TcpConfig.DEFAULT.delayedAck(),
          TcpConfig.DEFAULT.timeWait(),
          5,
          15,
          0);

  @Test
  void freshConnectionAcknowledgesAtOnceThenEverySecondSegmentOrAfterFortyMillis() {
    try (TcpScript script = TcpScript.established()) {
      int seq = 1;
      for (int i = 0; i < 16; i++) {
        script.guest("A", seq, 1, TcpScript.text(TcpScript.MSS));
        seq += TcpScript.MSS;
        script.expect("A", 1, seq);
      }
      script.guest("A", seq, 1, "x");
      script.expectNothing();
      script.pass(30);
      script.expectNothing();
      script.pass(12);
      script.expect("A", 1, ++seq);
      script.guest("A", seq, 1, TcpScript.text(TcpScript.MSS));
      script.expectNothing();
      script.guest("A", seq + TcpScript.MSS, 1, TcpScript.text(TcpScript.MSS));
      script.expect("A", 1, seq + 2 * TcpScript.MSS);
    }
  }

  @Test
  void aRequestWaitsTwoMillisForItsAnswer() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("AP", 1, 1, "ping");
      script.expectNothing();
      script.pass(1);
      script.host("pong");
      script.expect("AP", 1, 5, "pong");
      script.pass(50);
      script.expectNothing();
      script.guest("AP", 5, 5, "slow");
      script.pass(3);
      script.expect("A", 5, 9);
    }
  }

  @Test
  void oneAcknowledgementForABatch() {
    try (TcpScript script = TcpScript.established()) {
      for (int i = 0; i < 10; i++) {
        script.guestInBatch("A", 1 + i * 1000, 1, TcpScript.text(1000), 65535);
      }
      script.expectNothing();
      script.connection.acknowledge(script.now);
      script.expect("A", 1, 10_001);
      script.expectNothing();
    }
  }

  @Test
  void answerCarriesTheAcknowledgement() {
    try (TcpScript script = TcpScript.established()) {
      script.guestInBatch("AP", 1, 1, "ping", 65535);
      script.host("pong");
      script.connection.acknowledge(script.now);
      script.expect("AP", 1, 5, "pong");
      script.expectNothing();
    }
  }

  @Test
  void earlyDataWaitsForTheGap() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 4, 1, "def");
      script.expect("A", 1, 1); // duplicate ACK, RFC 5681 4.2
      script.guest("A", 9, 1, "ij");
      script.expect("A", 1, 1);
      assertThat(script.received).isEmpty();
      script.guest("A", 1, 1, "abc");
      script.expect("A", 1, 7);
      script.guest("A", 7, 1, "gh");
      script.expect("A", 1, 11);
      assertThat(script.received).hasToString("abcdefghij");
    }
  }

  @Test
  void oldAndOverlappingDataIsTrimmed() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 1, "abcd");
      script.drain();
      script.guest("A", 1, 1, "abcd");
      script.expect("A", 1, 5);
      script.guest("A", 3, 1, "cdef");
      script.expect("A", 1, 7);
      assertThat(script.received).hasToString("abcdef");
    }
  }

  @Test
  void dataBeyondTheWindowIsNotTaken() {
    try (TcpScript script = TcpScript.established(SMALL_WINDOW)) {
      script.autoConsume = false;
      script.guest("A", 1, 1, TcpScript.text(5000));
      TcpScript.Segment full = script.expect("A", 1, 4001);
      assertThat(full.window()).isZero();
      assertThat(script.received).hasSize(4000);
      script.guest("A", 9000, 1, "far away");
      script.expect("A", 1, 4001);
      assertThat(script.received).hasSize(4000);
    }
  }

  @Test
  void windowReopensWithoutBeingAskedAndWithoutBeingSilly() {
    try (TcpScript script = TcpScript.established(SMALL_WINDOW)) {
      script.autoConsume = false;
      script.guest("A", 1, 1, TcpScript.text(4000));
      assertThat(script.expect("A", 1, 4001).window()).isZero();
      script.connection.consumed(100);
      script.connection.acknowledge(script.now);
      script.expectNothing();
      script.connection.consumed(1900);
      script.connection.acknowledge(script.now);
      assertThat(script.expect("A", 1, 4001).window()).isEqualTo(2000);
    }
  }

  @Test
  void probeOfOurClosedWindowIsAnswered() {
    try (TcpScript script = TcpScript.established(SMALL_WINDOW)) {
      script.autoConsume = false;
      script.guest("A", 1, 1, TcpScript.text(4000));
      script.expect("A", 1, 4001);
      script.guest("A", 4000, 1, ""); // Linux's probe: an old number, no data
      assertThat(script.expect("A", 1, 4001).window()).isZero();
      script.guest("A", 4001, 1, "x"); // the RFC's probe: one new byte
      assertThat(script.expect("A", 1, 4001).window()).isZero();
    }
  }

  @Test
  void largeDataLeavesInRunsOfWholeSegments() {
    try (TcpScript script = TcpScript.established()) {
      script.host(TcpScript.text(14_000));
      TcpScript.Segment run = script.expect("A", 1, 1);
      assertThat(run.payload()).hasSize(9 * 1460);
      assertThat(run.mss()).isEqualTo(1460);
      assertThat(script.expect("AP", 1 + 9 * 1460, 1).payload()).hasSize(14_000 - 9 * 1460);
      // RFC 6928: ten segments of initial window are used up
      script.host(TcpScript.text(5000));
      assertThat(script.drain().stream().mapToInt(s -> s.payload().length()).sum())
          .isLessThanOrEqualTo(14_600 - 14_000);
    }
  }

  @Test
  void guestWindowIsNotOverrun() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 1, "", 3000);
      script.host(TcpScript.text(10_000));
      script.expect("A", 1, 1, TcpScript.text(2920));
      script.expectNothing(); // the last 80 bytes of the window would be silly
      script.guest("A", 1, 2921, "", 3000);
      assertThat(script.expect("A", 2921, 1).payload()).hasSize(2920);
    }
  }

  @Test
  void closedWindowIsProbedForEver() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 1, "", 0);
      script.host("waiting");
      script.expectNothing();
      for (int i = 0; i < 40; i++) {
        script.pass(121_000);
        script.expect("A", 0, 1, "");
        script.drain();
        script.guest("A", 1, 1, "", 0);
      }
      script.guest("A", 1, 1, "", 1000);
      script.expect("AP", 1, 1, "waiting");
    }
  }

  /** Linux's tcp_retries2 counts window probes that nobody answers, too. */
  @Test
  void closedWindowOfADeadGuestIsGivenUp() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 1, "", 0);
      script.host("waiting");
      int probes = 0;
      while (script.connection.state() != TcpState.CLOSED) {
        script.pass(10_000);
        probes += (int) script.drain().stream().filter(s -> s.flagText().equals("A")).count();
      }
      assertThat(probes).isEqualTo(15);
      assertThat(script.now / 1_000_000_000).isBetween(15 * 60L, 20 * 60L);
      script.expectEvent("closed GUEST_TIMEOUT");
    }
  }

  @Test
  void lostDataIsRepeatedWithBackoffUntilTheGuestIsGivenUp() {
    try (TcpScript script = TcpScript.established()) {
      script.host("data");
      script.expect("AP", 1, 1, "data");
      script.pass(190);
      script.expectNothing();
      int repeats = 0;
      while (script.connection.state() != TcpState.CLOSED) {
        script.pass(10_000);
        for (TcpScript.Segment segment : script.drain()) {
          if (!segment.payload().isEmpty()) {
            repeats++;
          }
        }
      }
      assertThat(repeats).isEqualTo(15);
      script.expectEvent("closed GUEST_TIMEOUT");
    }
  }

  @Test
  void threeDuplicatesBringTheFirstSegmentAgain() {
    try (TcpScript script = TcpScript.established()) {
      script.host(TcpScript.text(14_600));
      script.drain();
      for (int i = 0; i < 2; i++) {
        script.guest("A", 1, 1, "");
        script.expectNothing();
      }
      script.guest("A", 1, 1, "");
      script.expect("A", 1, 1, TcpScript.text(1460));
      script.guest("A", 1, 2921, ""); // partial: the third segment is missing, too
      List<TcpScript.Segment> more = script.drain();
      assertThat(more.getFirst().seq()).isEqualTo(2921);
      assertThat(more.getFirst().payload()).hasSize(1460);
    }
  }

  @Test
  void timeoutRepeatsTheEarliestSegmentEvenWhenTheWindowShrank() {
    try (TcpScript script = TcpScript.established()) {
      script.host(TcpScript.text(2920));
      script.drain();
      script.guest("A", 1, 1, "", 10);
      script.pass(1500);
      assertThat(script.drain().getFirst().payload()).hasSize(1460);
    }
  }

  @Test
  void retransmittedSegmentsAreNotTimed() {
    RttEstimator estimator = new RttEstimator(TcpConfig.DEFAULT);
    assertThat(estimator.rto()).isEqualTo(1_000_000_000);
    estimator.sample(100_000_000);
    assertThat(estimator.rto()).isEqualTo(300_000_000);
    estimator.backOff();
    assertThat(estimator.rto()).isEqualTo(600_000_000);
    for (int i = 0; i < 30; i++) {
      estimator.backOff();
    }
    assertThat(estimator.rto()).isEqualTo(TcpConfig.DEFAULT.maxRto());
    estimator.resetBackoff();
    assertThat(estimator.rto()).isEqualTo(300_000_000);
  }

  @Test
  void acknowledgementOfTheUnsentIsChallenged() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 100, "");
      script.expect("A", 1, 1);
    }
  }

  @Test
  void challengesAreBounded() {
    try (TcpScript script = TcpScript.established()) {
      for (int i = 0; i < 1000; i++) {
        script.guest("A", 1, 100, "");
      }
      assertThat(script.drain()).hasSizeLessThan(30);
    }
  }

  @Test
  void whatWasTooBigGoesAgainInSmallerSegments() {
    try (TcpScript script = TcpScript.established()) {
      script.host(TcpScript.text(2920));
      script.drain();
      script.connection.onTooBig(TcpScript.OUR_ISN + 9000, 600, script.now); // not in flight
      script.expectNothing();
      script.connection.onTooBig(TcpScript.OUR_ISN + 1, 600, script.now);
      List<TcpScript.Segment> again = script.drain();
      assertThat(again).allMatch(s -> s.mss() == 560);
      assertThat(again.stream().mapToInt(s -> s.payload().length()).sum()).isEqualTo(2920);
    }
  }
}
