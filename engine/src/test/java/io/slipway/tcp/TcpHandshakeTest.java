package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.wire.TcpOptions;
import org.junit.jupiter.api.Test;

/** RFC 9293 3.5 and 3.10.7.2 to .4: how connections begin, or do not. */
final class TcpHandshakeTest {
  @Test
  void heldSynIsNotAnswered() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.pass(900);
      script.guestSyn(0, TcpScript.mssOption(1460));
      script.expectNothing();
      assertThat(script.connection.state()).isEqualTo(TcpState.HELD);
    }
  }

  @Test
  void heldSynIsDroppedWhenTheGuestFallsSilent() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.pass(1000);
      script.guestSyn(0);
      script.pass(2990);
      assertThat(script.events).isEmpty();
      script.pass(500);
      script.expectEvent("closed GUEST_GAVE_UP");
      script.expectNothing();
    }
  }

  @Test
  void doublingSynIntervalsKeepTheAttemptAlive() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      for (int gap = 1; gap <= 32; gap *= 2) {
        script.pass(gap * 1000L);
        script.guestSyn(0);
        assertThat(script.connection.state()).isEqualTo(TcpState.HELD);
      }
    }
  }

  @Test
  void newSynReplacesTheHeldOne() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.guestSyn(5000, TcpScript.mssOption(1000));
      script.connection.accept(script.now);
      script.expect("SA", 0, 5001);
    }
  }

  @Test
  void refusedIsResetThatAcknowledgesTheSyn() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.refuse(CloseReason.HOST_REFUSED, script.now);
      assertThat(script.expect("RA", -TcpScript.OUR_ISN, 1).window()).isZero();
      script.expectEvent("closed HOST_REFUSED");
    }
  }

  @Test
  void refusalAcknowledgesTheTextOfTheSynToo() {
    try (TcpScript script = new TcpScript()) {
      script.connection.hold(script.segment("S", 0, 0, "early"), script.now);
      script.connection.refuse(CloseReason.HOST_REFUSED, script.now);
      script.expect("RA", -TcpScript.OUR_ISN, 6);
    }
  }

  @Test
  void synAckOffersScalingOnlyWhenOffered() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      TcpOptions plain = script.expect("SA", 0, 1).options();
      assertThat(plain.mss()).isEqualTo(1460);
      assertThat(plain.windowScale()).isEqualTo(-1);
    }
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.guestSyn(7, new byte[] {2, 4, 5, (byte) 180, 3, 3, 9});
      script.connection.accept(script.now);
      TcpScript.Segment answer = script.expect("SA", 0, 8);
      assertThat(answer.options().windowScale()).isEqualTo(6);
      assertThat(answer.window()).isEqualTo(65535); // never scaled in a SYN
    }
  }

  @Test
  void lostSynAckIsRepeatedAtDoublingIntervals() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      for (long wait = 1000; wait <= 16000; wait *= 2) {
        script.pass(wait - 100);
        script.expectNothing();
        script.pass(110);
        script.expect("SA", 0, 1);
      }
      script.pass(32100);
      script.expect("RA", 1, 1);
      script.expectEvent("closed HANDSHAKE_TIMEOUT");
    }
  }

  /** RFC 3168 6.1.1: asked for ECN we answer without, and its marks mean nothing afterwards. */
  @Test
  void explicitCongestionNotificationIsRefused() {
    try (TcpScript script = new TcpScript()) {
      script.connection.hold(script.segment("SEC", 0, 0, ""), script.now);
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("A", 1, 1, "");
      script.guest("APC", 1, 1, "reduced");
      script.pass(50);
      script.expect("A", 1, 8);
      script.guest("AE", 8, 1, "");
      script.host("no echo");
      script.expect("AP", 1, 8, "no echo");
      assertThat(script.received).hasToString("reduced");
    }
  }

  /** RFC 9293 3.10.7.2 lets text on a SYN wait; like Linux we leave it to be sent again. */
  @Test
  void textOnTheSynIsSentAgain() {
    try (TcpScript script = new TcpScript()) {
      script.connection.hold(script.segment("S", 0, 0, "early"), script.now);
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("AP", 1, 1, "early");
      assertThat(script.received).hasToString("early");
    }
  }

  /** RFC 7323 2.3: a shift of 15 counts as 14; the window of the SYN itself is not scaled. */
  @Test
  void windowScaleIsBounded() {
    try (TcpScript script = new TcpScript()) {
      script.hold(new byte[] {2, 4, 5, (byte) 180, 1, 3, 3, 15});
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("A", 1, 1, "", 1); // 16384 bytes, not 32768
      script.host(TcpScript.text(40_000));
      int sent = script.drain().stream().mapToInt(segment -> segment.payload().length()).sum();
      assertThat(sent).isBetween(1460, 16_384);
      script.guest("A", 1, 1 + sent, "", 1);
      sent += script.drain().stream().mapToInt(segment -> segment.payload().length()).sum();
      assertThat(sent).isGreaterThan(16_384);
    }
  }

  /** Options of impossible lengths end the reading; those before them count. */
  @Test
  void absurdOptionsHarmNobody() {
    byte[][] absurd = {
      {2, 0, 5, (byte) 180},
      {2, 1, 5, (byte) 180},
      {2, 40, 5, (byte) 180},
      {3, 3, 7, 2}, // a kind without a length at the very end
      {8, 10, 0, 0},
      {(byte) 254, 2, 1, 1},
      new byte[40],
    };
    for (byte[] options : absurd) {
      try (TcpScript script = new TcpScript()) {
        script.hold(options);
        script.connection.accept(script.now);
        script.expect("SA", 0, 1);
        script.guest("AP", 1, 1, "fine");
        assertThat(script.received).hasToString("fine");
        script.host(TcpScript.text(600));
        assertThat(script.drain().getLast().mss()).isEqualTo(536);
      }
    }
  }

  @Test
  void repeatedSynGetsTheSynAckAgain() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guestSyn(0, TcpScript.mssOption(1460));
      script.expect("SA", 0, 1);
    }
  }

  @Test
  void wrongAcknowledgementOfOurSynIsReset() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("A", 1, 77, "");
      script.expect("R", 77, 0);
      assertThat(script.connection.state()).isEqualTo(TcpState.SYN_RECEIVED);
    }
  }

  @Test
  void thirdSegmentMayCarryData() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("AP", 1, 1, "hello");
      script.expectEvent("established");
      assertThat(script.received).hasToString("hello");
      script.pass(3);
      script.expect("A", 1, 6);
    }
  }

  @Test
  void resetInHandshakeEndsIt() {
    try (TcpScript script = new TcpScript()) {
      script.hold();
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("R", 1, 0, "");
      script.expectEvent("closed GUEST_REFUSED");
    }
  }

  @Test
  void weConnectToTheGuest() {
    try (TcpScript script = new TcpScript()) {
      script.connection.connect(script.now);
      TcpScript.Segment syn = script.expect("S", 0, 0);
      assertThat(syn.options().windowScale()).isEqualTo(6);
      script.guest("SA", 0, 1, "");
      script.expectEvent("established");
      script.expect("A", 1, 1);
      script.host("x");
      script.expect("AP", 1, 1, "x");
    }
  }

  @Test
  void theGuestRefusesUs() {
    try (TcpScript script = new TcpScript()) {
      script.connection.connect(script.now);
      script.expect("S", 0, 0);
      script.guest("R", 0, 0, ""); // without ACK: not for us
      assertThat(script.connection.state()).isEqualTo(TcpState.SYN_SENT);
      script.guest("RA", 0, 1, "");
      script.expectEvent("closed GUEST_REFUSED");
    }
  }

  @Test
  void simultaneousOpen() {
    try (TcpScript script = new TcpScript()) {
      script.connection.connect(script.now);
      script.expect("S", 0, 0);
      script.guestSyn(0, TcpScript.mssOption(1460));
      script.expect("SA", 0, 1);
      script.guest("A", 1, 1, "");
      script.expectEvent("established");
    }
  }

  /** RFC 9293 3.5 figure 7: both send SYN, and both answer with SYN-ACK. */
  @Test
  void simultaneousOpenByCrossingSynAcks() {
    try (TcpScript script = new TcpScript()) {
      script.connection.connect(script.now);
      script.expect("S", 0, 0);
      script.guestSyn(0, TcpScript.mssOption(1460));
      script.expect("SA", 0, 1);
      script.guest("SA", 0, 1, "");
      script.expectEvent("established");
      script.guest("A", 1, 1, "hello");
      assertThat(script.received).hasToString("hello");
    }
  }

  @Test
  void absurdSegmentSizesAreBounded() {
    for (int mss : new int[] {0, 1, 47, 48, 536, 1460, 65535}) {
      try (TcpScript script = new TcpScript()) {
        script.hold();
        script.guestSyn(1, TcpScript.mssOption(mss));
        script.connection.accept(script.now);
        script.expect("SA", 0, 2);
        script.guest("A", 2, 1, "");
        script.host(TcpScript.text(600));
        int expected = mss == 0 ? 536 : Math.clamp(mss, 48, 1460);
        assertThat(script.drain().getFirst().mss()).as("MSS " + mss).isEqualTo(expected);
      }
    }
  }
}
