package io.slipway.gateway;

import static io.slipway.wire.Dhcp6Reply.NOT_ON_LINK;
import static io.slipway.wire.Dhcp6Reply.NO_ADDRESSES;
import static io.slipway.wire.Dhcp6Reply.NO_BINDING;
import static io.slipway.wire.Dhcp6Reply.NO_PREFIXES;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Egress;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Dhcp6Message;
import io.slipway.wire.Dhcp6Message.Association;
import io.slipway.wire.Dhcp6Reply;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import io.slipway.wire.UdpHeader;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Gives the guest an IPv6 address and tells it the network's plan (RFC 8415 §18.3). Owned by one
 * {@link Gateway}; the leases are the engine's.
 *
 * <p>A client is an association of a DUID, and has one address. There are no temporary addresses
 * and no prefixes to delegate. It is the only server of its wire, so it speaks for all addresses: a
 * client that comes back with one keeps it when nobody else has it, whether it is remembered or
 * not, and is told that it is gone when somebody has.
 */
final class Dhcp6Server {

  private static final int HOP_LIMIT = 64;
  private static final int LIFETIME = DhcpLeases.LEASE_SECONDS;

  /** RFC 8415 §14.2, §21.4: a half and four fifths of the lifetime. */
  private static final int RENEW = LIFETIME / 2;

  private static final int REBIND = LIFETIME / 5 * 4;

  /** RFC 8415 §11.4: a DUID of type 3, from a link-layer address of type 1. */
  private static final String DUID_OF_ETHERNET = "00030001";

  private final Lan lan;
  private final @Nullable IpAddress nameServer;
  private final Egress egress;
  private final AddressPool pool;
  private final Counters counters;
  private final String own;
  private final ByteBuf message = Unpooled.directBuffer(Dhcp6Reply.CAPACITY, Dhcp6Reply.CAPACITY);

  /**
   * A server for a network that has IPv6.
   *
   * @param nameServer which the guest is told, null for none
   */
  Dhcp6Server(
      Lan lan, @Nullable IpAddress nameServer, Egress egress, AddressPool pool, Counters counters) {
    this.lan = lan;
    this.nameServer = nameServer;
    this.egress = egress;
    this.pool = pool;
    this.counters = counters;
    this.own = DUID_OF_ETHERNET + HexFormat.of().toHexDigits(lan.mac().value(), 12);
  }

  /** Deals with a datagram to the servers' port, whose checksum is good. */
  void answer(Packet packet, long nowNanos) {
    Dhcp6Message request =
        Dhcp6Message.parse(
            packet.frame(),
            packet.transportAt() + UdpHeader.LENGTH,
            packet.transportLength() - UdpHeader.LENGTH);
    if (request == null || !isSound(request)) {
      counters.drop(Drop.DHCP_MALFORMED);
      return;
    }
    if (request.server() != null && !request.server().equals(own)) {
      counters.drop(Drop.DHCP_NOT_FOR_US);
      return;
    }
    Dhcp6Reply reply =
        IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow())
            ? reply(request, nowNanos)
            : unicast(request);
    if (reply == null) {
      counters.drop(Drop.DHCP_MALFORMED);
    } else {
      send(packet, reply.length());
    }
  }

  /** RFC 8415 §16: who must say who it is, and whom it speaks to. */
  private static boolean isSound(Dhcp6Message request) {
    boolean client = request.client() != null;
    boolean server = request.server() != null;
    return switch (request.type()) {
      case Dhcp6Message.SOLICIT, Dhcp6Message.CONFIRM, Dhcp6Message.REBIND -> client && !server;
      case Dhcp6Message.REQUEST, Dhcp6Message.RENEW, Dhcp6Message.RELEASE, Dhcp6Message.DECLINE ->
          client && server;
      case Dhcp6Message.INFORMATION_REQUEST -> request.associations().isEmpty();
      default -> false;
    };
  }

  /** RFC 8415 §18.3.2 and so on: we did not invite the client to speak to us alone. */
  private @Nullable Dhcp6Reply unicast(Dhcp6Message request) {
    boolean toAll =
        switch (request.type()) {
          case Dhcp6Message.SOLICIT,
              Dhcp6Message.CONFIRM,
              Dhcp6Message.REBIND,
              Dhcp6Message.INFORMATION_REQUEST ->
              true;
          default -> false;
        };
    return toAll ? null : begin(request, Dhcp6Message.REPLY).withStatus(Dhcp6Reply.USE_MULTICAST);
  }

  private @Nullable Dhcp6Reply reply(Dhcp6Message request, long nowNanos) {
    return switch (request.type()) {
      case Dhcp6Message.SOLICIT -> solicit(request, nowNanos);
      case Dhcp6Message.REQUEST -> request(request, nowNanos);
      case Dhcp6Message.RENEW, Dhcp6Message.REBIND -> extend(request, nowNanos);
      case Dhcp6Message.CONFIRM -> confirm(request);
      case Dhcp6Message.RELEASE, Dhcp6Message.DECLINE -> giveBack(request, nowNanos);
      default -> plan(request, begin(request, Dhcp6Message.REPLY));
    };
  }

  private Dhcp6Reply begin(Dhcp6Message request, int type) {
    return new Dhcp6Reply(message, request, type, own);
  }

  /** RFC 8415 §18.3.1, §18.3.9. */
  private Dhcp6Reply solicit(Dhcp6Message request, long nowNanos) {
    boolean now = request.rapidCommit();
    Dhcp6Reply reply = begin(request, now ? Dhcp6Message.REPLY : Dhcp6Message.ADVERTISE);
    if (now) {
      reply.withRapidCommit();
    } else {
      reply.withHighestPreference();
    }
    for (Association one : request.associations()) {
      IpAddress wanted = one.addresses().isEmpty() ? null : one.addresses().getFirst();
      assign(reply, request, one, wanted, now, nowNanos);
    }
    return plan(request, reply);
  }

  /** RFC 8415 §18.3.2. */
  private Dhcp6Reply request(Dhcp6Message request, long nowNanos) {
    Dhcp6Reply reply = begin(request, Dhcp6Message.REPLY);
    for (Association one : request.associations()) {
      IpAddress wanted = one.addresses().isEmpty() ? null : one.addresses().getFirst();
      if (isOfAddresses(one) && !one.addresses().stream().allMatch(pool::holds)) {
        status(reply, one, NOT_ON_LINK);
      } else {
        assign(reply, request, one, wanted, true, nowNanos);
      }
    }
    return plan(request, reply);
  }

  private void assign(
      Dhcp6Reply reply,
      Dhcp6Message request,
      Association association,
      @Nullable IpAddress wanted,
      boolean bind,
      long nowNanos) {
    if (!isOfAddresses(association)) {
      boolean prefixes = association.kind() == Dhcp6Message.PREFIXES;
      status(reply, association, prefixes ? NO_PREFIXES : NO_ADDRESSES);
      return;
    }
    String client = client(request, association);
    IpAddress address = pool.offer(client, wanted, nowNanos);
    if (address == null || (bind && !pool.bind(client, address, nowNanos))) {
      counters.drop(Drop.DHCP_NO_ADDRESS);
      status(reply, association, NO_ADDRESSES);
      return;
    }
    reply.beginAssociation(association, RENEW, REBIND);
    reply.address(address, LIFETIME);
    reply.endAssociation();
  }

  /** RFC 8415 §18.3.4, §18.3.5: an address that the client cannot keep has a lifetime of 0. */
  private Dhcp6Reply extend(Dhcp6Message request, long nowNanos) {
    Dhcp6Reply reply = begin(request, Dhcp6Message.REPLY);
    for (Association one : request.associations()) {
      if (!isOfAddresses(one) || one.addresses().isEmpty()) {
        status(reply, one, NO_BINDING);
        continue;
      }
      String client = client(request, one);
      boolean has = false;
      reply.beginAssociation(one, RENEW, REBIND);
      for (IpAddress address : one.addresses()) {
        boolean keeps = !has && pool.bind(client, address, nowNanos);
        reply.address(address, keeps ? LIFETIME : 0);
        has |= keeps;
      }
      reply.endAssociation();
    }
    return plan(request, reply);
  }

  /** RFC 8415 §18.3.3: are these addresses right for this link? Without any, there is no answer. */
  private @Nullable Dhcp6Reply confirm(Dhcp6Message request) {
    boolean any = false;
    boolean right = true;
    for (Association one : request.associations()) {
      any |= !one.addresses().isEmpty();
      right &= one.addresses().stream().allMatch(pool::holds);
    }
    return any
        ? begin(request, Dhcp6Message.REPLY).withStatus(right ? Dhcp6Reply.SUCCESS : NOT_ON_LINK)
        : null;
  }

  /** RFC 8415 §18.3.7, §18.3.8. */
  private Dhcp6Reply giveBack(Dhcp6Message request, long nowNanos) {
    Dhcp6Reply reply = begin(request, Dhcp6Message.REPLY).withStatus(Dhcp6Reply.SUCCESS);
    for (Association one : request.associations()) {
      String client = client(request, one);
      boolean had = false;
      for (IpAddress address : one.addresses()) {
        had |=
            request.type() == Dhcp6Message.RELEASE
                ? pool.release(client, address)
                : pool.decline(client, address, nowNanos);
      }
      if (!had) {
        status(reply, one, NO_BINDING);
      }
    }
    return reply;
  }

  private static void status(Dhcp6Reply reply, Association association, int status) {
    reply.beginAssociation(association, 0, 0);
    reply.withStatus(status);
    reply.endAssociation();
  }

  private static boolean isOfAddresses(Association association) {
    return association.kind() == Dhcp6Message.ADDRESSES;
  }

  private static String client(Dhcp6Message request, Association association) {
    return association.kind() + "/" + association.iaid() + "/" + request.client();
  }

  private Dhcp6Reply plan(Dhcp6Message request, Dhcp6Reply reply) {
    if (nameServer != null && request.wants(Dhcp6Reply.OPTION_DNS)) {
      reply.withNameServer(nameServer);
    }
    if (request.wants(Dhcp6Reply.OPTION_SEARCH)) {
      reply.withSearch(lan.search());
    }
    return reply;
  }

  private void send(Packet packet, int length) {
    IpAddress from = lan.linkLocal();
    boolean sent =
        egress.udp(
            from.high(),
            from.low(),
            Dhcp6Message.SERVER_PORT,
            packet.sourceHigh(),
            packet.sourceLow(),
            Dhcp6Message.CLIENT_PORT,
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
