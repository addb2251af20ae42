package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.icmp.IcmpError;
import io.slipway.route.Lan;
import io.slipway.route.Protocol;
import io.slipway.route.Router;
import io.slipway.route.RouterConfig;
import io.slipway.route.UdpFilter;
import io.slipway.route.Verdict;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.udp.AdmittedHosts;
import io.slipway.udp.UdpMapping;
import io.slipway.udp.UdpTimeouts;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * One UDP mapping: a guest's endpoint and the one host socket that all its datagrams leave by,
 * whoever they are for (RFC 4787 4.1, endpoint-independent). Owned by the event loop of its {@code
 * Shard}. A datagram of the guest waits for the end of its batch at most, together with others to
 * the same peer; one of the host crosses in the call that brings it. Nothing is allocated for it.
 */
final class UdpFlow extends Flow implements HostDatagrams.Events, NameService.Answers, Evictable {
  private static final int DEFAULT_HOPS = 64;
  private static final int FIRST_ORDINARY_PORT = 1024;

  private final Flows flows;
  private final UdpMapping mapping;

  /** Whom datagrams are let in from; null for everybody. */
  private final @Nullable AdmittedHosts admitted;

  private @Nullable HostDatagrams socket;
  private NameService.@Nullable Questions names;
  private boolean over;

  private UdpFlow(Flows flows, long id, Packet first, long nowNanos) {
    super(
        id,
        Protocol.UDP,
        first.sourceHigh(),
        first.sourceLow(),
        first.sourcePort(),
        0,
        0,
        0,
        nowNanos);
    this.flows = flows;
    boolean filters = flows.router().config().udpFilter() == UdpFilter.ADDRESS;
    admitted = filters ? new AdmittedHosts() : null;
    FlowParts parts = flows.parts;
    mapping =
        new UdpMapping(parts.tcp().wheel(), parts.udpTimeouts(), this, () -> end("idle"), nowNanos);
  }

  /**
   * A mapping with its host socket, or null when the host has none to give even after the mapping
   * idle for longest was ended.
   */
  static @Nullable UdpFlow open(Flows flows, long id, Packet first, long nowNanos) {
    UdpFlow flow = new UdpFlow(flows, id, first, nowNanos);
    boolean asks =
        flows
            .router()
            .isNameService(
                first.destinationHigh(), first.destinationLow(), first.destinationPort());
    if (asks || flow.openSocket() || (flows.evictOldest() && flow.openSocket())) {
      flows.mappings.add(flow.mapping);
      return flow;
    }
    flow.mapping.cancel();
    return null;
  }

  private boolean openSocket() {
    RouterConfig config = flows.router().config();
    IpAddress source = isV6() ? config.source6() : config.source4();
    try {
      // RFC 4787 4.2.1: port preservation; the low ones are left to the host's own services
      int port = guestPort >= FIRST_ORDINARY_PORT ? guestPort : 0;
      HostDatagrams made = flows.parts.sockets().openDatagrams(isV6(), source, port, this);
      made.resumeReads();
      hostLocal = made.local();
      socket = made;
      return true;
    } catch (HostSocketException noSocket) {
      return false;
    }
  }

  /** A datagram of the guest: {@code length} bytes of payload at {@code at}. */
  void send(Packet packet, int at, int length, long nowNanos) {
    long high = packet.destinationHigh();
    long low = packet.destinationLow();
    int port = packet.destinationPort();
    Router router = flows.router();
    if (router.refusal(Protocol.UDP, high, low, port) != null) {
      if (flows.judge(Protocol.UDP, packet) instanceof Verdict.Refuse no) {
        flows.refuseDatagram(Protocol.UDP, packet, no, nowNanos);
      }
      return;
    }
    mapping.sent(port, nowNanos);
    flows.mappings.touch(mapping);
    bytesOut += length;
    if (router.isNameService(high, low, port)) {
      ask(packet.frame(), at, length);
      return;
    }
    // We are a hop; to the last one, TTLs and hop limits do not matter any more.
    int hopLimit = packet.hopLimit() - 1;
    boolean toOurHost = router.lan().isGateway(high, low);
    if (toOurHost) {
      IpAddress loopback = isV6() ? IpAddress.LOOPBACK6 : IpAddress.LOOPBACK4;
      high = loopback.high();
      low = loopback.low();
      hopLimit = 0;
    }
    HostDatagrams to = socket();
    if (to == null) {
      flows.parts.counters().drop(Drop.HOST_SEND_FAILED);
      return;
    }
    if (toOurHost && port == to.local().port()) {
      // The port has the guest's number and is ours: nobody else of this host is there.
      flows.parts.counters().drop(Drop.HOST_SEND_FAILED);
      flows.parts.icmpErrors().send(IcmpError.PORT_UNREACHABLE, 0, packet, nowNanos);
      return;
    }
    if (admitted != null) {
      admitted.add(high, low);
    }
    boolean whole = packet.isWholeOrNothing();
    int sent = to.send(packet.frame(), at, length, high, low, port, hopLimit, whole);
    if (sent < 0) {
      flows.parts.counters().drop(Drop.HOST_SEND_FAILED);
      IcmpError error = told(-sent);
      if (error != null) {
        flows.parts.icmpErrors().send(error, mtu(error), packet, nowNanos);
      }
    }
  }

  /**
   * What the guest is told when the host's kernel refuses a datagram; null for nothing: a full
   * socket loses datagrams, as a full link does, and "too big" needs to say for what.
   */
  private @Nullable IcmpError told(int errno) {
    IcmpError error = IcmpError.ofErrno(errno);
    return error == IcmpError.FRAGMENTATION_NEEDED && mtu(error) == 0 ? null : error;
  }

  /** The MTU that comes with an error of this kind. */
  private int mtu(IcmpError error) {
    HostDatagrams of = socket;
    return error == IcmpError.FRAGMENTATION_NEEDED && of != null ? of.pathMtu() : 0;
  }

  @Override
  public void onDatagrams(
      ByteBuf slab,
      int offset,
      int length,
      int size,
      long srcHigh,
      long srcLow,
      int srcPort,
      int hopLimit) {
    if (admitted != null && !admitted.contains(srcHigh, srcLow)) {
      flows.parts.counters().drop(Drop.HOST_SOURCE_FILTERED);
      return;
    }
    long now = flows.parts.clock().nowNanos();
    mapping.received(now);
    flows.mappings.touch(mapping);
    bytesIn += length;
    int datagrams = size == 0 ? 1 : (length + size - 1) / size;
    flows.parts.counters().count(Count.UDP_DATAGRAMS_OUT, datagrams);
    IpAddress seen = flows.gatewayFor(isV6(), srcHigh, srcLow);
    // We are a hop, but not between the guest and the gateway.
    int hops = seen != null || hopLimit == 0 ? DEFAULT_HOPS : Math.max(1, hopLimit - 1);
    flows
        .parts
        .egress()
        .datagrams(
            seen == null ? srcHigh : seen.high(),
            seen == null ? srcLow : seen.low(),
            srcPort,
            guestHigh,
            guestLow,
            guestPort,
            slab,
            offset,
            length,
            size,
            hops,
            0);
  }

  @Override
  public void onRefused(
      int errno, long dstHigh, long dstLow, int dstPort, ByteBuf data, int offset, int length) {
    flows.parts.counters().drop(Drop.HOST_SEND_FAILED);
    IcmpError error = told(errno);
    if (error == null) {
      return;
    }
    Lan lan = flows.router().lan();
    IpAddress gateway = isV6() ? lan.gateway6() : lan.gateway4();
    IpAddress to = flows.gatewayFor(isV6(), dstHigh, dstLow);
    long toHigh = to == null ? dstHigh : to.high();
    long toLow = to == null ? dstLow : to.low();
    // like IcmpErrors.send: a host speaks for itself, anything else is the gateway's to say
    IpAddress router = error.isFromDestination() ? null : gateway;
    long fromHigh = router == null ? toHigh : router.high();
    long fromLow = router == null ? toLow : router.low();
    flows
        .parts
        .icmpErrors()
        .sendQuoting(
            error,
            mtu(error),
            fromHigh,
            fromLow,
            guestHigh,
            guestLow,
            guestPort,
            toHigh,
            toLow,
            dstPort,
            Protocol.UDP.number(),
            data,
            offset,
            length,
            0,
            flows.parts.clock().nowNanos());
  }

  @Override
  public void onReadBatchEnd() {}

  @Override
  public void onError(
      int errno,
      int icmpType,
      int icmpCode,
      int mtu,
      long offenderHigh,
      long offenderLow,
      long dstHigh,
      long dstLow,
      int dstPort,
      ByteBuf quoted,
      int off,
      int len) {
    IpAddress from = flows.gatewayFor(isV6(), offenderHigh, offenderLow);
    IpAddress to = flows.gatewayFor(isV6(), dstHigh, dstLow);
    flows
        .parts
        .icmpErrors()
        .forward(
            icmpType,
            icmpCode,
            mtu,
            from == null ? offenderHigh : from.high(),
            from == null ? offenderLow : from.low(),
            guestHigh,
            guestLow,
            guestPort,
            to == null ? dstHigh : to.high(),
            to == null ? dstLow : to.low(),
            dstPort,
            Protocol.UDP.number(),
            quoted,
            off,
            len,
            0,
            flows.parts.clock().nowNanos());
  }

  @Override
  public void onClosed() {
    end("host_closed");
  }

  @Override
  void shutdown(long nowNanos) {
    end("shutdown");
  }

  @Override
  public void evict() {
    end("evicted");
  }

  /** A query to the DNS address. */
  private void ask(ByteBuf data, int at, int length) {
    NameService.Questions there = names;
    if (there == null) {
      there = flows.parts.names().openQuestions(this);
      names = there;
    }
    there.ask(data, at, length);
  }

  /** Answers come from the DNS address, whoever gave them. */
  @Override
  public void onAnswer(ByteBuf data, int offset, int length) {
    Lan lan = flows.router().lan();
    IpAddress dns6 = lan.dns6();
    IpAddress from = isV6() && dns6 != null ? dns6 : lan.dns4();
    mapping.received(flows.parts.clock().nowNanos());
    flows.mappings.touch(mapping);
    bytesIn += length;
    flows.parts.counters().count(Count.UDP_DATAGRAMS_OUT);
    flows
        .parts
        .egress()
        .udp(
            from.high(),
            from.low(),
            UdpTimeouts.DNS_PORT,
            guestHigh,
            guestLow,
            guestPort,
            data,
            offset,
            length,
            DEFAULT_HOPS,
            0);
  }

  /** The host socket, which a mapping that began with a name query does not have yet; or null. */
  private @Nullable HostDatagrams socket() {
    if (socket == null && !over && !openSocket() && flows.evictOldest() && !over) {
      openSocket();
    }
    return socket;
  }

  private void end(String reason) {
    if (over) {
      return;
    }
    over = true;
    mapping.cancel();
    flows.mappings.remove(mapping);
    flows.unlist(this);
    HostDatagrams open = socket;
    socket = null;
    if (open != null) {
      open.close();
    }
    NameService.Questions asked = names;
    names = null;
    if (asked != null) {
      asked.close();
    }
    flows.closed(this, reason, false);
  }
}
