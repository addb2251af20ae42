package io.slipway.gateway;

import io.slipway.clock.TimerWheel;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.icmp.EchoResponder;
import io.slipway.route.Lan;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Dhcp6Message;
import io.slipway.wire.DhcpMessage;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.NdpMessage;
import io.slipway.wire.Packet;
import io.slipway.wire.UdpHeader;
import org.jspecify.annotations.Nullable;

/**
 * The router that the guest sees: the door to this room. Owned by one Shard's event loop; not
 * thread-safe.
 */
public final class Gateway {

  private final Lan lan;
  private final OwnAddresses own;
  private final ArpResponder arp;
  private final NdpResponder ndp;
  private final @Nullable RouterAdvertiser router;
  private final EchoResponder echo;
  private final DhcpServer dhcp;
  private final @Nullable Dhcp6Server dhcp6;
  private final Counters counters;

  /**
   * A gateway that answers through {@code egress} and tells {@code neighbors} whom it heard.
   *
   * @param leases the engine's
   * @param nameService whether there is a name service at the DNS addresses, to be told of
   * @param first whether it is that of the first of an engine's shards, which speaks unasked, too
   * @param nowNanos the present
   */
  public Gateway(
      Lan lan,
      Egress egress,
      Neighbors neighbors,
      TimerWheel timers,
      DhcpLeases leases,
      boolean nameService,
      Counters counters,
      boolean first,
      long nowNanos) {
    this.lan = lan;
    this.own = new OwnAddresses(lan);
    this.arp = new ArpResponder(lan, own, egress, neighbors, counters);
    this.ndp = new NdpResponder(lan, own, egress, neighbors, counters);
    this.router =
        lan.hasV6()
            ? new RouterAdvertiser(lan, nameService, egress, timers, counters, first, nowNanos)
            : null;
    this.echo = new EchoResponder(egress, counters);
    this.dhcp =
        new DhcpServer(
            lan, nameService ? lan.dns4() : null, egress, neighbors, leases.pool4(), counters);
    AddressPool pool6 = leases.pool6();
    this.dhcp6 =
        pool6 == null
            ? null
            : new Dhcp6Server(lan, nameService ? lan.dns6() : null, egress, pool6, counters);
    this.counters = counters;
  }

  /** Which addresses are ours; forwards add theirs here. */
  public OwnAddresses ownAddresses() {
    return own;
  }

  /** Deals with an ARP packet, which nobody has looked at yet. */
  public void arp(Packet packet) {
    arp.answer(packet);
  }

  /**
   * Deals with an ICMP or ICMPv6 message to one of our addresses, or of neighbour discovery to any,
   * whose header and checksum are good. The frame's bytes may change.
   */
  public void icmp(Packet packet, long nowNanos) {
    int type = IcmpHeader.type(packet.frame(), packet.transportAt());
    if (packet.isV6() && NdpMessage.isNdp(type)) {
      if (ndp.answer(packet) && router != null) {
        router.solicited(packet, nowNanos);
      }
    } else if (EchoResponder.isRequest(packet.isV6(), type)) {
      answer(packet);
    } else if (!packet.isV6()
        && type == IcmpHeader.TIMESTAMP_REQUEST
        && packet.transportLength() >= IcmpHeader.TIMESTAMP_LENGTH) {
      echo.answerTimestamp(packet, nowNanos);
    } else {
      counters.drop(Drop.ICMP_UNSUPPORTED);
    }
  }

  /**
   * Whether it is an echo request to addresses that ours are among: those of all nodes and of all
   * routers on the link, those by which our addresses are asked for, and that of any router of the
   * subnet (RFC 4291 §2.6.1, §2.7.1).
   */
  public boolean isForUsAmongOthers(Packet packet) {
    return packet.isV6()
        && EchoResponder.isRequest(true, IcmpHeader.type(packet.frame(), packet.transportAt()))
        && !IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow())
        && own.isShared(packet.destinationHigh(), packet.destinationLow());
  }

  /** RFC 4443 §4.2: the reply to what several have heard comes from one address. */
  private void answer(Packet packet) {
    IpAddress gateway6 = lan.gateway6();
    if (own.contains(packet.destinationHigh(), packet.destinationLow()) || gateway6 == null) {
      echo.answer(packet);
    } else if (IpAddress.isLinkLocal(packet.sourceHigh(), packet.sourceLow())) {
      echo.answer(packet, Lan.LINK_LOCAL_HIGH, lan.linkLocalLow());
    } else {
      echo.answer(packet, gateway6.high(), gateway6.low());
    }
  }

  /** Whether a datagram to this IPv4 address and port asks for an address or gives one back. */
  public boolean isForDhcp(long destinationLow, int port) {
    return port == DhcpMessage.SERVER_PORT
        && (IpAddress.isBroadcast(0, destinationLow) || lan.gateway4().is(0, destinationLow));
  }

  /** The same for an IPv6 packet, of UDP. */
  public boolean isForDhcp6(Packet packet) {
    return packet.transportLength() >= UdpHeader.LENGTH
        && UdpHeader.destinationPort(packet.frame(), packet.transportAt())
            == Dhcp6Message.SERVER_PORT
        && (isOfServers(packet)
            || lan.isGateway(packet.destinationHigh(), packet.destinationLow()));
  }

  private static boolean isOfServers(Packet packet) {
    return packet.destinationHigh() == Dhcp6Message.SERVERS_HIGH
        && packet.destinationLow() == Dhcp6Message.SERVERS_LOW;
  }

  /** Deals with a datagram that is for DHCP of either family and whose checksum is good. */
  public void dhcp(Packet packet, long nowNanos) {
    if (!packet.isV6()) {
      dhcp.answer(packet, nowNanos);
    } else if (dhcp6 != null) {
      dhcp6.answer(packet, nowNanos);
    }
  }

  /** Frees what the answers are built in. */
  public void close() {
    dhcp.close();
    if (dhcp6 != null) {
      dhcp6.close();
    }
    ndp.close();
    if (router != null) {
      router.close();
    }
  }
}
