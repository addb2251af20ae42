package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.Packet;

/**
 * Says which of several shards a packet of the guest belongs to. Immutable; shared by their loops.
 *
 * <pre>
 *   TCP                 the connection: both addresses, both ports
 *   UDP                 the guest's endpoint, since a mapping serves all of its peers (RFC 4787 §4.1)
 *   a fragment          both addresses; what it is part of is looked at again when it is whole
 *   an ICMP error       the connection that it quotes
 *   anything else       the shard that has read it: nobody keeps state about it
 * </pre>
 *
 * Echo is among the rest: the guest's kernel sends a program's pings by one queue, and should it
 * change its mind, a second shard pings by a socket of its own, whose replies are as good.
 *
 * <p>It looks at as much of a frame as it needs and believes nothing: what is malformed stays where
 * it is, for the decoders to refuse.
 */
final class Steering {
  /** Any shard may take the packet. */
  static final int ANY = -1;

  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;
  private static final int PORTS_LENGTH = 4;
  private static final long FACTOR = 0x9E37_79B9_7F4A_7C15L;

  private final int shards;

  Steering(int shards) {
    this.shards = shards;
  }

  /** The shard of a frame whose Ethernet header begins at {@code at}, or {@link #ANY}. */
  int ofFrame(ByteBuf frame, int at) {
    int end = frame.writerIndex();
    if (!EthernetHeader.fits(frame, at, end)) {
      return ANY;
    }
    int ipAt = at + EthernetHeader.LENGTH;
    return switch (EthernetHeader.etherType(frame, at)) {
      case EthernetHeader.TYPE_IPV4 -> ofIpv4(frame, ipAt, end);
      case EthernetHeader.TYPE_IPV6 -> ofIpv6(frame, ipAt, end);
      default -> ANY;
    };
  }

  /** The shard of a packet that was put together from fragments, or {@link #ANY}. */
  int ofWhole(Packet packet) {
    return packet.isV6()
        ? ofIpv6(packet.frame(), packet.ipAt(), packet.end())
        : ofIpv4(packet.frame(), packet.ipAt(), packet.end());
  }

  private int ofIpv4(ByteBuf frame, int at, int end) {
    if (!Ipv4Header.fits(frame, at, end)) {
      return ANY;
    }
    long source = IpAddress.mapV4(Ipv4Header.source(frame, at));
    long destination = IpAddress.mapV4(Ipv4Header.destination(frame, at));
    if (Ipv4Header.isFragment(frame, at)) {
      return ofTuple(0, source, 0, 0, destination, 0);
    }
    int transportAt = at + Ipv4Header.headerLength(frame, at);
    return switch (Ipv4Header.protocol(frame, at)) {
      case PROTOCOL_TCP -> ofTcp(frame, transportAt, end, 0, source, 0, destination);
      case PROTOCOL_UDP -> ofUdp(frame, transportAt, end, 0, source);
      case IcmpHeader.PROTOCOL ->
          IcmpHeader.fits(frame, transportAt, end)
                  && IcmpHeader.isError4(IcmpHeader.type(frame, transportAt))
              ? ofQuoted4(frame, transportAt + IcmpHeader.LENGTH, end)
              : ANY;
      default -> ANY;
    };
  }

  private int ofIpv6(ByteBuf frame, int at, int end) {
    if (!Ipv6Header.fits(frame, at, end)) {
      return ANY;
    }
    long sourceHigh = Ipv6Header.sourceHigh(frame, at);
    long sourceLow = Ipv6Header.sourceLow(frame, at);
    long destinationHigh = Ipv6Header.destinationHigh(frame, at);
    long destinationLow = Ipv6Header.destinationLow(frame, at);
    long walked = Ipv6Header.walk(frame, at, end);
    if (walked >= 0 && Ipv6Header.protocol(walked) == Ipv6Header.FRAGMENT) {
      int fragmentAt = Ipv6Header.transportAt(walked);
      if (!Ipv6Header.isAtomicFragment(frame, fragmentAt)) {
        return ofTuple(sourceHigh, sourceLow, 0, destinationHigh, destinationLow, 0);
      }
      walked = Ipv6Header.walkAfterFragment(frame, fragmentAt, end);
    }
    if (walked < 0) {
      return ANY;
    }
    int transportAt = Ipv6Header.transportAt(walked);
    return switch (Ipv6Header.protocol(walked)) {
      case PROTOCOL_TCP ->
          ofTcp(frame, transportAt, end, sourceHigh, sourceLow, destinationHigh, destinationLow);
      case PROTOCOL_UDP -> ofUdp(frame, transportAt, end, sourceHigh, sourceLow);
      case IcmpHeader.PROTOCOL_V6 ->
          IcmpHeader.fits(frame, transportAt, end)
                  && IcmpHeader.isError6(IcmpHeader.type(frame, transportAt))
              ? ofQuoted6(frame, transportAt + IcmpHeader.LENGTH, end)
              : ANY;
      default -> ANY;
    };
  }

  /** The quoted packet was ours to the guest, so its destination is the guest's end. */
  private int ofQuoted4(ByteBuf frame, int at, int end) {
    if (!Ipv4Header.fits(frame, at, end) || Ipv4Header.protocol(frame, at) != PROTOCOL_TCP) {
      return ANY;
    }
    return ofQuotedTcp(
        frame,
        at + Ipv4Header.headerLength(frame, at),
        end,
        0,
        IpAddress.mapV4(Ipv4Header.destination(frame, at)),
        0,
        IpAddress.mapV4(Ipv4Header.source(frame, at)));
  }

  private int ofQuoted6(ByteBuf frame, int at, int end) {
    if (!Ipv6Header.fits(frame, at, end) || Ipv6Header.nextHeader(frame, at) != PROTOCOL_TCP) {
      return ANY;
    }
    return ofQuotedTcp(
        frame,
        at + Ipv6Header.LENGTH,
        end,
        Ipv6Header.destinationHigh(frame, at),
        Ipv6Header.destinationLow(frame, at),
        Ipv6Header.sourceHigh(frame, at),
        Ipv6Header.sourceLow(frame, at));
  }

  /** Ports of either protocol are its first four bytes: the source's, then the destination's. */
  private int ofTcp(
      ByteBuf frame,
      int at,
      int end,
      long guestHigh,
      long guestLow,
      long remoteHigh,
      long remoteLow) {
    if (end - at < PORTS_LENGTH) {
      return ANY;
    }
    int guestPort = frame.getUnsignedShort(at);
    int remotePort = frame.getUnsignedShort(at + 2);
    return ofTuple(guestHigh, guestLow, guestPort, remoteHigh, remoteLow, remotePort);
  }

  private int ofQuotedTcp(
      ByteBuf frame,
      int at,
      int end,
      long guestHigh,
      long guestLow,
      long remoteHigh,
      long remoteLow) {
    if (end - at < PORTS_LENGTH) {
      return ANY;
    }
    int remotePort = frame.getUnsignedShort(at);
    int guestPort = frame.getUnsignedShort(at + 2);
    return ofTuple(guestHigh, guestLow, guestPort, remoteHigh, remoteLow, remotePort);
  }

  private int ofUdp(ByteBuf frame, int at, int end, long guestHigh, long guestLow) {
    return end - at < PORTS_LENGTH
        ? ANY
        : ofTuple(guestHigh, guestLow, frame.getUnsignedShort(at), 0, 0, 0);
  }

  private int ofTuple(
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    long hash = mix(guestHigh, guestLow);
    hash = mix(hash, remoteHigh);
    hash = mix(hash, remoteLow);
    hash = mix(hash, ((long) guestPort << 16) | remotePort);
    return (int) (((hash >>> 32) * shards) >>> 32);
  }

  private static long mix(long hash, long value) {
    long product = (hash + value) * FACTOR;
    return product ^ (product >>> 29);
  }
}
