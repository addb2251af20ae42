package io.slipway.flow;

import static io.slipway.flow.FlowKit.GUEST;
import static io.slipway.flow.FlowKit.REMOTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.route.AccessList;
import io.slipway.route.EchoMode;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Drop;
import io.slipway.wire.Checksum;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of a guest's pings. */
final class EchoFlowTest {
  private static final IpAddress ROUTER = IpAddress.parse("198.51.100.9");
  private static final int IP_AT = EthernetHeader.LENGTH;
  private static final int ICMP_AT = IP_AT + Ipv4Header.LENGTH;
  private static final int EACCES = 13;
  private static final int EMFILE = 24;
  private static final int EMSGSIZE = 90;

  private FlowKit kit = new FlowKit();

  @AfterEach
  void close() {
    kit.close();
  }

  @Test
  void oneSocketServesAnIdentifierWhoeverItPings() {
    IpAddress other = IpAddress.parse("192.0.2.8");
    kit.echo(5, 1, REMOTE, 64, "one");
    kit.echo(5, 2, other, 9, "two");
    kit.echo(6, 1, REMOTE, 64, "three");
    assertThat(kit.echoes).hasSize(2);
    assertThat(kit.echoes.get(0).sent)
        .containsExactly("192.0.2.7 hops 63 seq 1 one", "192.0.2.8 hops 8 seq 2 two");
    assertThat(kit.echoes.get(1).sent).containsExactly("192.0.2.7 hops 63 seq 1 three");
    assertThat(kit.events).containsExactly("opened icmp", "opened icmp");
  }

  @Test
  void repliesHaveTheGuestsIdentifierAndOneHopLess() {
    kit.echo(5, 300, REMOTE, 64, "hello");
    kit.echoes.get(0).reply(REMOTE, 300, 57, "hello");
    ByteBuf frame = Unpooled.wrappedBuffer(kit.frames.remove());
    assertThat(IpAddress.of(Ipv4Header.source(frame, IP_AT))).isEqualTo(REMOTE);
    assertThat(Ipv4Header.timeToLive(frame, IP_AT)).isEqualTo(56);
    assertThat(IcmpHeader.type(frame, ICMP_AT)).isEqualTo(IcmpHeader.ECHO_REPLY);
    assertThat(IcmpHeader.id(frame, ICMP_AT)).isEqualTo(5);
    assertThat(IcmpHeader.seq(frame, ICMP_AT)).isEqualTo(300);
    int length = frame.readableBytes() - ICMP_AT;
    assertThat(Checksum.finish(Checksum.sum(frame, ICMP_AT, length))).isZero();
    kit.pass(61_000);
    assertThat(kit.events).containsExactly("opened icmp", "closed icmp idle 5/5");
    assertThat(kit.echoes.get(0).closed).isTrue();
  }

  @Test
  void anErrorNamesItsRouterAndQuotesWhatTheGuestSent() {
    kit.echo(5, 300, REMOTE, 64, "quoted");
    kit.echoes.get(0).error(11, 0, 0, ROUTER, REMOTE, 300);
    ByteBuf frame = Unpooled.wrappedBuffer(kit.frames.remove());
    assertThat(IpAddress.of(Ipv4Header.source(frame, IP_AT))).isEqualTo(ROUTER);
    assertThat(IcmpHeader.type(frame, ICMP_AT)).isEqualTo(IcmpHeader.TIME_EXCEEDED);
    int quotedIp = ICMP_AT + IcmpHeader.LENGTH;
    assertThat(IpAddress.of(Ipv4Header.source(frame, quotedIp))).isEqualTo(GUEST);
    assertThat(IpAddress.of(Ipv4Header.destination(frame, quotedIp))).isEqualTo(REMOTE);
    assertThat(Ipv4Header.totalLength(frame, quotedIp)).isEqualTo(34);
    int quoted = quotedIp + Ipv4Header.LENGTH;
    assertThat(IcmpHeader.id(frame, quoted)).isEqualTo(5);
    assertThat(IcmpHeader.seq(frame, quoted)).isEqualTo(300);
    // the checksum that the guest's packet had
    assertThat(Checksum.finish(Checksum.sum(frame, quoted, 14))).isZero();
  }

  @Test
  void anErrorThatNoGuestIsToHearOfIsKept() {
    kit.echo(5, 1, REMOTE, 64, "");
    kit.echoes.get(0).error(5, 1, 0, ROUTER, REMOTE, 1);
    kit.echoes.get(0).error(12, 0, 0, ROUTER, REMOTE, 1);
    assertThat(kit.nextFrame()).isEqualTo("nothing");
  }

  @Test
  void whatOurKernelFindsTooBigIsAnsweredWithItsMtu() {
    kit.echo(5, 1, REMOTE, 64, "small");
    kit.echoes.get(0).answer = -EMSGSIZE;
    kit.echo(5, 2, REMOTE, 64, "?");
    assertThat(kit.nextFrame()).as("without an MTU, nothing can be said").isEqualTo("nothing");
    kit.echoes.get(0).pathMtu = 1280;
    kit.echo(5, 3, REMOTE, 64, "!");
    ByteBuf frame = Unpooled.wrappedBuffer(kit.frames.remove());
    assertThat(IcmpHeader.type(frame, ICMP_AT)).isEqualTo(IcmpHeader.UNREACHABLE);
    assertThat(IcmpHeader.code(frame, ICMP_AT)).isEqualTo(4);
    assertThat(IcmpHeader.mtu4(frame, ICMP_AT)).isEqualTo(1280);
  }

  @Test
  void aHostThatMayNotPingSaysSo() {
    kit.socketErrno = EACCES;
    kit.echo(5, 1, REMOTE, 64, "");
    assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/13");
    assertThat(kit.events).containsExactly("refused icmp no_ping_socket");
    kit.socketErrno = EMFILE;
    kit.echo(5, 2, REMOTE, 64, "");
    assertThat(kit.nextFrame()).isEqualTo("nothing");
    assertThat(kit.events).last().isEqualTo("refused icmp host_socket");
    assertThat(kit.flows.size()).isZero();
    kit.socketErrno = 0;
    kit.echo(5, 3, REMOTE, 64, "");
    assertThat(kit.echoes).hasSize(1);
  }

  @Test
  void policyIsAskedForEveryDestination() {
    kit.close();
    RouterConfig policy = RouterConfig.DEFAULT.withDeny(AccessList.parse("icmp://192.0.2.8"));
    kit = new FlowKit(policy, new FlowLimits(100, 1 << 20, 100_000));
    kit.echo(5, 1, REMOTE, 64, "");
    kit.echo(5, 2, IpAddress.parse("192.0.2.8"), 64, "");
    assertThat(kit.echoes.get(0).sent).hasSize(1);
    assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/13");
    assertThat(kit.events).containsExactly("opened icmp", "refused icmp policy");
    assertThat(kit.counters.dropped(Drop.REFUSED_BY_POLICY)).isEqualTo(1);
  }

  @Test
  void whoAnswersIsTheOperatorsChoice() {
    kit.close();
    RouterConfig policy = RouterConfig.DEFAULT.withDeny(AccessList.parse("icmp://192.0.2.8"));
    kit = new FlowKit(policy.withEcho(EchoMode.LOCAL), new FlowLimits(9, 1 << 20, 100_000));
    kit.echo(5, 300, REMOTE, 64, "anybody?");
    ByteBuf frame = Unpooled.wrappedBuffer(kit.frames.remove());
    assertThat(IpAddress.of(Ipv4Header.source(frame, IP_AT))).isEqualTo(REMOTE);
    assertThat(IcmpHeader.type(frame, ICMP_AT)).isEqualTo(IcmpHeader.ECHO_REPLY);
    assertThat(IcmpHeader.rest(frame, ICMP_AT)).isEqualTo(5 << 16 | 300);
    assertThat(kit.events).isEmpty();
    kit.echo(5, 301, IpAddress.parse("192.0.2.8"), 64, "denied");
    assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/13");
    kit.close();
    kit = new FlowKit(policy.withEcho(EchoMode.OFF), new FlowLimits(9, 1 << 20, 100_000));
    kit.echo(5, 1, REMOTE, 64, "anybody?");
    assertThat(kit.nextFrame()).isEqualTo("icmp 10.0.2.2 3/13");
    assertThat(kit.events).containsExactly("refused icmp icmp_off");
    assertThat(kit.echoes).isEmpty();
  }

  @Test
  void theOldestMappingOfEitherKindMakesRoom() {
    kit.close();
    kit = new FlowKit(RouterConfig.DEFAULT, new FlowLimits(2, 1 << 20, 100_000));
    kit.echo(5, 1, REMOTE, 64, "");
    kit.pass(10);
    kit.udp(5000, REMOTE, 53, "query");
    kit.pass(10);
    kit.echo(6, 1, REMOTE, 64, "");
    assertThat(kit.events).contains("closed icmp evicted 0/0");
    kit.echo(7, 1, REMOTE, 64, "");
    assertThat(kit.events).contains("closed udp evicted 5/0");
    assertThat(kit.flows.size()).isEqualTo(2);
  }
}
