package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.icmp.IcmpError;
import io.slipway.route.Endpoint;
import io.slipway.route.Protocol;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.udp.UdpMapping;
import io.slipway.udp.UdpTimeouts;
import io.slipway.wire.Checksum;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * One echo mapping: an identifier of the guest's, and the one host socket that all its requests
 * leave by, whoever they are for (RFC 5508 3.1). Its key and its life are those of a UDP mapping,
 * with the identifier for a port. Owned by the event loop of its {@code Shard}; nothing is
 * allocated per message.
 */
final class EchoFlow extends Flow implements HostEcho.Events, Evictable {
  /** RFC 5508 REQ-2: at least sixty seconds. */
  private static final long IDLE_NANOS = 60_000_000_000L;

  private static final UdpTimeouts TIMEOUTS = new UdpTimeouts(IDLE_NANOS, IDLE_NANOS);
  private static final int DEFAULT_HOPS = 64;

  private final Flows flows;
  private final UdpMapping mapping;
  private @Nullable HostEcho socket;
  private boolean over;

  /** A mapping without its socket, which {@link #open} gets. */
  EchoFlow(Flows flows, long id, Packet first, long nowNanos) {
    super(
        id,
        Protocol.ICMP,
        first.sourceHigh(),
        first.sourceLow(),
        first.sourcePort(),
        0,
        0,
        0,
        nowNanos);
    this.flows = flows;
    mapping =
        new UdpMapping(flows.parts.tcp().wheel(), TIMEOUTS, this, () -> end("idle"), nowNanos);
  }

  /**
   * Gets the host's socket.
   *
   * @return 0, or the errno for which the host has none to give even after the mapping idle for
   *     longest was ended; the flow is of no use then
   */
  int open() {
    int errno = openSocket();
    if (errno != 0 && !isForbidden(errno) && flows.evictOldest()) {
      errno = openSocket();
    }
    if (errno == 0) {
      flows.mappings.add(mapping);
    } else {
      mapping.cancel();
    }
    return errno;
  }

  /** Whether the errno says that this user may not ping, rather than not now. */
  static boolean isForbidden(int errno) {
    return errno == HostErrno.ACCESS || errno == HostErrno.NOT_PERMITTED;
  }

  private int openSocket() {
    RouterConfig config = flows.router().config();
    IpAddress source = isV6() ? config.source6() : config.source4();
    try {
      HostEcho made = flows.parts.sockets().openEcho(isV6(), source, guestPort, this);
      IpAddress any = isV6() ? IpAddress.ANY6 : IpAddress.ANY4;
      hostLocal = new Endpoint(source == null ? any : source, made.id());
      socket = made;
      return 0;
    } catch (HostSocketException noSocket) {
      return noSocket.errno();
    }
  }

  /** An echo request of the guest, to somebody who is not refused. */
  void send(Packet packet, long nowNanos) {
    HostEcho to = socket;
    if (to == null) {
      return;
    }
    mapping.sent(0, nowNanos);
    flows.mappings.touch(mapping);
    int length = packet.transportLength();
    bytesOut += length - IcmpHeader.LENGTH;
    int sent =
        to.send(
            packet.frame(),
            packet.transportAt(),
            length,
            packet.destinationHigh(),
            packet.destinationLow(),
            packet.hopLimit() - 1,
            packet.isWholeOrNothing());
    if (sent < 0) {
      flows.parts.counters().drop(Drop.HOST_SEND_FAILED);
      int errno = -sent;
      int mtu = errno == HostErrno.MESSAGE_SIZE ? to.pathMtu() : 0;
      IcmpError error = IcmpError.ofErrno(errno);
      if (error != null && (error != IcmpError.FRAGMENTATION_NEEDED || mtu > 0)) {
        flows.parts.icmpErrors().send(error, mtu, packet, nowNanos);
      }
    }
  }

  @Override
  public void onReply(
      ByteBuf slab, int offset, int length, long srcHigh, long srcLow, int hopLimit) {
    long now = flows.parts.clock().nowNanos();
    mapping.received(now);
    flows.mappings.touch(mapping);
    bytesIn += length - IcmpHeader.LENGTH;
    IcmpHeader.setId(slab, offset, guestPort);
    IpAddress seen = flows.gatewayFor(isV6(), srcHigh, srcLow);
    boolean sent =
        flows
            .parts
            .egress()
            .icmp(
                seen == null ? srcHigh : seen.high(),
                seen == null ? srcLow : seen.low(),
                guestHigh,
                guestLow,
                slab,
                offset,
                length,
                // We are a hop, and the last one, to which nothing is left to expire.
                hopLimit == 0 ? DEFAULT_HOPS : Math.max(1, hopLimit - 1),
                0);
    if (sent) {
      flows.parts.counters().count(Count.ICMP_OUT);
    }
  }

  @Override
  public void onError(
      int icmpType,
      int icmpCode,
      int mtu,
      long offenderHigh,
      long offenderLow,
      long dstHigh,
      long dstLow,
      ByteBuf quoted,
      int off,
      int len) {
    IpAddress from = flows.gatewayFor(isV6(), offenderHigh, offenderLow);
    renumber(quoted, off);
    flows
        .parts
        .icmpErrors()
        .forwardEcho(
            icmpType,
            icmpCode,
            mtu,
            from == null ? offenderHigh : from.high(),
            from == null ? offenderLow : from.low(),
            guestHigh,
            guestLow,
            dstHigh,
            dstLow,
            quoted,
            off,
            len,
            flows.parts.clock().nowNanos());
  }

  /**
   * The guest's identifier in place of the host's, and the checksum kept in step (RFC 1624). That
   * of ICMPv6 sums addresses too, and stays that of the host's packet.
   */
  private void renumber(ByteBuf request, int at) {
    int hostId = IcmpHeader.id(request, at);
    IcmpHeader.setId(request, at, guestPort);
    long sum = (~IcmpHeader.checksum(request, at) & 0xFFFFL) + (~hostId & 0xFFFFL) + guestPort;
    IcmpHeader.setChecksum(request, at, Checksum.finish(sum));
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

  private void end(String reason) {
    if (over) {
      return;
    }
    over = true;
    mapping.cancel();
    flows.mappings.remove(mapping);
    flows.unlist(this);
    HostEcho open = socket;
    socket = null;
    if (open != null) {
      open.close();
    }
    flows.closed(this, reason, false);
  }
}
