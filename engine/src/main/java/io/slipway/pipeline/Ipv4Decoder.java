package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.slipway.gateway.OwnAddresses;
import io.slipway.icmp.IcmpError;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Checksum;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv4Options;
import io.slipway.wire.Packet;
import io.slipway.wire.UdpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Reads IPv4 headers (RFC 791 §3.1, RFC 1122 §3.2.1), skips options that make sense, and passes on
 * whole packets; lets packets of other types by. What follows the IP header is not looked at.
 */
final class Ipv4Decoder extends ChannelInboundHandlerAdapter {

  private static final int PROTOCOL_UDP = 17;

  private final Shard shard;
  private final Counters counters;
  private final Lan lan;
  private final OwnAddresses own;
  private final FragmentReassembler reassembler;

  Ipv4Decoder(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.lan = shard.lan();
    this.own = shard.gateway().ownAddresses();
    this.reassembler = shard.reassembler();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Packet packet = (Packet) message;
    if (packet.etherType() != EthernetHeader.TYPE_IPV4) {
      ctx.fireChannelRead(packet);
      return;
    }
    Drop reason = decode(packet);
    if (reason != null) {
      counters.drop(reason);
    } else if (Ipv4Header.isFragment(packet.frame(), packet.ipAt())) {
      fragment(ctx, packet);
    } else {
      ctx.fireChannelRead(packet);
    }
  }

  private @Nullable Drop decode(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.ipAt();
    int end = packet.end();
    if (!Ipv4Header.fits(frame, at, end)) {
      return Drop.FRAME_TOO_SHORT;
    }
    if (Ipv4Header.version(frame, at) != 4) {
      return Drop.IPV4_BAD_VERSION;
    }
    int headerLength = Ipv4Header.headerLength(frame, at);
    if (headerLength < Ipv4Header.LENGTH || headerLength > end - at) {
      return Drop.IPV4_BAD_HEADER_LENGTH;
    }
    // The frame may be longer: Ethernet pads short ones.
    int length = Ipv4Header.totalLength(frame, at);
    if (length < headerLength || length > end - at) {
      return Drop.IPV4_BAD_TOTAL_LENGTH;
    }
    if (Checksum.ipv4Header(frame, at, headerLength) != 0) {
      return Drop.IPV4_BAD_CHECKSUM;
    }
    long source = IpAddress.mapV4(Ipv4Header.source(frame, at));
    long destination = IpAddress.mapV4(Ipv4Header.destination(frame, at));
    packet.ip(false, at, headerLength, length);
    packet.source(0, source);
    packet.destination(0, destination);
    packet.handling(Ipv4Header.timeToLive(frame, at), Ipv4Header.trafficClass(frame, at));
    packet.transport(Ipv4Header.protocol(frame, at), at + headerLength, length - headerLength);
    boolean toDhcp = isForDhcp(packet, end);
    Drop reason = checkAddresses(source, destination, toDhcp);
    if (reason == null) {
      if (!IpAddress.isUnspecified(0, source)) {
        shard.neighbors().learn(0, source, packet.sourceMac());
      }
      if (headerLength > Ipv4Header.LENGTH) {
        reason = checkOptions(packet, headerLength);
      }
    }
    if (reason == null && packet.hopLimit() <= 1 && !toDhcp && !own.contains(0, destination)) {
      reason = expire(packet);
    }
    return reason;
  }

  /** RFC 1812 §5.3.1: nobody forwards a packet whose TTL is used up by that. */
  private Drop expire(Packet packet) {
    if (Ipv4Header.fragmentOffset(packet.frame(), packet.ipAt()) == 0) {
      shard.icmpErrors().send(IcmpError.TTL_EXCEEDED, 0, packet, shard.nowNanos());
    }
    return Drop.HOP_LIMIT_EXCEEDED;
  }

  /** RFC 1122 §3.2.1.8 lets us skip them; like Linux, we do so only when they make sense. */
  private @Nullable Drop checkOptions(Packet packet, int headerLength) {
    int fault = Ipv4Options.fault(packet.frame(), packet.ipAt(), headerLength);
    if (fault == Ipv4Options.NONE) {
      return null;
    }
    if (fault == Ipv4Options.SOURCE_ROUTE) {
      return Drop.IPV4_SOURCE_ROUTED;
    }
    if (Ipv4Header.fragmentOffset(packet.frame(), packet.ipAt()) == 0) {
      shard
          .icmpErrors()
          .sendAsRouter(IcmpError.PARAMETER_PROBLEM, fault << 24, packet, shard.nowNanos());
    }
    return Drop.IPV4_BAD_OPTION;
  }

  /** RFC 2131 §4.1: whoever has no address yet speaks from none, and to all. */
  private boolean isForDhcp(Packet packet, int end) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    return packet.protocol() == PROTOCOL_UDP
        && IpAddress.isBroadcast(0, packet.destinationLow())
        && !Ipv4Header.isFragment(frame, packet.ipAt())
        && UdpHeader.fits(frame, at, end)
        && shard.gateway().isForDhcp(packet.destinationLow(), UdpHeader.destinationPort(frame, at));
  }

  private @Nullable Drop checkAddresses(long source, long destination, boolean toDhcp) {
    if (toDhcp && (IpAddress.isUnspecified(0, source) || lan.isGuestSource(0, source))) {
      return null;
    }
    if (!lan.isGuestSource(0, source) || own.contains(0, source)) {
      boolean forbidden =
          IpAddress.isLoopback(0, source)
              || IpAddress.isMulticast(0, source)
              || IpAddress.isBroadcast(0, source)
              || IpAddress.isUnspecified(0, source)
              || own.contains(0, source);
      return forbidden ? Drop.SOURCE_FORBIDDEN : Drop.SOURCE_NOT_GUEST;
    }
    if (IpAddress.isMulticast(0, destination)) {
      return Drop.MULTICAST;
    }
    if (IpAddress.isBroadcast(0, destination) || lan.isSubnetBroadcast(0, destination)) {
      return Drop.BROADCAST;
    }
    if (IpAddress.isLoopback(0, destination)) {
      return Drop.DESTINATION_LOOPBACK; // RFC 1122 §3.2.1.3 g: it is on no wire
    }
    return IpAddress.isUnspecified(0, destination) ? Drop.NO_ROUTE : null;
  }

  private void fragment(ChannelHandlerContext ctx, Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.ipAt();
    counters.count(Count.FRAGMENTS_IN);
    FragmentedPacket whole =
        reassembler.add(
            packet,
            Ipv4Header.id(frame, at),
            packet.protocol(),
            Ipv4Header.fragmentOffset(frame, at),
            Ipv4Header.moreFragments(frame, at),
            shard.nowNanos());
    if (whole == null) {
      return;
    }
    try {
      whole.show(packet);
      ctx.fireChannelRead(packet);
    } finally {
      reassembler.finish(whole);
    }
  }
}
