package io.slipway.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.flow.FlowKit.FakeStream;
import io.slipway.route.AccessList;
import io.slipway.route.RouterConfig;
import io.slipway.wire.IpAddress;
import io.slipway.wire.TcpHeader;
import org.junit.jupiter.api.Test;

/** A guest's TCP conversation from SYN to the end, and every way in which it fails. */
final class TcpFlowTest {
  private static final int SYN = TcpHeader.SYN;
  private static final int ACK = TcpHeader.ACK;
  private static final int RST = TcpHeader.RST;
  private static final int FIN = TcpHeader.FIN;
  private static final int PORT = 40000;
  private int ourSeq;

  /** SYN, connect, SYN-ACK, ACK. */
  private FakeStream establish(FlowKit kit) {
    kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
    FakeStream stream = kit.streams.getLast();
    stream.connected();
    ourSeq = kit.lastSeq(kit.frames.getLast()) + 1;
    assertThat(kit.nextFrame()).startsWith("tcp 192.0.2.7 flags 12");
    kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 1001, ourSeq, "");
    assertThat(stream.reading).isTrue();
    return stream;
  }

  @Test
  void guestIsAnsweredOnlyWhenTheHostHas() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      assertThat(kit.streams.getLast().target).hasToString("192.0.2.7:80");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      kit.streams.getLast().connected();
      assertThat(kit.nextFrame()).startsWith("tcp 192.0.2.7 flags 12");
      assertThat(kit.events).containsExactly("opened tcp");
    }
  }

  @Test
  void bytesCrossBothWaysAndBothEndsClose() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 1001, ourSeq, "request");
      assertThat(stream.written).hasToString("request");
      kit.frames.clear();
      stream.data("answer");
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 18 \"answer\"");
      stream.events.onEof();
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 11 \"\"");
      kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 1008, ourSeq + 7, "");
      assertThat(stream.calls).isEmpty();
      kit.tcp(PORT, FlowKit.REMOTE, 80, FIN | ACK, 1008, ourSeq + 7, "");
      assertThat(stream.calls).containsExactly("close");
      stream.gone();
      kit.pass(2100);
      assertThat(kit.events).endsWith("closed tcp finished 7/6");
      assertThat(kit.flows.size()).isZero();
    }
  }

  @Test
  void guestsHalfCloseIsTheHostsHalfClose() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      kit.tcp(PORT, FlowKit.REMOTE, 80, FIN | ACK, 1001, ourSeq, "last");
      assertThat(stream.written).hasToString("last");
      assertThat(stream.calls).containsExactly("shutdown");
      kit.frames.clear();
      stream.data("still talking");
      assertThat(kit.nextFrame()).contains("still talking");
    }
  }

  @Test
  void refusedBecomesReset() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.streams.getLast().events.onConnectFailed(111);
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 14 \"\"");
      assertThat(kit.events).containsExactly("refused tcp host_refused");
      assertThat(kit.flows.size()).isZero();
    }
  }

  @Test
  void unreachableBecomesIcmpOfTheSameMeaning() {
    int[][] rows = {{101, 0}, {113, 1}, {13, 13}};
    for (int[] row : rows) {
      try (FlowKit kit = new FlowKit()) {
        kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
        kit.streams.getLast().events.onConnectFailed(row[0]);
        assertThat(kit.nextFrame()).endsWith(" 3/" + row[1]);
        assertThat(kit.nextFrame()).isEqualTo("nothing");
        assertThat(kit.flows.size()).isZero();
      }
    }
  }

  @Test
  void whoRejectsTheConnectionIsNamed() {
    IpAddress router = IpAddress.parse("198.51.100.9");
    int[][] said = {{11, 0}, {3, 13}, {3, 1}, {3, 10}};
    String[] words = {"ttl_exceeded", "admin_prohibited", "host_unreachable", "icmp_3_10"};
    for (int i = 0; i < said.length; i++) {
      int[] error = said[i];
      try (FlowKit kit = new FlowKit()) {
        kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
        kit.streams
            .getLast()
            .events
            .onConnectRejected(error[0], error[1], router.high(), router.low());
        assertThat(kit.nextFrame()).isEqualTo("icmp " + router + " " + error[0] + "/" + error[1]);
        assertThat(kit.nextFrame()).isEqualTo("nothing");
        assertThat(kit.events).containsExactly("refused tcp " + words[i]);
        assertThat(kit.flows.size()).isZero();
      }
    }
  }

  @Test
  void anUnusualHopLimitIsTheHostsToo() {
    try (FlowKit kit = new FlowKit()) {
      kit.hopLimit = 3;
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.hopLimit = 64;
      kit.tcp(PORT + 1, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.hopLimit = 3;
      kit.tcp(PORT + 2, IpAddress.parse("10.0.2.2"), 80, SYN, 1000, 0, "");
      assertThat(kit.streams.stream().map(stream -> stream.hopLimit)).containsExactly(2, 0, 0);
    }
  }

  @Test
  void silenceStaysSilence() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.streams.getLast().events.onConnectFailed(110);
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      assertThat(kit.events).containsExactly("refused tcp host_silent");
    }
  }

  @Test
  void attemptIsDroppedWhenTheGuestGivesUp() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.pass(3100);
      assertThat(kit.streams.getLast().calls).containsExactly("abort");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
    }
  }

  @Test
  void noDescriptorsLeftIsAReset() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      kit.streams.getLast().events.onConnectFailed(24);
      assertThat(kit.nextFrame()).startsWith("tcp 192.0.2.7 flags 14");
      assertThat(kit.events).containsExactly("refused tcp host_socket");
    }
  }

  @Test
  void resetsCrossBothWays() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      kit.tcp(PORT, FlowKit.REMOTE, 80, RST, 1001, 0, "");
      assertThat(stream.calls).containsExactly("abort");
      stream.gone();
      assertThat(kit.events).endsWith("closed tcp guest_reset 0/0");
    }
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      kit.frames.clear();
      stream.events.onFailed(104);
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 14 \"\"");
      assertThat(kit.events).endsWith("closed tcp host_reset 0/0");
    }
  }

  @Test
  void windowFollowsWhatTheHostTakes() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      stream.pending = 60_000;
      kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 1001, ourSeq, "x".repeat(60_000));
      assertThat(window(kit)).isEqualTo(100_000 - 60_000);
      stream.pending = 0;
      stream.events.onDrained();
      kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 61_001, ourSeq, "y".repeat(3000));
      assertThat(window(kit)).isEqualTo(65535);
    }
  }

  private static int window(FlowKit kit) {
    byte[] frame = kit.frames.getLast();
    return (frame[14 + 20 + 14] & 0xff) << 8 | (frame[14 + 20 + 15] & 0xff);
  }

  @Test
  void readsPauseWhileTheGuestDoesNotAcknowledge() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      int given = 0;
      while (stream.reading) {
        stream.data("z".repeat(10_000));
        given += 10_000;
      }
      assertThat(given).isBetween(90_000, 130_000);
      int acknowledged = 0;
      while (!stream.reading) {
        acknowledged += 1460;
        kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 1001, ourSeq + acknowledged, "");
      }
      assertThat(acknowledged).isBetween(30_000, 90_000);
    }
  }

  @Test
  void policyRefusesAtOnce() {
    RouterConfig policy = RouterConfig.DEFAULT.withDeny(AccessList.parse("192.0.2.0/24"));
    try (FlowKit kit = new FlowKit(policy, new FlowLimits(10, 1 << 20, 1 << 16))) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      assertThat(kit.streams).isEmpty();
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 14 \"\"");
      assertThat(kit.events).containsExactly("refused tcp policy");
    }
  }

  @Test
  void flowsAreBounded() {
    try (FlowKit kit = new FlowKit(RouterConfig.DEFAULT, new FlowLimits(3, 1 << 20, 1 << 16))) {
      kit.udp(9, FlowKit.REMOTE, 9, "old mapping");
      for (int port = 1; port <= 4; port++) {
        kit.tcp(port, FlowKit.REMOTE, 80, SYN, 1000, 0, "");
      }
      assertThat(kit.sockets.getFirst().closed).isTrue(); // the mapping went first
      assertThat(kit.streams).hasSize(3);
      assertThat(kit.events).contains("closed udp evicted 11/0", "refused tcp flow_limit");
    }
  }

  @Test
  void strangersAreReset() {
    try (FlowKit kit = new FlowKit()) {
      kit.tcp(PORT, FlowKit.REMOTE, 80, ACK, 5, 6, "who are you");
      assertThat(kit.lastSeq(kit.frames.getLast())).isEqualTo(6);
      assertThat(kit.nextFrame()).isEqualTo("tcp 192.0.2.7 flags 4 \"\"");
      kit.tcp(PORT, FlowKit.REMOTE, 80, RST, 5, 6, "");
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN | FIN, 5, 6, "");
      kit.tcp(PORT, IpAddress.parse("224.0.0.1"), 80, SYN, 5, 6, "");
      kit.tcp(PORT, IpAddress.parse("10.0.2.255"), 80, SYN, 5, 6, "");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      assertThat(kit.streams).isEmpty();
    }
  }

  @Test
  void portIsUsedAgainWhileTheOldConnectionWaits() {
    try (FlowKit kit = new FlowKit()) {
      FakeStream stream = establish(kit);
      stream.events.onEof();
      kit.tcp(PORT, FlowKit.REMOTE, 80, FIN | ACK, 1001, ourSeq + 1, "");
      stream.gone();
      kit.tcp(PORT, FlowKit.REMOTE, 80, SYN, 9000, 0, "");
      assertThat(kit.streams).hasSize(2);
    }
  }
}
