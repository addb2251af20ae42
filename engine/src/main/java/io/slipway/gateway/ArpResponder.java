package io.slipway.gateway;

import io.netty.buffer.ByteBuf;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.ArpPacket;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import io.slipway.wire.Packet;

/**
 * Answers ARP requests for our addresses and learns who asks (RFC 826). Owned by one {@link
 * Gateway}.
 *
 * <p>A probe (RFC 5227 §2.1.1: sender address 0.0.0.0) for an address of ours is answered, so that
 * the guest does not take it; a probe for any other address is the guest's own business. Like
 * Linux, who gives an address that no machine has, or one of ours, gets no answer.
 */
final class ArpResponder {

  private final Lan lan;
  private final OwnAddresses own;
  private final Egress egress;
  private final Neighbors neighbors;
  private final Counters counters;

  ArpResponder(Lan lan, OwnAddresses own, Egress egress, Neighbors neighbors, Counters counters) {
    this.lan = lan;
    this.own = own;
    this.egress = egress;
    this.neighbors = neighbors;
    this.counters = counters;
  }

  /** Deals with the ARP packet at {@link Packet#ipAt()}. */
  void answer(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.ipAt();
    if (!ArpPacket.fits(frame, at, packet.end())) {
      counters.drop(Drop.ARP_MALFORMED);
      return;
    }
    long senderMac = ArpPacket.senderMac(frame, at);
    if (MacAddress.isGroup(senderMac) || senderMac == 0) {
      counters.drop(Drop.ARP_MALFORMED);
      return;
    }
    int sender = ArpPacket.senderAddress(frame, at);
    long senderLow = IpAddress.mapV4(sender);
    if (lan.isGuestSource(0, senderLow) && !own.contains(0, senderLow)) {
      neighbors.learn(0, senderLow, senderMac);
    } else if (isNobodys(senderLow)) {
      counters.drop(Drop.SOURCE_FORBIDDEN);
      return;
    }
    int target = ArpPacket.targetAddress(frame, at);
    boolean asksForUs =
        ArpPacket.operation(frame, at) == ArpPacket.REQUEST
            && own.contains(0, IpAddress.mapV4(target));
    if (!asksForUs) {
      counters.drop(Drop.ARP_NOT_FOR_US);
      return;
    }
    if (egress.arp(ArpPacket.REPLY, senderMac, target, senderMac, sender)) {
      counters.count(Count.ARP_REPLIES);
    }
  }

  private boolean isNobodys(long senderLow) {
    return own.contains(0, senderLow)
        || IpAddress.isLoopback(0, senderLow)
        || IpAddress.isMulticast(0, senderLow)
        || IpAddress.isBroadcast(0, senderLow)
        || lan.isSubnetBroadcast(0, senderLow);
  }
}
