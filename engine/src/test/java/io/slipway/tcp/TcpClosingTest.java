package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9293 3.6: how connections end, in order and otherwise; RFC 5961: and how they do not. */
final class TcpClosingTest {
  @Test
  void theGuestEndsFirst() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("FA", 1, 1, "");
      script.expectEvent("finish");
      script.expectNothing(); // the host's end, often close behind, takes the acknowledgement along
      script.pass(3);
      script.expect("A", 1, 2);
      script.host("the rest"); // half-closed: we still send
      script.expect("AP", 1, 2, "the rest");
      script.connection.finish(script.now);
      script.expect("FA", 9, 2);
      script.guest("A", 2, 10, "");
      script.expectEvent("closed FINISHED");
    }
  }

  @Test
  void oneSegmentAnswersAndEnds() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("FA", 1, 1, "");
      script.expectEvent("finish");
      script.connection.finish(script.now);
      script.expect("FA", 1, 2);
      script.guest("A", 2, 2, "");
      script.expectEvent("closed FINISHED");
      script.expectNothing();
    }
  }

  @Test
  void weEndFirstAndStillReceive() {
    try (TcpScript script = TcpScript.established()) {
      script.connection.finish(script.now);
      script.expect("FA", 1, 1);
      script.guest("A", 1, 2, "");
      assertThat(script.connection.state()).isEqualTo(TcpState.FIN_WAIT_2);
      script.guest("AP", 1, 2, "late");
      script.pass(3);
      script.expect("A", 2, 5);
      assertThat(script.received).hasToString("late");
      script.guest("FA", 5, 2, "");
      script.expectEvent("finish");
      script.expect("A", 2, 6);
      assertThat(script.connection.state()).isEqualTo(TcpState.TIME_WAIT);
      script.guest("FA", 5, 2, "");
      script.expect("A", 2, 6);
      script.pass(2010);
      script.expectEvent("closed FINISHED");
    }
  }

  @Test
  void bothEndAtOnce() {
    try (TcpScript script = TcpScript.established()) {
      script.connection.finish(script.now);
      script.expect("FA", 1, 1);
      script.guest("FA", 1, 1, "");
      script.expect("A", 2, 2);
      assertThat(script.connection.state()).isEqualTo(TcpState.CLOSING);
      script.guest("A", 2, 2, "");
      assertThat(script.connection.state()).isEqualTo(TcpState.TIME_WAIT);
    }
  }

  @Test
  void finWaitsBehindQueuedData() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("A", 1, 1, "", 0);
      script.host("abc");
      script.connection.finish(script.now);
      script.expectNothing();
      script.guest("A", 1, 1, "", 500);
      script.expect("FAP", 1, 1, "abc");
      script.pass(300); // lost: both come again
      script.expect("FAP", 1, 1, "abc");
      script.guest("A", 1, 4, "", 500); // the data arrived, the FIN did not
      script.pass(500);
      script.expect("FA", 4, 1, "");
      script.guest("A", 1, 5, "", 500);
      assertThat(script.connection.state()).isEqualTo(TcpState.FIN_WAIT_2);
    }
  }

  @Test
  void finThatComesEarlyWaitsForTheGap() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("FA", 4, 1, "def");
      script.expect("A", 1, 1);
      assertThat(script.events).isEmpty();
      script.guest("A", 1, 1, "abc");
      script.expectEvent("finish");
      script.expect("A", 1, 8);
      assertThat(script.received).hasToString("abcdef");
    }
  }

  @Test
  void exactResetEnds() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("R", 1, 0, "");
      script.expectEvent("closed GUEST_RESET");
      script.expectNothing();
    }
  }

  @Test
  void resetElsewhereInTheWindowIsChallenged() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("R", 100, 0, "");
      script.expect("A", 1, 1);
      script.guest("R", 0, 0, ""); // before the window
      script.guest("R", 3_000_000, 0, ""); // beyond
      script.expectNothing();
      assertThat(script.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    }
  }

  @Test
  void synInTheWindowIsChallenged() {
    try (TcpScript script = TcpScript.established()) {
      script.guestSyn(50);
      script.expect("A", 1, 1);
      assertThat(script.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    }
  }

  @Test
  void abortResetsTheGuest() {
    try (TcpScript script = TcpScript.established()) {
      script.host("unacknowledged");
      script.drain();
      script.connection.abort(CloseReason.HOST_RESET, script.now);
      script.expect("RA", 15, 1);
      script.expectEvent("closed HOST_RESET");
    }
  }

  @Test
  void timeWaitYieldsToANewerSynOnly() {
    try (TcpScript script = TcpScript.established()) {
      script.connection.finish(script.now);
      script.guest("FA", 1, 2, "");
      assertThat(script.connection.state()).isEqualTo(TcpState.TIME_WAIT);
      assertThat(script.yieldsToSyn(1)).isFalse();
      assertThat(script.yieldsToSyn(3)).isTrue();
      script.drain();
    }
  }

  /** RFC 6191: a newer timestamp opens the port again, an older one never does. */
  @Test
  void timeWaitYieldsToANewerTimestamp() {
    byte[] newer = {1, 1, 8, 10, 0, 0, 0, 120, 0, 0, 0, 0};
    byte[] older = {1, 1, 8, 10, 0, 0, 0, 90, 0, 0, 0, 0};
    try (TcpScript script = new TcpScript()) {
      script.hold(new byte[] {1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0});
      script.connection.accept(script.now);
      script.guestStamped("A", 1, 1, "", 101);
      script.connection.finish(script.now);
      script.guestStamped("FA", 1, 2, "", 102);
      assertThat(script.connection.state()).isEqualTo(TcpState.TIME_WAIT);
      assertThat(script.yieldsToSyn(-1000, newer)).isTrue();
      assertThat(script.yieldsToSyn(-1000)).isFalse();
      assertThat(script.yieldsToSyn(1000, older)).isFalse();
      script.drain();
    }
  }

  /** A guest that says more after its end is reset, like by Linux. */
  @Test
  void textBehindTheEndResets() {
    try (TcpScript script = TcpScript.established()) {
      script.guest("FA", 1, 1, "");
      script.drain();
      script.guest("A", 1, 1, "more");
      script.expect("R", 1, 0);
      script.expectEvent("closed GUEST_RESET");
    }
  }

  @Test
  void silentGuestIsProbedAndGivenUp() {
    TcpConfig probing = TcpConfig.DEFAULT.withKeepalive(10_000 * TcpScript.MILLIS);
    try (TcpScript script = TcpScript.established(probing)) {
      script.pass(10_100);
      script.expect("A", 0, 1);
      script.guest("A", 1, 1, "");
      script.pass(9_000);
      script.expectNothing();
      script.pass(30_000);
      assertThat(script.drain()).hasSize(5); // four questions, then the reset
      script.expectEvent("closed GUEST_TIMEOUT");
    }
  }
}
