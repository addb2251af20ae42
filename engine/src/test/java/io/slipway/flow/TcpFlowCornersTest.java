package io.slipway.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.flow.FlowKit.FakeStream;
import io.slipway.route.RouterConfig;
import io.slipway.wire.TcpHeader;
import org.junit.jupiter.api.Test;

/** Corners of a flow: early bytes, short batches, connections that only wait out their time. */
final class TcpFlowCornersTest {
  private static final int SYN = TcpHeader.SYN;
  private static final int ACK = TcpHeader.ACK;
  private static final int FIN = TcpHeader.FIN;
  private int ourSeq;

  private FakeStream establish(FlowKit kit, int port) {
    kit.tcp(port, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
    FakeStream stream = kit.streams.getLast();
    stream.connected();
    ourSeq = kit.lastSeq(kit.frames.getLast()) + 1;
    kit.tcp(port, FlowKit.REMOTE, 80, ACK, 1001, ourSeq, "");
    return stream;
  }

  /** Early data of the guest must not keep the host's reads paused for ever. */
  @Test
  void readsResumeWhenOnlyTheReassemblerHeldThemBack() {
    try (FlowKit kit = new FlowKit(RouterConfig.DEFAULT, new FlowLimits(100, 1 << 20, 20_000))) {
      FakeStream stream = establish(kit, 40000);
      stream.data("x".repeat(20_000));
      assertThat(stream.reading).isFalse();
      for (int i = 0; i < 10; i++) { // 14000 early bytes; the first one is missing
        kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 1002 + i * 1400, ourSeq, "y".repeat(1400));
      }
      int end = ourSeq;
      for (int i = 0; i < 40; i++) { // the guest acknowledges whatever comes
        end = Math.min(ourSeq + 20_000, end + 1460);
        kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 1002 + 14_000, end, "");
      }
      kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 1001, end, "y"); // the gap is filled
      assertThat(stream.written.length()).isEqualTo(14_001);
      kit.pass(1000);
      assertThat(stream.reading).as("host reads").isTrue();
    }
  }

  /** Connections in TIME-WAIT hold no descriptor and must not refuse new ones. */
  @Test
  void timeWaitDoesNotFillTheTable() {
    try (FlowKit kit = new FlowKit(RouterConfig.DEFAULT, new FlowLimits(10, 1 << 20, 20_000))) {
      for (int i = 0; i < 15; i++) {
        FakeStream stream = establish(kit, 40000 + i);
        stream.events.onEof(); // host closes first: our side keeps TIME-WAIT
        kit.tcp(40000 + i, FlowKit.REMOTE, 80, FIN | ACK, 1001, ourSeq + 1, "");
        stream.gone();
      }
      assertThat(kit.streams).hasSize(15);
    }
  }

  /** RFC 9293 3.6.1: however much the old connection sent, the new one's numbers lie beyond. */
  @Test
  void sequenceNumbersBeginBeyondThoseOfTheConnectionBefore() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit, 40000);
      int sent = 0;
      while (sent < 1_000_000) {
        stream.data("x".repeat(4000));
        stream.events.onReadBatchEnd();
        sent += 4000;
        kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 1001, ourSeq + sent, "");
      }
      stream.events.onEof();
      int end = ourSeq + sent + 1;
      kit.tcp(40000, FlowKit.REMOTE, 80, FIN | ACK, 1001, end, "");
      stream.gone();
      kit.tcp(40000, FlowKit.REMOTE, 80, SYN, 5000, 0, "");
      kit.streams.getLast().connected();
      int iss = kit.lastSeq(kit.frames.getLast());
      assertThat(kit.streams).hasSize(2);
      assertThat(iss - end).isEqualTo(65537);
    }
  }

  /** A payload between GATHER and SLICE_FROM behind a short one in the same batch. */
  @Test
  void middlingPayloadBehindAShortOne() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit, 40000);
      kit.noBatchEnd = true;
      kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 1001, ourSeq, "a".repeat(1000));
      kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 2001, ourSeq, "b".repeat(40_000));
      kit.noBatchEnd = false;
      kit.tcp(40000, FlowKit.REMOTE, 80, ACK, 42_001, ourSeq, "c");
      assertThat(stream.written.length()).isEqualTo(41_001);
    }
  }
}
