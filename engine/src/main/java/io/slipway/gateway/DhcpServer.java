package io.slipway.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.DhcpMessage;
import io.slipway.wire.DhcpReply;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import io.slipway.wire.UdpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Gives the guest its IPv4 address and tells it the network's plan (RFC 2131 §4.3). Owned by one
 * {@link Gateway}; the leases are the engine's.
 *
 * <p>It is the only server of its wire, so it speaks for all addresses: a client that comes back
 * with one gets it when nobody has it, and is refused, rather than ignored, when somebody does.
 */
final class DhcpServer {

  private static final int HOP_LIMIT = 64;

  /** RFC 2131 §4.4.5: a half and seven eighths of the lease. */
  private static final int RENEW_SECONDS = DhcpLeases.LEASE_SECONDS / 2;

  private static final int REBIND_SECONDS = DhcpLeases.LEASE_SECONDS / 8 * 7;
  private static final long EVERYBODY = IpAddress.mapV4(-1);

  private final Lan lan;
  private final @Nullable IpAddress nameServer;
  private final Egress egress;
  private final Neighbors neighbors;
  private final AddressPool pool;
  private final Counters counters;
  private final int own;
  private final ByteBuf message = Unpooled.directBuffer(DhcpReply.CAPACITY, DhcpReply.CAPACITY);

  /**
   * A server for the network.
   *
   * @param nameServer which the guest is told, null for none
   */
  DhcpServer(
      Lan lan,
      @Nullable IpAddress nameServer,
      Egress egress,
      Neighbors neighbors,
      AddressPool pool,
      Counters counters) {
    this.nameServer = nameServer;
    this.lan = lan;
    this.egress = egress;
    this.neighbors = neighbors;
    this.pool = pool;
    this.counters = counters;
    this.own = IpAddress.v4(lan.gateway4().low());
  }

  /** Deals with a datagram to the server's port, whose checksum is good. */
  void answer(Packet packet, long nowNanos) {
    DhcpMessage request =
        DhcpMessage.parse(
            packet.frame(),
            packet.transportAt() + UdpHeader.LENGTH,
            packet.transportLength() - UdpHeader.LENGTH);
    // There is no relay on this wire, and an answer through one would leave it.
    if (request == null || request.giaddr() != 0) {
      counters.drop(Drop.DHCP_MALFORMED);
      return;
    }
    if (request.server() != 0 && request.server() != own) {
      // It took another server's offer; ours is free again.
      pool.release(request.client());
      counters.drop(Drop.DHCP_NOT_FOR_US);
      return;
    }
    switch (request.type()) {
      case DhcpMessage.DISCOVER -> discover(request, nowNanos);
      case DhcpMessage.REQUEST -> request(request, nowNanos);
      case DhcpMessage.RELEASE -> pool.release(request.client());
      case DhcpMessage.DECLINE ->
          pool.decline(request.client(), IpAddress.of(request.requested()), nowNanos);
      case DhcpMessage.INFORM -> inform(request);
      default -> counters.drop(Drop.DHCP_MALFORMED);
    }
  }

  private void discover(DhcpMessage request, long nowNanos) {
    IpAddress wanted = request.requested() == 0 ? null : IpAddress.of(request.requested());
    IpAddress address = pool.offer(request.client(), wanted, nowNanos);
    if (address == null) {
      counters.drop(Drop.DHCP_NO_ADDRESS);
    } else if (request.rapidCommit() && pool.bind(request.client(), address, nowNanos)) {
      lease(request, DhcpMessage.ACK, address);
    } else {
      lease(request, DhcpMessage.OFFER, address);
    }
  }

  /** RFC 2131 §4.3.2: what is asked for is in the option, or else it is what the client uses. */
  private void request(DhcpMessage request, long nowNanos) {
    IpAddress address =
        IpAddress.of(request.requested() != 0 ? request.requested() : request.ciaddr());
    if (pool.bind(request.client(), address, nowNanos)) {
      lease(request, DhcpMessage.ACK, address);
    } else {
      DhcpReply nak = new DhcpReply(message, request, DhcpMessage.NAK, 0, own);
      send(EVERYBODY, nak.end());
    }
  }

  /** RFC 2131 §4.3.5: the client has an address of its own and asks for the rest alone. */
  private void inform(DhcpMessage request) {
    if (!lan.isGuestSource(0, IpAddress.mapV4(request.ciaddr()))) {
      counters.drop(Drop.DHCP_MALFORMED);
      return;
    }
    DhcpReply reply = new DhcpReply(message, request, DhcpMessage.ACK, 0, own);
    send(receiver(request, request.ciaddr()), plan(request, reply).end());
  }

  private void lease(DhcpMessage request, int type, IpAddress lease) {
    int address = IpAddress.v4(lease.low());
    DhcpReply reply = new DhcpReply(message, request, type, address, own);
    plan(request, reply)
        .with(DhcpReply.OPTION_LEASE_SECONDS, DhcpLeases.LEASE_SECONDS)
        .with(DhcpReply.OPTION_RENEW_SECONDS, RENEW_SECONDS)
        .with(DhcpReply.OPTION_REBIND_SECONDS, REBIND_SECONDS);
    if (request.type() == DhcpMessage.DISCOVER && type == DhcpMessage.ACK) {
      reply.withRapidCommit();
    }
    send(receiver(request, address), reply.end());
  }

  /** The longest first: the others find room anywhere. */
  private DhcpReply plan(DhcpMessage request, DhcpReply reply) {
    int prefix = lan.subnet4().prefix();
    int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
    reply
        .withSearch(lan.search())
        .with(DhcpReply.OPTION_MASK, mask)
        .with(DhcpReply.OPTION_ROUTER, own)
        .withShort(DhcpReply.OPTION_MTU, lan.mtu());
    if (prefix < 31) {
      reply.with(DhcpReply.OPTION_BROADCAST, IpAddress.v4(lan.subnet4().base().low()) | ~mask);
    }
    if (!lan.subnet4().contains(lan.gateway4())) {
      reply.withRoutesOver(own);
    }
    if (nameServer != null) {
      reply.with(DhcpReply.OPTION_DNS, IpAddress.v4(nameServer.low()));
    }
    if (request.name() != null) {
      reply.withName(request.name());
    }
    return reply;
  }

  /** RFC 2131 §4.1: to the address in use, to everybody, or to the address that is to be. */
  private long receiver(DhcpMessage request, int address) {
    if (request.ciaddr() == 0 && request.broadcast()) {
      return EVERYBODY;
    }
    long to = IpAddress.mapV4(request.ciaddr() != 0 ? request.ciaddr() : address);
    if (!lan.isGuestSource(0, to)) {
      return EVERYBODY;
    }
    neighbors.learn(0, to, request.mac());
    return to;
  }

  private void send(long destination, int length) {
    boolean sent =
        egress.udp(
            0,
            lan.gateway4().low(),
            DhcpMessage.SERVER_PORT,
            0,
            destination,
            DhcpMessage.CLIENT_PORT,
            message,
            0,
            length,
            HOP_LIMIT,
            0);
    if (sent) {
      counters.count(Count.DHCP_REPLIES);
    }
  }

  void close() {
    if (message.refCnt() > 0) {
      message.release();
    }
  }
}
