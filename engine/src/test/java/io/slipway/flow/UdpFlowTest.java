package io.slipway.flow;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.route.AccessList;
import io.slipway.route.RouterConfig;
import io.slipway.route.UdpFilter;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import org.junit.jupiter.api.Test;

/** A guest's datagrams: one mapping for all peers, and when it ends (RFC 4787). */
final class UdpFlowTest {
  private static final IpAddress GATEWAY = IpAddress.parse("10.0.2.2");

  @Test
  void oneSocketForAllPeersAndAnyMayAnswer() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 53, "a");
      kit.udp(5000, IpAddress.parse("198.51.100.1"), 99, "b");
      kit.udp(5001, FlowKit.REMOTE, 53, "c");
      assertThat(kit.sockets).hasSize(2);
      assertThat(kit.sockets.getFirst().sent)
          .containsExactly("192.0.2.7:53 a", "198.51.100.1:99 b");
      kit.sockets.getFirst().datagram("203.0.113.5", 7, "unasked");
      assertThat(kit.nextFrame()).isEqualTo("udp 203.0.113.5:7 \"unasked\"");
    }
  }

  @Test
  void gatewayIsTheHostsLoopbackBothWays() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, GATEWAY, 53, "q");
      assertThat(kit.sockets.getFirst().sent).containsExactly("127.0.0.1:53 q");
      kit.sockets.getFirst().datagram("127.0.0.1", 53, "r");
      assertThat(kit.nextFrame()).isEqualTo("udp 10.0.2.2:53 \"r\"");
    }
  }

  @Test
  void portUnreachableComesBackAsIcmp() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, GATEWAY, 9, "anyone?");
      IpAddress loopback = IpAddress.parse("127.0.0.1");
      kit.sockets
          .getFirst()
          .events
          .onError(
              111,
              3,
              3,
              0,
              loopback.high(),
              loopback.low(),
              loopback.high(),
              loopback.low(),
              9,
              Unpooled.EMPTY_BUFFER,
              0,
              0);
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/3");
    }
  }

  @Test
  void thePortIsKeptUnlessItIsAServices() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(1024, FlowKit.REMOTE, 9, "ours");
      kit.udp(1023, FlowKit.REMOTE, 9, "anybody's");
      assertThat(kit.sockets.get(0).wantedPort).isEqualTo(1024);
      assertThat(kit.sockets.get(1).wantedPort).isEqualTo(0);
    }
  }

  @Test
  void atThePortOfItsOwnSocketNobodyListens() {
    try (FlowKit kit = new FlowKit()) {
      int own = 44444;
      kit.udp(own, IpAddress.parse("10.0.2.2"), own, "to myself");
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/3");
      kit.udp(own, FlowKit.REMOTE, own, "to another");
      assertThat(kit.sockets.getFirst().sent).hasSize(1);
    }
  }

  @Test
  void aHopIsTakenOffUnlessTheHostItselfIsMeant() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "out");
      kit.udp(5000, IpAddress.parse("10.0.2.2"), 9, "here");
      assertThat(kit.sockets.getFirst().hops).containsExactly(63, 0);
    }
  }

  @Test
  void whatARouterSaysIsPassedOnAsItSaidIt() {
    IpAddress router = IpAddress.parse("198.51.100.9");
    int hostUnreachable = 113;
    int[][] said = {{11, 0}, {3, 13}, {3, 10}, {3, 1}};
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "probe");
      for (int[] error : said) {
        kit.sockets
            .getFirst()
            .events
            .onError(
                hostUnreachable,
                error[0],
                error[1],
                0,
                router.high(),
                router.low(),
                FlowKit.REMOTE.high(),
                FlowKit.REMOTE.low(),
                9,
                Unpooled.EMPTY_BUFFER,
                0,
                0);
        assertThat(kit.nextFrame()).isEqualTo("icmp " + router + " " + error[0] + "/" + error[1]);
      }
    }
  }

  @Test
  void whatMayNotBeCutIsNotAndTheGuestHearsOfThePath() {
    int tooBig = 90; // EMSGSIZE
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "may be cut");
      kit.dontFragment = true;
      kit.udp(5000, FlowKit.REMOTE, 9, "may not");
      FlowKit.FakeDatagrams socket = kit.sockets.getFirst();
      assertThat(socket.whole).containsExactly(false, true);
      socket.answer = -tooBig;
      kit.udp(5000, FlowKit.REMOTE, 9, "too big");
      assertThat(kit.nextFrame()).as("for what is not known").isEqualTo("nothing");
      socket.pathMtu = 1400;
      kit.udp(5000, FlowKit.REMOTE, 9, "too big");
      assertThat(mtu(kit.frames.peek())).isEqualTo(1400);
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/4");
      ByteBuf waited = Unpooled.directBuffer().writeBytes("..late".getBytes(US_ASCII));
      socket.pathMtu = 1300;
      IpAddress to = FlowKit.REMOTE;
      socket.events.onRefused(tooBig, to.high(), to.low(), 9, waited, 2, 4);
      assertThat(mtu(kit.frames.peek())).isEqualTo(1300);
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/4");
      waited.release();
    }
  }

  private static int mtu(byte[] frame) {
    int icmpAt = EthernetHeader.LENGTH + Ipv4Header.LENGTH;
    return IcmpHeader.mtu4(Unpooled.wrappedBuffer(frame), icmpAt);
  }

  @Test
  void sendErrorsBecomeIcmpAndFullSocketsLoss() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "first");
      kit.sockets.getFirst().answer = -113;
      kit.udp(5000, FlowKit.REMOTE, 9, "second");
      assertThat(kit.nextFrame()).endsWith(" 3/1");
      kit.sockets.getFirst().answer = -11;
      kit.udp(5000, FlowKit.REMOTE, 9, "third");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
    }
  }

  @Test
  void whatWaitedAndWasRefusedBecomesIcmp() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, GATEWAY, 9, "first");
      IpAddress loopback = IpAddress.parse("127.0.0.1");
      ByteBuf waited = Unpooled.directBuffer().writeBytes("..late".getBytes(US_ASCII));
      HostDatagrams.Events events = kit.sockets.getFirst().events;
      events.onRefused(111, loopback.high(), loopback.low(), 9, waited, 2, 4);
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/3");
      events.onRefused(101, loopback.high(), loopback.low(), 9, waited, 2, 4);
      assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/0");
      events.onRefused(11, loopback.high(), loopback.low(), 9, waited, 2, 4);
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      waited.release();
    }
  }

  @Test
  void idleMappingsEndEachAfterItsTime() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 53, "name?");
      kit.udp(5001, FlowKit.REMOTE, 9999, "game");
      kit.pass(9_900);
      assertThat(kit.flows.size()).isEqualTo(2);
      kit.pass(200);
      assertThat(kit.events).endsWith("closed udp idle 5/0");
      kit.sockets.get(1).datagram("192.0.2.7", 9999, "x"); // refreshes
      kit.pass(299_000);
      assertThat(kit.flows.size()).isEqualTo(1);
      kit.pass(2_000);
      assertThat(kit.events).endsWith("closed udp idle 4/1");
      assertThat(kit.sockets.get(1).closed).isTrue();
    }
  }

  @Test
  void refusedDatagramsAreToldOncePolicyForbids() {
    RouterConfig policy = RouterConfig.DEFAULT.withDeny(AccessList.parse("udp://192.0.2.7"));
    try (FlowKit kit = new FlowKit(policy, new FlowLimits(10, 1 << 20, 1 << 16))) {
      kit.udp(5000, FlowKit.REMOTE, 9, "no");
      assertThat(kit.nextFrame()).endsWith(" 3/13");
      kit.udp(5000, IpAddress.parse("198.51.100.1"), 9, "yes");
      kit.udp(5000, FlowKit.REMOTE, 9, "no");
      assertThat(kit.sockets.getFirst().sent).containsExactly("198.51.100.1:9 yes");
      kit.udp(5000, IpAddress.parse("239.1.1.1"), 9, "group");
      kit.udp(5000, IpAddress.parse("10.0.2.255"), 9, "all");
      assertThat(kit.sockets.getFirst().sent).hasSize(1);
    }
  }

  @Test
  void withoutDescriptorsTheOldestMappingGivesWay() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "first");
      kit.socketErrno = 24;
      kit.udp(5001, FlowKit.REMOTE, 9, "second");
      assertThat(kit.sockets.getFirst().closed).isTrue();
      assertThat(kit.events).contains("closed udp evicted 5/0", "refused udp host_socket");
    }
  }

  @Test
  void addressDependentFilteringLetsInWhomTheGuestSentTo() {
    RouterConfig policy =
        RouterConfig.DEFAULT.withHostLoopback(true).withUdpFilter(UdpFilter.ADDRESS);
    try (FlowKit kit = new FlowKit(policy, new FlowLimits(10, 1 << 20, 1 << 16))) {
      kit.udp(5000, FlowKit.REMOTE, 9, "q");
      FlowKit.FakeDatagrams socket = kit.sockets.getFirst();
      socket.datagram("203.0.113.5", 9, "stranger");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      assertThat(kit.counters.dropped(Drop.HOST_SOURCE_FILTERED)).isEqualTo(1);
      socket.datagram("192.0.2.7", 4, "another port");
      assertThat(kit.nextFrame()).isEqualTo("udp 192.0.2.7:4 \"another port\"");
      socket.datagram("127.0.0.1", 4, "loopback");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      kit.udp(5000, GATEWAY, 9, "q");
      socket.datagram("127.0.0.1", 4, "loopback");
      assertThat(kit.nextFrame()).isEqualTo("udp 10.0.2.2:4 \"loopback\"");
    }
  }

  @Test
  void strangersDoNotKeepAFilteredMappingAlive() {
    RouterConfig policy = RouterConfig.DEFAULT.withUdpFilter(UdpFilter.ADDRESS);
    try (FlowKit kit = new FlowKit(policy, new FlowLimits(10, 1 << 20, 1 << 16))) {
      kit.udp(5000, FlowKit.REMOTE, 9, "q");
      kit.pass(200_000);
      kit.sockets.getFirst().datagram("203.0.113.5", 9, "stranger");
      kit.pass(101_000);
      assertThat(kit.sockets.getFirst().closed).isTrue();
    }
  }

  @Test
  void whatCameTogetherAreStillDatagrams() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "q");
      kit.sockets.getFirst().datagrams("192.0.2.7", 9, "onetwo3", 3, 0);
      assertThat(kit.nextFrame()).isEqualTo("udp 192.0.2.7:9 \"one\"");
      assertThat(kit.nextFrame()).isEqualTo("udp 192.0.2.7:9 \"two\"");
      assertThat(kit.nextFrame()).isEqualTo("udp 192.0.2.7:9 \"3\"");
      assertThat(kit.nextFrame()).isEqualTo("nothing");
      assertThat(kit.counters.get(Count.UDP_DATAGRAMS_OUT)).isEqualTo(3);
    }
  }

  @Test
  void answersComeWithThePathsTtlLessOurHop() {
    try (FlowKit kit = new FlowKit()) {
      kit.udp(5000, FlowKit.REMOTE, 9, "q");
      FlowKit.FakeDatagrams socket = kit.sockets.getFirst();
      int[][] arrivedAndSeen = {{57, 56}, {255, 254}, {2, 1}, {1, 1}, {0, 64}};
      for (int[] hops : arrivedAndSeen) {
        socket.datagrams("192.0.2.7", 9, "r", 0, hops[0]);
        assertThat(ttl(kit.frames.poll())).as("of %d", hops[0]).isEqualTo(hops[1]);
      }
      socket.datagrams("127.0.0.1", 9, "the gateway is next door", 0, 60);
      assertThat(ttl(kit.frames.poll())).isEqualTo(64);
    }
  }

  private static int ttl(byte[] frame) {
    return frame[EthernetHeader.LENGTH + 8] & 0xff;
  }
}
