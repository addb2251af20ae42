package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.icmp.EchoResponder;
import io.slipway.icmp.IcmpError;
import io.slipway.route.EchoMode;
import io.slipway.route.Endpoint;
import io.slipway.route.Protocol;
import io.slipway.route.Router;
import io.slipway.route.Side;
import io.slipway.route.Verdict;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.udp.UdpMapping;
import io.slipway.udp.UdpMappings;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.UdpHeader;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * All conversations of one loop: finds the flow of a packet, or begins one. Owned by the event loop
 * of its {@code Shard}; not thread-safe.
 */
public final class Flows {
  /** ICMP's code of "fragmentation needed" (RFC 792). */
  private static final int FRAGMENTATION_NEEDED = 4;

  /** So much of the transport header an ICMP error quotes at least (RFC 792). */
  private static final int QUOTED_TRANSPORT = 8;

  final FlowParts parts;
  final MemoryBudget budget;
  final UdpMappings mappings = new UdpMappings();
  private final FlowQuota quota;
  private final EchoResponder echoResponder;
  private final FlowTable table;
  private Router router;
  private @Nullable TcpFlow[] touched = new @Nullable TcpFlow[64];
  private int touchedCount;
  private int open;

  /**
   * No flows yet.
   *
   * @param seed random: spreads the table
   */
  public Flows(FlowParts parts, Router router, long seed) {
    this.parts = parts;
    this.router = router;
    quota = parts.limits().quota();
    budget = new MemoryBudget(parts.limits().memory(), parts.limits().perFlow());
    table = new FlowTable(seed);
    echoResponder = new EchoResponder(parts.egress(), parts.counters());
  }

  /** From now on new flows are judged by {@code next}; those that live go on. */
  public void router(Router next) {
    router = next;
  }

  Router router() {
    return router;
  }

  /** Flows that hold a descriptor of the host, or a place in the table. */
  public int size() {
    return Math.max(open, table.size());
  }

  /** Bytes that the flows hold now. */
  public long held() {
    return budget.held();
  }

  // ---- packets of the guest -----------------------------------------------------------------

  /** A segment of the guest: header and checksum are verified, ports are read. */
  public void tcp(Packet packet, long nowNanos) {
    parts.counters().count(Count.TCP_SEGMENTS_IN);
    int flags = TcpHeader.flags(packet.frame(), packet.transportAt());
    Flow flow =
        table.find(
            Protocol.TCP,
            packet.sourceHigh(),
            packet.sourceLow(),
            packet.sourcePort(),
            packet.destinationHigh(),
            packet.destinationLow(),
            packet.destinationPort());
    TcpFlow before = null;
    if (flow instanceof TcpFlow known) {
      int kind = flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST | TcpHeader.FIN);
      boolean opens = kind == TcpHeader.SYN;
      if (!opens || !known.yieldsTo(packet, nowNanos)) {
        known.onSegment(packet, nowNanos);
        touch(known);
        return;
      }
      before = known;
    }
    if ((flags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN) {
      if ((flags & TcpHeader.FIN) != 0) {
        parts.counters().drop(Drop.TCP_MALFORMED); // like Linux: SYN with FIN means nothing
      } else {
        begin(packet, before, nowNanos);
      }
    } else {
      tcpToNobody(packet);
    }
  }

  /** A segment that belongs to nothing and can begin nothing: RST, unless it is one. */
  public void tcpToNobody(Packet packet) {
    int flags = TcpHeader.flags(packet.frame(), packet.transportAt());
    parts.counters().drop(Drop.NO_FLOW);
    if ((flags & TcpHeader.RST) == 0) {
      reset(packet, flags);
    }
  }

  /** A datagram of the guest: header and checksum are verified, ports are read. */
  public void udp(Packet packet, long nowNanos) {
    parts.counters().count(Count.UDP_DATAGRAMS_IN);
    Flow flow =
        table.find(
            Protocol.UDP, packet.sourceHigh(), packet.sourceLow(), packet.sourcePort(), 0, 0, 0);
    UdpFlow mapping = flow instanceof UdpFlow known ? known : beginMapping(packet, nowNanos);
    if (mapping != null) {
      int at = packet.transportAt() + UdpHeader.LENGTH;
      int length = UdpHeader.length(packet.frame(), packet.transportAt()) - UdpHeader.LENGTH;
      mapping.send(packet, at, length, nowNanos);
    }
  }

  /** An echo request of the guest to somebody else than us: its checksum is verified. */
  public void echo(Packet packet, long nowNanos) {
    packet.ports(IcmpHeader.id(packet.frame(), packet.transportAt()), 0);
    long high = packet.destinationHigh();
    long low = packet.destinationLow();
    if (router.refusal(Protocol.ICMP, high, low, 0) != null) {
      if (judge(Protocol.ICMP, packet) instanceof Verdict.Refuse no) {
        refuseDatagram(Protocol.ICMP, packet, no, nowNanos);
      }
      return;
    }
    if (router.config().echo() == EchoMode.LOCAL) {
      echoResponder.answer(packet);
      return;
    }
    Flow flow =
        table.find(
            Protocol.ICMP, packet.sourceHigh(), packet.sourceLow(), packet.sourcePort(), 0, 0, 0);
    EchoFlow mapping = flow instanceof EchoFlow known ? known : beginEcho(packet, nowNanos);
    if (mapping != null) {
      mapping.send(packet, nowNanos);
    }
  }

  /**
   * An ICMP error of the guest about a packet of ours, its length and checksum verified. Only "too
   * big" is acted on (RFC 1191, RFC 8201); any other is soft (RFC 1122 4.2.3.9).
   */
  public void icmpFromGuest(Packet packet, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int quote = at + IcmpHeader.LENGTH;
    int end = at + packet.transportLength();
    boolean v6 = packet.isV6();
    boolean tooBig =
        v6
            ? IcmpHeader.type(frame, at) == IcmpHeader.PACKET_TOO_BIG_V6
            : IcmpHeader.type(frame, at) == IcmpHeader.UNREACHABLE
                && IcmpHeader.code(frame, at) == FRAGMENTATION_NEEDED;
    if (!tooBig
        || !(v6
            ? tooBig6(frame, at, quote, end, nowNanos)
            : tooBig4(frame, at, quote, end, nowNanos))) {
      parts.counters().drop(Drop.NO_FLOW);
    }
  }

  private boolean tooBig4(ByteBuf frame, int at, int quote, int end, long nowNanos) {
    if (!Ipv4Header.fits(frame, quote, end)
        || Ipv4Header.protocol(frame, quote) != Protocol.TCP.number()) {
      return false;
    }
    long guest = IpAddress.mapV4(Ipv4Header.destination(frame, quote));
    long remote = IpAddress.mapV4(Ipv4Header.source(frame, quote));
    int tcpAt = quote + Ipv4Header.headerLength(frame, quote);
    int mtu = IcmpHeader.mtu4(frame, at);
    return tooBig(0, guest, 0, remote, frame, tcpAt, end, mtu, nowNanos);
  }

  private boolean tooBig6(ByteBuf frame, int at, int quote, int end, long nowNanos) {
    if (!Ipv6Header.fits(frame, quote, end)
        || Ipv6Header.nextHeader(frame, quote) != Protocol.TCP.number()) {
      return false;
    }
    return tooBig(
        Ipv6Header.destinationHigh(frame, quote),
        Ipv6Header.destinationLow(frame, quote),
        Ipv6Header.sourceHigh(frame, quote),
        Ipv6Header.sourceLow(frame, quote),
        frame,
        quote + Ipv6Header.LENGTH,
        end,
        IcmpHeader.rest(frame, at),
        nowNanos);
  }

  /** The quoted packet was ours: ports and sequence number are its first eight bytes. */
  private boolean tooBig(
      long guestHigh,
      long guestLow,
      long remoteHigh,
      long remoteLow,
      ByteBuf frame,
      int tcpAt,
      int end,
      int mtu,
      long nowNanos) {
    if (end - tcpAt < QUOTED_TRANSPORT) {
      return false;
    }
    Flow flow =
        table.find(
            Protocol.TCP,
            guestHigh,
            guestLow,
            TcpHeader.destinationPort(frame, tcpAt),
            remoteHigh,
            remoteLow,
            TcpHeader.sourcePort(frame, tcpAt));
    if (!(flow instanceof TcpFlow known)) {
      return false;
    }
    known.onTooBig(TcpHeader.seq(frame, tcpAt), mtu, nowNanos);
    return true;
  }

  /** The end of a batch of frames: acknowledgements leave, host sockets are flushed. */
  public void batchEnd(long nowNanos) {
    for (int i = 0; i < touchedCount; i++) {
      TcpFlow flow = touched[i];
      touched[i] = null;
      if (flow != null) {
        flow.batchEnd(nowNanos);
      }
    }
    touchedCount = 0;
    parts.sockets().flush();
  }

  /** Ends every flow: resets to both sides. */
  public void closeAll() {
    long now = parts.clock().nowNanos();
    for (Flow flow : table.toArray()) {
      flow.shutdown(now);
    }
    Arrays.fill(touched, null);
    touchedCount = 0;
  }

  private void touch(TcpFlow flow) {
    if (flow.touch()) {
      if (touchedCount == touched.length) {
        touched = Arrays.copyOf(touched, touchedCount * 2);
      }
      touched[touchedCount++] = flow;
    }
  }

  // ---- beginnings ---------------------------------------------------------------------------

  private void begin(Packet packet, @Nullable TcpFlow before, long nowNanos) {
    Verdict verdict = judge(Protocol.TCP, packet);
    switch (verdict) {
      case Verdict.ToHost host -> {
        TcpFlow flow = beginTcp(packet, before, nowNanos);
        if (flow != null) {
          flow.begin(packet, host, nowNanos);
        }
      }
      case Verdict.Refuse no -> refuseSyn(packet, no, nowNanos);
      case Verdict.ToGuest guest -> throw new AssertionError("the guest began this one: " + guest);
      case Verdict.ToService _ -> {
        TcpFlow flow = beginTcp(packet, before, nowNanos);
        if (flow != null) {
          flow.beginNames(packet, nowNanos);
        }
      }
    }
  }

  private @Nullable TcpFlow beginTcp(Packet packet, @Nullable TcpFlow before, long nowNanos) {
    if (!takePlace()) {
      parts.counters().drop(Drop.FLOW_LIMIT);
      refuse(packet, Protocol.TCP, "flow_limit");
      reset(packet, TcpHeader.SYN);
      return null;
    }
    TcpFlow flow = new TcpFlow(this, quota.nextId(), packet, before, nowNanos);
    table.add(flow);
    opened();
    return flow;
  }

  private void refuseSyn(Packet packet, Verdict.Refuse no, long nowNanos) {
    switch (no.reason()) {
      case MULTICAST -> parts.counters().drop(Drop.MULTICAST); // TCP knows no groups: silence
      case BROADCAST -> parts.counters().drop(Drop.BROADCAST);
      case NO_ROUTE, NO_SUCH_HOST -> {
        parts.counters().drop(Drop.REFUSED_BY_POLICY);
        refuse(packet, Protocol.TCP, word(no));
        parts.icmpErrors().send(unreachable(no), 0, packet, nowNanos);
      }
      case POLICY,
          ICMP_OFF,
          HOST_LOOPBACK_CLOSED,
          NO_SUCH_SERVICE,
          LOOPBACK,
          LINK_LOCAL,
          METADATA -> {
        parts.counters().drop(Drop.REFUSED_BY_POLICY);
        refuse(packet, Protocol.TCP, word(no));
        reset(packet, TcpHeader.SYN);
      }
    }
  }

  private static String word(Verdict.Refuse no) {
    return no.reason().name().toLowerCase(Locale.ROOT);
  }

  private static IcmpError unreachable(Verdict.Refuse no) {
    return switch (no.reason()) {
      case NO_ROUTE -> IcmpError.NET_UNREACHABLE;
      case NO_SUCH_HOST -> IcmpError.HOST_UNREACHABLE;
      case NO_SUCH_SERVICE -> IcmpError.PORT_UNREACHABLE;
      default -> IcmpError.ADMIN_PROHIBITED;
    };
  }

  private @Nullable UdpFlow beginMapping(Packet packet, long nowNanos) {
    if (judge(Protocol.UDP, packet) instanceof Verdict.Refuse no) {
      refuseDatagram(Protocol.UDP, packet, no, nowNanos);
      return null;
    }
    if (!takePlace()) {
      parts.counters().drop(Drop.FLOW_LIMIT);
      refuse(packet, Protocol.UDP, "flow_limit");
      return null;
    }
    UdpFlow flow = UdpFlow.open(this, quota.nextId(), packet, nowNanos);
    if (flow == null) {
      quota.giveBack();
      parts.counters().drop(Drop.HOST_SEND_FAILED);
      refuse(packet, Protocol.UDP, "host_socket");
      return null;
    }
    list(flow, nowNanos);
    return flow;
  }

  private @Nullable EchoFlow beginEcho(Packet packet, long nowNanos) {
    if (!takePlace()) {
      parts.counters().drop(Drop.FLOW_LIMIT);
      refuse(packet, Protocol.ICMP, "flow_limit");
      return null;
    }
    EchoFlow flow = new EchoFlow(this, quota.nextId(), packet, nowNanos);
    int errno = flow.open();
    if (errno == 0) {
      list(flow, nowNanos);
      return flow;
    }
    quota.giveBack();
    if (EchoFlow.isForbidden(errno)) {
      parts.counters().drop(Drop.ICMP_UNSUPPORTED);
      refuse(packet, Protocol.ICMP, "no_ping_socket");
      parts.icmpErrors().send(IcmpError.ADMIN_PROHIBITED, 0, packet, nowNanos);
    } else {
      parts.counters().drop(Drop.HOST_SEND_FAILED);
      refuse(packet, Protocol.ICMP, "host_socket");
    }
    return null;
  }

  /** A mapping has its host socket. */
  private void list(Flow flow, long nowNanos) {
    table.add(flow);
    opened();
    if (parts.listener().isDetailed()) {
      parts.listener().opened(flow.info(null, nowNanos));
    }
  }

  /**
   * The router's word on a packet that may begin something; one record per flow, not per packet.
   */
  Verdict judge(Protocol protocol, Packet packet) {
    return router.route(
        protocol,
        packet.sourceAddress(),
        packet.sourcePort(),
        packet.destinationAddress(),
        packet.destinationPort());
  }

  void refuseDatagram(Protocol protocol, Packet packet, Verdict.Refuse no, long nowNanos) {
    switch (no.reason()) {
      case MULTICAST -> parts.counters().drop(Drop.MULTICAST); // kept inside, and nobody is told
      case BROADCAST -> parts.counters().drop(Drop.BROADCAST);
      default -> {
        parts.counters().drop(Drop.REFUSED_BY_POLICY);
        refuse(packet, protocol, word(no));
        parts.icmpErrors().send(unreachable(no), 0, packet, nowNanos);
      }
    }
  }

  /** Our address of a family when the guest sees this peer under it, else null. */
  @Nullable IpAddress gatewayFor(boolean v6, long high, long low) {
    if (!router.seenAsGateway(high, low)) {
      return null;
    }
    IpAddress gateway6 = router.lan().gateway6();
    return v6 && gateway6 != null ? gateway6 : router.lan().gateway4();
  }

  private void refuse(Packet packet, Protocol protocol, String reason) {
    parts.counters().count(Count.FLOWS_REFUSED);
    FlowInfo info =
        new FlowInfo(
            0,
            protocol,
            Side.GUEST,
            new Endpoint(packet.sourceAddress(), packet.sourcePort()),
            new Endpoint(packet.destinationAddress(), packet.destinationPort()),
            null,
            reason,
            0,
            0,
            0);
    parts.listener().refused(info, reason);
  }

  /** At the bound, this loop's mapping idle for longest gives way; a connection never does. */
  private boolean takePlace() {
    return quota.take() || (evictOldest() && quota.take());
  }

  /** Ends the mapping that was idle for longest. Returns false when there is none. */
  boolean evictOldest() {
    UdpMapping oldest = mappings.oldest();
    if (oldest == null) {
      return false;
    }
    ((Evictable) oldest.owner()).evict();
    return true;
  }

  /** RFC 9293 3.10.7.1: the answer to a segment that belongs to nothing. */
  private void reset(Packet packet, int flags) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    int length = packet.transportLength() - TcpHeader.dataOffset(frame, at);
    int consumes =
        length + ((flags & TcpHeader.SYN) != 0 ? 1 : 0) + ((flags & TcpHeader.FIN) != 0 ? 1 : 0);
    parts.counters().count(Count.TCP_RESETS_OUT);
    parts
        .egress()
        .tcp(
            /* sourceHigh= */ packet.destinationHigh(),
            /* sourceLow= */ packet.destinationLow(),
            /* sourcePort= */ packet.destinationPort(),
            /* destinationHigh= */ packet.sourceHigh(),
            /* destinationLow= */ packet.sourceLow(),
            /* destinationPort= */ packet.sourcePort(),
            acknowledges ? TcpHeader.ack(frame, at) : 0,
            acknowledges ? 0 : TcpHeader.seq(frame, at) + consumes,
            acknowledges ? TcpHeader.RST : TcpHeader.RST | TcpHeader.ACK,
            0,
            frame,
            0,
            null,
            536,
            0);
  }

  // ---- endings ------------------------------------------------------------------------------

  private void opened() {
    open++;
    parts.counters().count(Count.FLOWS_OPENED);
  }

  /** One connection more, or one fewer, waits out its TIME-WAIT without a descriptor. */
  void rest(int change) {
    quota.rest(change);
  }

  /** The flow's key is free again. */
  void unlist(Flow flow) {
    table.remove(flow);
  }

  /** The flow holds nothing any more. */
  void closed(Flow flow, String reason, boolean refused) {
    open--;
    quota.giveBack();
    parts.counters().count(Count.FLOWS_CLOSED);
    FlowListener listener = parts.listener();
    if (refused) {
      parts.counters().count(Count.FLOWS_REFUSED);
      listener.refused(flow.info(reason, parts.clock().nowNanos()), reason);
    } else if (listener.isDetailed()) {
      listener.closed(flow.info(reason, parts.clock().nowNanos()));
    }
  }
}
