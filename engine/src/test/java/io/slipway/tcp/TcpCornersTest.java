package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Where windows shrink, reopen and mislead: corners in which a connection could stall for good. */
final class TcpCornersTest {
  /** An ACK must stay inside a window that the guest shrank, or the guest discards it. */
  @Test
  void acknowledgementStaysInsideAShrunkWindow() {
    try (TcpScript s = TcpScript.established()) {
      s.host(TcpScript.text(3000));
      s.drain();
      s.guest("A", 1, 1, "", 0); // Linux 6.x: no memory, in-flight data dropped, window 0
      s.drain();
      s.guest("AP", 1, 1, "upload", 0);
      s.pass(3);
      s.expect("A", 1, 7);
    }
  }

  /** The persist deadline of a long stall must not become the RTO of what follows it. */
  @Test
  void lossAfterAReopenedWindowIsRepairedInTime() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, "", 0);
      s.host("hello");
      for (int i = 0; i < 30; i++) {
        s.pass(1000);
        if (!s.drain().isEmpty()) {
          s.guest("A", 1, 1, "", 0);
        }
      }
      s.guest("A", 1, 1, "");
      s.expect("AP", 1, 1, "hello"); // lost
      s.pass(3500);
      s.expect("AP", 1, 1, "hello");
    }
  }

  /** Data in flight when the window closed goes again soon after it opens. */
  @Test
  void dataDroppedByAShrunkWindowGoesAgainSoonAfterItOpens() {
    try (TcpScript s = TcpScript.established()) {
      s.host(TcpScript.text(3000));
      s.drain();
      s.guest("A", 1, 1, "", 0);
      for (int i = 0; i < 40; i++) {
        s.pass(1000);
        if (!s.drain().isEmpty()) {
          s.guest("A", 1, 1, "", 0);
        }
      }
      s.drain();
      s.guest("A", 1, 1, "", 3000);
      s.pass(3500);
      assertThat(s.drain()).as("retransmissions").isNotEmpty();
    }
  }

  /** A FIN lost while the guest's window is closed is sent again. */
  @Test
  void finIsRepeatedThroughAClosedWindow() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, "", 0);
      s.drain();
      s.connection.finish(s.now);
      s.expect("AF", 1, 1);
      s.pass(1300);
      assertThat(s.drain()).anyMatch(x -> x.flagText().contains("F"));
    }
  }

  /** A FIN below rcvNxt must not hide the real one. */
  @Test
  void oldFinDoesNotHideTheRealOne() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, "abc");
      s.guest("AF", 1, 1, "ab"); // ends at 3, rcvNxt is 4
      s.guest("AF", 4, 1, "");
      s.expectEvent("finish");
    }
  }

  /** Small segments of the guest are acknowledged by their own size. */
  @Test
  void everySecondSegmentOfAGuestWithASmallerMss() {
    try (TcpScript s = TcpScript.established()) {
      int seq = 1;
      for (int i = 0; i < 16; i++) {
        s.guest("A", seq, 1, TcpScript.text(536));
        seq += 536;
      }
      s.drain();
      s.guest("A", seq, 1, TcpScript.text(536));
      s.guest("A", seq + 536, 1, TcpScript.text(536));
      s.expect("A", 1, seq + 1072);
    }
  }

  /** RFC 5961 5: data with an ACK older than the largest window is not taken. */
  @Test
  void blindDataIsChallenged() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1 - 1_000_000_000, "evil");
      assertThat(s.received.toString()).isEmpty();
      s.expect("A", 1, 1);
    }
  }

  /** The same where nothing was ever acknowledged: like Linux, no ACK from before our SYN. */
  @Test
  void acknowledgementFromBeforeTheBeginningIsChallenged() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 0, "evil");
      assertThat(s.received.toString()).isEmpty();
      s.expect("A", 1, 1);
      s.host("0123456789");
      s.drain();
      s.guest("A", 1, 11, "");
      s.guest("A", 1, 1, "late"); // acknowledged later than it was sent: not evil
      assertThat(s.received).hasToString("late");
    }
  }

  /**
   * What comes twice is text, of which no loop of answers comes: each is told of, without bound.
   */
  @Test
  void everyRepetitionIsAcknowledged() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, TcpScript.text(3000));
      s.drain();
      for (int i = 0; i < 200; i++) {
        s.guest("A", 1, 1, "abc");
        s.expect("A", 1, 3001);
      }
    }
  }

  /** RFC 6093: urgent text comes in line, wherever the pointer points. */
  @Test
  void urgentTextIsText() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("AU", 1, 1, "urgent");
      s.guest("AUP", 7, 1, "!");
      assertThat(s.received).hasToString("urgent!");
    }
  }

  /** RFC 1122 4.2.3.6: a guest that asks whether we live is told, with or without a byte. */
  @Test
  void keepaliveProbesAreAnswered() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, "abc");
      s.pass(50);
      s.drain();
      s.guest("A", 3, 1, "");
      s.expect("A", 1, 4);
      s.guest("A", 3, 1, "\0");
      s.expect("A", 1, 4);
      assertThat(s.received).hasToString("abc");
    }
  }

  /** Sockstress: a window of one byte, for ever. We probe ever more rarely, and send that byte. */
  @Test
  void aWindowOfOneByteIsServedRarely() {
    try (TcpScript s = TcpScript.established()) {
      s.guest("A", 1, 1, "", 1);
      s.host(TcpScript.text(3000));
      int segments = 0;
      int acked = 1;
      for (int second = 0; second < 120; second++) {
        s.pass(1000);
        for (TcpScript.Segment segment : s.drain()) {
          segments++;
          acked = Math.max(acked, segment.seq() + segment.payload().length());
        }
        s.guest("A", 1, acked, "", 1);
      }
      assertThat(acked).isGreaterThan(2);
      assertThat(segments).isLessThan(500);
      assertThat(s.connection.state()).isEqualTo(TcpState.ESTABLISHED);
    }
  }

  /** Acknowledging what is not here yet gains a guest nothing that was not sent. */
  @Test
  void optimisticAcknowledgementsAreNotBelieved() {
    try (TcpScript s = TcpScript.established()) {
      s.host(TcpScript.text(100_000));
      int sent = s.drain().stream().mapToInt(segment -> segment.payload().length()).sum();
      s.guest("A", 1, 1 + sent + 1, "");
      assertThat(s.expect("A", 1 + sent, 1).payload()).isEmpty(); // a challenge, and no text
      s.expectNothing();
      assertThat(s.connection.queued()).isEqualTo(100_000);
    }
  }

  /** One-byte pieces out of order do not take 2 KiB each, uncounted. */
  @Test
  void earlyPiecesCountWhatTheyOccupy() {
    try (TcpScript s = TcpScript.established()) {
      for (int i = 0; i < 200; i++) {
        s.guest("A", 3 + 2 * i, 1, "x");
      }
      // 200 pieces: 409600 bytes of pool memory today, counted as 200
      assertThat(s.connection.held()).isGreaterThanOrEqualTo(200 * 64);
    }
  }
}
