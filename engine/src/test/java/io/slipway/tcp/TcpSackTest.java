package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.wire.TcpOptions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 2018, 2883, 6675, 7323, 8985: what a guest with modern options is told and believed. */
final class TcpSackTest {
  private static final byte[] SACK_ONLY = {2, 4, 5, (byte) 180, 1, 1, 4, 2};

  private static TcpScript established() {
    TcpScript script = new TcpScript();
    script.hold(SACK_ONLY);
    script.connection.accept(script.now);
    TcpOptions agreed = script.expect("SA", 0, 1).options();
    assertThat(agreed.sackPermitted()).isTrue();
    assertThat(agreed.hasTimestamps()).isFalse();
    script.guest("A", 1, 1, "");
    script.expectEvent("established");
    return script;
  }

  @Test
  void earlyDataIsReportedTheLatestFirst() {
    try (TcpScript script = established()) {
      script.guest("A", 11, 1, "0123456789");
      assertThat(blocks(script.expect("A", 1, 1))).isEqualTo("11-21");
      script.guest("A", 31, 1, "0123456789");
      assertThat(blocks(script.expect("A", 1, 1))).isEqualTo("31-41 11-21");
      script.guest("A", 21, 1, "0123456789");
      assertThat(blocks(script.expect("A", 1, 1))).isEqualTo("11-41");
      script.guest("A", 1, 1, "0123456789");
      assertThat(blocks(script.expect("A", 1, 41))).isEmpty();
    }
  }

  @Test
  void whatComesTwiceIsReportedAsSuch() {
    try (TcpScript script = established()) {
      script.guest("A", 1, 1, "abc");
      script.pass(3);
      script.drain();
      script.guest("A", 1, 1, "abc");
      assertThat(blocks(script.expect("A", 1, 4))).isEqualTo("1-4");
      script.guest("A", 4, 1, "d");
      script.pass(3);
      assertThat(blocks(script.expect("A", 1, 5))).isEmpty();
    }
  }

  /** RFC 2883 4.2: also when the rest of the segment is new. */
  @Test
  void whatComesTwiceInPartIsReportedAsSuch() {
    try (TcpScript script = established()) {
      script.guest("A", 1, 1, "abc");
      script.pass(3);
      script.drain();
      script.guest("A", 2, 1, "bcde");
      assertThat(blocks(script.expect("A", 1, 6))).isEqualTo("2-4");
      assertThat(script.received).hasToString("abcde");
    }
  }

  /** Like Linux: a reset that follows text whose beginning is lost is as exact as it can be. */
  @Test
  void resetBehindReportedTextIsBelieved() {
    try (TcpScript script = established()) {
      script.guest("A", 11, 1, "0123456789");
      script.drain();
      script.guest("R", 11, 0, "");
      script.expect("A", 1, 1);
      script.guest("R", 21, 0, "");
      script.expectEvent("closed GUEST_RESET");
    }
  }

  @Test
  void severalRepetitionsInOneBatchAreAllReported() {
    try (TcpScript script = established()) {
      script.guest("A", 1, 1, "abcdef");
      script.pass(3);
      script.drain();
      script.guestInBatch("A", 1, 1, "ab", 65535);
      script.guestInBatch("A", 3, 1, "cd", 65535);
      script.connection.acknowledge(script.now);
      assertThat(blocks(script.expect("A", 1, 7))).isEqualTo("1-3");
      assertThat(blocks(script.expect("A", 1, 7))).isEqualTo("3-5");
    }
  }

  @Test
  void anAnswerWithDataDoesNotSwallowTheReport() {
    try (TcpScript script = established()) {
      script.guestInBatch("A", 11, 1, "early", 65535);
      script.host("answer");
      script.connection.acknowledge(script.now);
      assertThat(blocks(script.expect("AP", 1, 1, "answer"))).isEmpty();
      assertThat(blocks(script.expect("A", 7, 1))).isEqualTo("11-16");
    }
  }

  @Test
  void onlyWhatIsMissingIsSentAgain() {
    try (TcpScript script = established()) {
      script.pass(10);
      script.host(TcpScript.text(14_600));
      script.drain();
      script.pass(5);
      // the second and the fifth segment are lost
      script.guestSack(1461, 2921, 5841);
      script.guestSack(1461, 7301, 14_601, 2921, 5841);
      List<TcpScript.Segment> repairs = script.drain();
      script.pass(30);
      repairs.addAll(script.drain());
      assertThat(repairs).extracting(TcpScript.Segment::seq).contains(1461, 5841);
      assertThat(repairs).allMatch(s -> s.seq() == 1461 || s.seq() == 5841);
      assertThat(repairs).allMatch(s -> s.payload().length() == 1460);
    }
  }

  @Test
  void theTailIsProbedLongBeforeTheTimeout() {
    try (TcpScript script = established()) {
      script.pass(5);
      script.host(TcpScript.text(2920));
      script.drain();
      script.pass(4);
      script.guest("A", 1, 2921, "");
      script.host(TcpScript.text(2920));
      script.drain(); // both lost
      script.pass(100);
      assertThat(script.drain()).isNotEmpty().allMatch(s -> s.seq() == 2921 + 1460);
    }
  }

  @Test
  void timestampsAreEchoedAndTheOldIsRefused() {
    byte[] offer = {2, 4, 5, (byte) 180, 1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0};
    try (TcpScript script = new TcpScript()) {
      script.hold(offer);
      script.connection.accept(script.now);
      TcpOptions agreed = script.expect("SA", 0, 1).options();
      assertThat(agreed.tsEcr()).isEqualTo(100);
      script.guestStamped("A", 1, 1, "", 110);
      script.guestStamped("A", 1, 1, "x", 120);
      script.pass(3);
      TcpScript.Segment answer = script.expect("A", 1, 2);
      assertThat(answer.options().tsEcr()).isEqualTo(120);
      script.guestStamped("A", 2, 1, "from before the wrap", 90);
      script.expect("A", 1, 2);
      assertThat(script.received).hasToString("x");
      script.host(TcpScript.text(3000));
      assertThat(script.drain()).allMatch(s -> s.mss() == 1448);
    }
  }

  /** RFC 7323 5.3 with Linux's tolerance: a tick, and bare ACKs that were overtaken. */
  @ParameterizedTest
  @CsvSource({
    "1000, x, A 1 2", // the same tick
    "999, x, A 1 2",
    "998, x, A 1 1", // old: acknowledged, not taken
    "998, '', -", // an overtaken ACK
    "500, '', A 1 1", // by far too late
    "-2147482648, x, A 1 2", // half the circle away is newer
    "2147484647, x, A 1 2",
  })
  void timestampsOfThePast(long stamp, String text, String answer) {
    byte[] offer = {2, 4, 5, (byte) 180, 1, 1, 8, 10, 0, 0, 3, (byte) 232, 0, 0, 0, 0};
    try (TcpScript script = new TcpScript()) {
      script.hold(offer);
      script.connection.accept(script.now);
      script.guestStamped("A", 1, 1, "", 1000);
      script.drain();
      script.guestStamped("A", 1, 1, text, (int) stamp);
      script.pass(3);
      List<String> said =
          script.drain().stream().map(s -> s.flagText() + " " + s.seq() + " " + s.ack()).toList();
      assertThat(said.isEmpty() ? "-" : String.join(", ", said)).isEqualTo(answer);
    }
  }

  /** RFC 7323 4.3: the echo is of the segment that fills the gap, not of one beyond it. */
  @Test
  void timestampsOfEarlyTextAreNotEchoed() {
    byte[] offer = {2, 4, 5, (byte) 180, 1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0};
    try (TcpScript script = new TcpScript()) {
      script.hold(offer);
      script.connection.accept(script.now);
      script.guestStamped("A", 1, 1, "", 101);
      script.drain();
      script.guestStamped("A", 11, 1, "0123456789", 110);
      assertThat(script.expect("A", 1, 1).options().tsEcr()).isEqualTo(101);
      script.guestStamped("A", 1, 1, "0123456789", 108);
      assertThat(script.expect("A", 1, 21).options().tsEcr()).isEqualTo(108);
      script.guest("A", 21, 1, "without"); // like Linux: taken all the same
      assertThat(script.received).hasToString("01234567890123456789without");
    }
  }

  private static String blocks(TcpScript.Segment segment) {
    StringBuilder text = new StringBuilder();
    TcpOptions options = segment.options();
    for (int i = 0; i < options.sackCount(); i++) {
      text.append(i > 0 ? " " : "")
          .append(options.sackLeft(i) - TcpScript.GUEST_ISN)
          .append('-')
          .append(options.sackRight(i) - TcpScript.GUEST_ISN);
    }
    return text.toString();
  }
}
