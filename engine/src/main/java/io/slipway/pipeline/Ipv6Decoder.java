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
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv6Extensions;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * Reads IPv6 headers (RFC 8200 §3), walks over extension headers, and passes on whole packets; lets
 * packets of other types by.
 *
 * <p>What is wrong with an extension header is answered (RFC 8200 §4), except that it is cut short.
 */
final class Ipv6Decoder extends ChannelInboundHandlerAdapter {

  private static final int PROTOCOL_UDP = 17;
  private static final int LARGEST_PAYLOAD = 65_535;

  private final Shard shard;
  private final Counters counters;
  private final Lan lan;
  private final OwnAddresses own;
  private final FragmentReassembler reassembler;

  Ipv6Decoder(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.lan = shard.lan();
    this.own = shard.gateway().ownAddresses();
    this.reassembler = shard.reassembler();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Packet packet = (Packet) message;
    if (packet.etherType() != EthernetHeader.TYPE_IPV6) {
      ctx.fireChannelRead(packet);
      return;
    }
    Drop reason = decode(packet);
    if (reason != null) {
      counters.drop(reason);
    } else if (packet.protocol() == Ipv6Header.FRAGMENT) {
      fragment(ctx, packet);
    } else {
      pass(ctx, packet);
    }
  }

  private @Nullable Drop decode(Packet packet) {
    if (!lan.hasV6()) {
      return Drop.IPV6_OFF;
    }
    ByteBuf frame = packet.frame();
    int at = packet.ipAt();
    int end = packet.end();
    if (!Ipv6Header.fits(frame, at, end)) {
      return Drop.FRAME_TOO_SHORT;
    }
    if (Ipv6Header.version(frame, at) != 6) {
      return Drop.IPV6_BAD_VERSION;
    }
    boolean hopByHop = Ipv6Header.nextHeader(frame, at) == Ipv6Header.HOP_BY_HOP;
    int payload = Ipv6Header.payloadLength(frame, at);
    // RFC 2675 §3: then the length is in an option.
    int length = payload == 0 && hopByHop ? end - at : Ipv6Header.LENGTH + payload;
    if (length > end - at) {
      return Drop.IPV6_BAD_PAYLOAD_LENGTH;
    }
    packet.ip(true, at, Ipv6Header.LENGTH, length);
    packet.source(Ipv6Header.sourceHigh(frame, at), Ipv6Header.sourceLow(frame, at));
    packet.destination(Ipv6Header.destinationHigh(frame, at), Ipv6Header.destinationLow(frame, at));
    packet.handling(Ipv6Header.hopLimit(frame, at), Ipv6Header.trafficClass(frame, at));
    long walked = Ipv6Header.walk(frame, at, at + length);
    if (walked >= 0) {
      // So that whoever tells the guest sees whether it was an ICMP error.
      int transportAt = Ipv6Header.transportAt(walked);
      packet.transport(Ipv6Header.protocol(walked), transportAt, at + length - transportAt);
    } else {
      packet.transport(Ipv6Header.NO_NEXT_HEADER, at + length, 0);
    }
    Drop reason = checkSource(packet);
    if (reason == null && hopByHop) {
      reason = hopByHop(packet, payload);
    }
    if (reason == null) {
      reason = forward(packet);
    }
    return reason == null ? extensions(packet, walked) : reason;
  }

  /** RFC 8200 §4.3: every node on the way reads these, so the router complains about them. */
  private @Nullable Drop hopByHop(Packet packet, int payload) {
    int at = packet.ipAt();
    int fault =
        Ipv6Extensions.hopByHopFault(
            packet.frame(), at, at + packet.ipLength(), isMulticast(packet));
    if (fault > 0) {
      shard
          .icmpErrors()
          .sendAsRouter(error(fault), Ipv6Extensions.pointer(fault), packet, shard.nowNanos());
    }
    // Without a length no packet is whole, and jumbograms do not come by this link.
    return fault != Ipv6Extensions.NONE || payload == 0 ? Drop.IPV6_BAD_EXTENSION : null;
  }

  /** What a router does with packets for others (RFC 8200 §3, RFC 4443 §3.1, RFC 4007 §9). */
  private @Nullable Drop forward(Packet packet) {
    long high = packet.destinationHigh();
    long low = packet.destinationLow();
    if (IpAddress.isV4(high, low)) {
      // An IPv4-mapped address would be taken for the IPv4 address itself everywhere below.
      tell(IcmpError.NET_UNREACHABLE, 0, packet);
      return Drop.IPV6_MAPPED_ADDRESS;
    }
    if (own.contains(high, low) || IpAddress.isMulticast(high, low)) {
      return null;
    }
    if (packet.hopLimit() <= 1) {
      tell(IcmpError.TTL_EXCEEDED, 0, packet);
      return Drop.HOP_LIMIT_EXCEEDED;
    }
    if (IpAddress.isLoopback(high, low)) {
      return Drop.DESTINATION_LOOPBACK; // RFC 4291 §2.5.3: it is on no wire
    }
    if (IpAddress.isLinkLocal(packet.sourceHigh(), packet.sourceLow())
        && !IpAddress.isLinkLocal(high, low)) {
      tell(IcmpError.BEYOND_SCOPE, 0, packet);
      return Drop.SOURCE_BEYOND_SCOPE;
    }
    return null;
  }

  /** Notes where the walk along the extension headers ended, and answers what is wrong in them. */
  private @Nullable Drop extensions(Packet packet, long walked) {
    int at = packet.ipAt();
    if (walked < 0) {
      complain(packet);
      return walked == Ipv6Header.SOURCE_ROUTED ? Drop.IPV6_SOURCE_ROUTED : Drop.IPV6_BAD_EXTENSION;
    }
    int transportAt = Ipv6Header.transportAt(walked);
    packet.ip(true, at, transportAt - at, packet.ipLength());
    packet.transport(
        Ipv6Header.protocol(walked), transportAt, at + packet.ipLength() - transportAt);
    boolean plain = transportAt - at == Ipv6Header.LENGTH;
    return plain || !complain(packet) ? null : Drop.IPV6_BAD_EXTENSION;
  }

  /** RFC 8200 §4: returns whether there was something wrong, which the guest was told. */
  private boolean complain(Packet packet) {
    int at = packet.ipAt();
    int fault =
        Ipv6Extensions.fault(packet.frame(), at, at + packet.ipLength(), isMulticast(packet));
    if (fault > 0) {
      tell(error(fault), Ipv6Extensions.pointer(fault), packet);
    }
    return fault != Ipv6Extensions.NONE;
  }

  private static IcmpError error(int fault) {
    return switch (Ipv6Extensions.code(fault)) {
      case 0 -> IcmpError.PARAMETER_PROBLEM;
      case 1 -> IcmpError.PROTOCOL_UNREACHABLE;
      default -> IcmpError.UNKNOWN_OPTION;
    };
  }

  private static boolean isMulticast(Packet packet) {
    return IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow());
  }

  private void tell(IcmpError error, int pointer, Packet packet) {
    shard.icmpErrors().send(error, pointer, packet, shard.nowNanos());
  }

  private @Nullable Drop checkSource(Packet packet) {
    long high = packet.sourceHigh();
    long low = packet.sourceLow();
    if (IpAddress.isV4(high, low)) {
      return Drop.IPV6_MAPPED_ADDRESS;
    }
    if (IpAddress.isUnspecified(high, low)) {
      // Duplicate address detection speaks before it has an address; see pass().
      return null;
    }
    if (IpAddress.isLoopback(high, low)
        || IpAddress.isMulticast(high, low)
        || own.contains(high, low)) {
      return Drop.SOURCE_FORBIDDEN;
    }
    if (!lan.isGuestSource(high, low)) {
      return Drop.SOURCE_NOT_GUEST;
    }
    shard.neighbors().learn(high, low, packet.sourceMac());
    return null;
  }

  /**
   * Only ICMPv6 may come from nowhere or go to many: neighbour discovery does both. To many speaks
   * a DHCPv6 client, too.
   */
  private void pass(ChannelHandlerContext ctx, Packet packet) {
    if (packet.protocol() != IcmpHeader.PROTOCOL_V6) {
      if (IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow())) {
        counters.drop(Drop.SOURCE_FORBIDDEN);
        return;
      }
      if (IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow())
          && !(packet.protocol() == PROTOCOL_UDP && shard.gateway().isForDhcp6(packet))) {
        counters.drop(Drop.MULTICAST);
        return;
      }
    }
    ctx.fireChannelRead(packet);
  }

  private void fragment(ChannelHandlerContext ctx, Packet packet) {
    ByteBuf frame = packet.frame();
    int fragmentAt = packet.transportAt();
    int end = packet.ipAt() + packet.ipLength();
    int offset = Ipv6Header.fragmentOffset(frame, fragmentAt);
    boolean more = Ipv6Header.moreFragments(frame, fragmentAt);
    counters.count(Count.FRAGMENTS_IN);
    packet.fragmented();
    if (offset == 0 && !more) {
      // RFC 6946 §4: an atomic fragment stands alone, whatever else carries its identification.
      passWalked(ctx, packet, Ipv6Header.walkAfterFragment(frame, fragmentAt, end));
      return;
    }
    int id = Ipv6Header.fragmentId(frame, fragmentAt);
    int protocol = Ipv6Header.fragmentNextHeader(frame, fragmentAt);
    int partAt = fragmentAt + Ipv6Header.FRAGMENT_LENGTH;
    packet.transport(Ipv6Header.FRAGMENT, partAt, end - partAt);
    if (offset == 0 && Ipv6Extensions.isCutShort(frame, fragmentAt, end)) {
      tell(IcmpError.HEADERS_INCOMPLETE, 0, packet); // RFC 7112 §5
      counters.drop(Drop.FRAGMENT_MALFORMED);
      return;
    }
    if (more && (end - partAt & 7) != 0) {
      tell(IcmpError.PARAMETER_PROBLEM, Ipv6Header.PAYLOAD_LENGTH, packet); // RFC 8200 §4.5
    } else if (offset + end - partAt > LARGEST_PAYLOAD) {
      tell(IcmpError.PARAMETER_PROBLEM, fragmentAt + 2 - packet.ipAt(), packet);
    }
    FragmentedPacket whole = reassembler.add(packet, id, protocol, offset, more, shard.nowNanos());
    if (whole == null) {
      return;
    }
    try {
      whole.show(packet);
      int at = packet.ipAt();
      passWalked(ctx, packet, Ipv6Header.walk(packet.frame(), at, at + packet.ipLength()));
    } finally {
      reassembler.finish(whole);
    }
  }

  /** What comes out of a fragment header must not hold another one. */
  private void passWalked(ChannelHandlerContext ctx, Packet packet, long walked) {
    Drop reason = extensions(packet, walked);
    if (reason == null && packet.protocol() == Ipv6Header.FRAGMENT) {
      reason = Drop.IPV6_BAD_EXTENSION;
    }
    if (reason != null) {
      counters.drop(reason);
    } else {
      pass(ctx, packet);
    }
  }
}
