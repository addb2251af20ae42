package io.slipway.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import io.slipway.wire.NdpMessage;
import io.slipway.wire.Packet;

/**
 * Answers neighbour solicitations for our addresses and learns who asks (RFC 4861 §7.2); what asks
 * for a router is checked here, and answered by {@link RouterAdvertiser}. Owned by one {@link
 * Gateway}.
 */
final class NdpResponder {

  /** ff02::1, all nodes on the link. */
  private static final long ALL_NODES_HIGH = 0xFF02_0000_0000_0000L;

  private static final long ALL_NODES_LOW = 1;

  /** ff02::1:ff00:0/104, the solicited-node addresses (RFC 4291 §2.7.1). */
  private static final long SOLICITED_NODE_LOW = 0x1_FF00_0000L;

  private static final long SOLICITED_NODE_MASK = ~0xFF_FFFFL;

  private final Lan lan;
  private final OwnAddresses own;
  private final Egress egress;
  private final Neighbors neighbors;
  private final Counters counters;
  private final ByteBuf message =
      Unpooled.directBuffer(
          NdpMessage.NEIGHBOR_WITH_MAC_LENGTH, NdpMessage.NEIGHBOR_WITH_MAC_LENGTH);

  NdpResponder(Lan lan, OwnAddresses own, Egress egress, Neighbors neighbors, Counters counters) {
    this.lan = lan;
    this.own = own;
    this.egress = egress;
    this.neighbors = neighbors;
    this.counters = counters;
    message.setZero(0, message.capacity());
  }

  /**
   * Deals with a neighbour discovery message, whose ICMPv6 header and checksum are good.
   *
   * @return whether it is a good router solicitation, which is still to be answered
   */
  boolean answer(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    // RFC 4861 §6.1, §7.1: hop limit 255, code 0. RFC 6980 §5: never in fragments.
    if (packet.hopLimit() != NdpMessage.HOP_LIMIT
        || IcmpHeader.code(frame, at) != 0
        || packet.isFragmented()) {
      counters.drop(Drop.NDP_MALFORMED);
      return false;
    }
    int type = IcmpHeader.type(frame, at);
    if (type == NdpMessage.ROUTER_SOLICITATION) {
      return routerSolicited(packet, frame, at);
    }
    if (type == NdpMessage.NEIGHBOR_SOLICITATION) {
      solicited(packet, frame, at);
    } else if (type == NdpMessage.NEIGHBOR_ADVERTISEMENT) {
      advertised(packet, frame, at);
    } else {
      counters.drop(Drop.NDP_NOT_FOR_US);
    }
    return false;
  }

  /** RFC 4861 §6.1.1: whether the solicitation is valid. */
  private boolean routerSolicited(Packet packet, ByteBuf frame, int at) {
    int end = at + packet.transportLength();
    if (!NdpMessage.fits(frame, at, end, NdpMessage.ROUTER_SOLICITATION_LENGTH)) {
      counters.drop(Drop.NDP_MALFORMED);
      return false;
    }
    int options = at + NdpMessage.ROUTER_SOLICITATION_LENGTH;
    long mac = NdpMessage.macOption(frame, options, end, NdpMessage.OPTION_SOURCE_MAC);
    boolean nobody = IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow());
    if (badMac(mac) || (mac > 0 && nobody)) {
      counters.drop(Drop.NDP_MALFORMED);
      return false;
    }
    if (mac > 0 && lan.isGuestSource(packet.sourceHigh(), packet.sourceLow())) {
      neighbors.learn(packet.sourceHigh(), packet.sourceLow(), mac);
    }
    return true;
  }

  private void solicited(Packet packet, ByteBuf frame, int at) {
    int end = at + packet.transportLength();
    if (!NdpMessage.fits(frame, at, end, NdpMessage.NEIGHBOR_LENGTH)) {
      counters.drop(Drop.NDP_MALFORMED);
      return;
    }
    long targetHigh = NdpMessage.targetHigh(frame, at);
    long targetLow = NdpMessage.targetLow(frame, at);
    int options = at + NdpMessage.NEIGHBOR_LENGTH;
    long mac = NdpMessage.macOption(frame, options, end, NdpMessage.OPTION_SOURCE_MAC);
    boolean probe = IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow());
    // RFC 4861 §7.1.1: a probe goes to a solicited-node address and carries no source address.
    boolean badProbe = probe && (mac >= 0 || !toSolicitedNode(packet));
    if (badProbe || badMac(mac) || IpAddress.isMulticast(targetHigh, targetLow)) {
      counters.drop(Drop.NDP_MALFORMED);
      return;
    }
    if (mac > 0 && lan.isGuestSource(packet.sourceHigh(), packet.sourceLow())) {
      neighbors.learn(packet.sourceHigh(), packet.sourceLow(), mac);
    }
    long high = packet.destinationHigh();
    long low = packet.destinationLow();
    boolean heard = own.contains(high, low) || own.isShared(high, low);
    if (!heard || !own.contains(targetHigh, targetLow)) {
      counters.drop(Drop.NDP_NOT_FOR_US);
      return;
    }
    advertise(packet, targetHigh, targetLow, probe);
  }

  /**
   * RFC 4861 §7.1.2, §7.2.5: what the guest says of itself, asked or not. We never ask, so there is
   * no state in which less than all of it is believed, but that an address that was heard elsewhere
   * stays there without the override flag.
   */
  private void advertised(Packet packet, ByteBuf frame, int at) {
    int end = at + packet.transportLength();
    int flags = NdpMessage.flags(frame, at);
    boolean toMany = IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow());
    boolean fits = NdpMessage.fits(frame, at, end, NdpMessage.NEIGHBOR_LENGTH);
    if (!fits || (toMany && (flags & NdpMessage.SOLICITED) != 0)) {
      counters.drop(Drop.NDP_MALFORMED);
      return;
    }
    long targetHigh = NdpMessage.targetHigh(frame, at);
    long targetLow = NdpMessage.targetLow(frame, at);
    int options = at + NdpMessage.NEIGHBOR_LENGTH;
    long mac = NdpMessage.macOption(frame, options, end, NdpMessage.OPTION_TARGET_MAC);
    if (badMac(mac) || IpAddress.isMulticast(targetHigh, targetLow)) {
      counters.drop(Drop.NDP_MALFORMED);
    } else if (mac < 0
        || (flags & NdpMessage.OVERRIDE) == 0
        || own.contains(targetHigh, targetLow)
        || !lan.isGuestSource(targetHigh, targetLow)) {
      counters.drop(Drop.NDP_NOT_FOR_US);
    } else {
      neighbors.learn(targetHigh, targetLow, mac);
      counters.count(Count.NDP_LEARNED);
    }
  }

  private static boolean badMac(long mac) {
    return mac == NdpMessage.MALFORMED || mac == 0 || (mac > 0 && MacAddress.isGroup(mac));
  }

  /**
   * RFC 4861 §7.2.4: a probe is answered to all nodes, and not as solicited. Who asked us alone
   * knows where we are, so that like from Linux the answer is only that we still are.
   */
  private void advertise(Packet packet, long targetHigh, long targetLow, boolean probe) {
    int router = lan.isGateway(targetHigh, targetLow) ? NdpMessage.ROUTER : 0;
    boolean toMany = IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow());
    int override = toMany ? NdpMessage.OVERRIDE : 0;
    int flags = router | override | (probe ? 0 : NdpMessage.SOLICITED);
    NdpMessage.setAdvertisement(message, 0, flags, targetHigh, targetLow, lan.mac().value());
    boolean sent =
        egress.icmp(
            targetHigh,
            targetLow,
            probe ? ALL_NODES_HIGH : packet.sourceHigh(),
            probe ? ALL_NODES_LOW : packet.sourceLow(),
            message,
            0,
            toMany ? NdpMessage.NEIGHBOR_WITH_MAC_LENGTH : NdpMessage.NEIGHBOR_LENGTH,
            NdpMessage.HOP_LIMIT,
            0);
    if (sent) {
      counters.count(Count.NDP_REPLIES);
    }
  }

  private static boolean toSolicitedNode(Packet packet) {
    return packet.destinationHigh() == ALL_NODES_HIGH
        && (packet.destinationLow() & SOLICITED_NODE_MASK) == SOLICITED_NODE_LOW;
  }

  void close() {
    if (message.refCnt() > 0) {
      message.release();
    }
  }
}
