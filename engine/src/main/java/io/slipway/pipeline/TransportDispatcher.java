package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.slipway.flow.Flows;
import io.slipway.gateway.Gateway;
import io.slipway.icmp.IcmpError;
import io.slipway.icmp.IcmpErrors;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Checksum;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.MacAddress;
import io.slipway.wire.NdpMessage;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.UdpHeader;
import io.slipway.wire.VirtioNetHeader;

/**
 * Last on the line: checks the transport header and hands the packet to whoever it is for. It also
 * tells the Shard when a batch ends and when the device is closed.
 */
final class TransportDispatcher extends ChannelInboundHandlerAdapter {

  private static final int PROTOCOL_IGMP = 2;
  private static final int PROTOCOL_PIM = 103;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  private final Shard shard;
  private final Counters counters;
  private final Flows flows;
  private final Gateway gateway;
  private final IcmpErrors errors;

  TransportDispatcher(Shard shard) {
    this.shard = shard;
    this.counters = shard.counters();
    this.flows = shard.flows();
    this.gateway = shard.gateway();
    this.errors = shard.icmpErrors();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Packet packet = (Packet) message;
    int icmp = packet.isV6() ? IcmpHeader.PROTOCOL_V6 : IcmpHeader.PROTOCOL;
    int protocol = packet.protocol();
    if (protocol == PROTOCOL_TCP) {
      tcp(packet);
    } else if (protocol == PROTOCOL_UDP) {
      udp(packet);
    } else if (protocol == icmp) {
      icmp(packet);
    } else if (isRouters(packet.isV6(), protocol)) {
      counters.count(Count.GROUP_MESSAGES);
    } else {
      counters.drop(Drop.UNKNOWN_PROTOCOL);
      if (protocol != Ipv6Header.NO_NEXT_HEADER || !packet.isV6()) {
        errors.send(IcmpError.PROTOCOL_UNREACHABLE, 0, packet, shard.nowNanos());
      }
    }
  }

  /** Like Linux where it routes: it knows these, and has nothing to say about them. */
  private static boolean isRouters(boolean v6, int protocol) {
    return protocol == PROTOCOL_PIM || (!v6 && protocol == PROTOCOL_IGMP);
  }

  /**
   * RFC 1122 §3.3.6: what comes in a frame to everybody, and is addressed to one host, is for
   * nobody. Were a datagram carried, an error about it would be, too, which RFC 1122 §3.2.2
   * forbids.
   */
  private boolean isForNobody(Packet packet) {
    boolean stray =
        MacAddress.isGroup(packet.destinationMac())
            && !IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow());
    if (stray) {
      counters.drop(Drop.BROADCAST);
    }
    return stray;
  }

  private void tcp(Packet packet) {
    if (isForNobody(packet)) {
      return;
    }
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    if (!TcpHeader.fits(frame, at, at + packet.transportLength())) {
      counters.drop(Drop.TCP_MALFORMED);
      return;
    }
    if (!packet.checksumTrusted() && checksum(packet) != 0) {
      counters.drop(Drop.TCP_BAD_CHECKSUM);
      return;
    }
    int sourcePort = TcpHeader.sourcePort(frame, at);
    int destinationPort = TcpHeader.destinationPort(frame, at);
    packet.ports(sourcePort, destinationPort);
    // RFC 9293 §3.1 gives port 0 no meaning; nobody can listen on it.
    if (sourcePort == 0 || destinationPort == 0) {
      flows.tcpToNobody(packet);
    } else {
      flows.tcp(packet, shard.nowNanos());
    }
  }

  private void udp(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    boolean dhcp = isForDhcp(packet);
    if (!dhcp && isForNobody(packet)) {
      return;
    }
    if (!UdpHeader.fits(frame, at, at + packet.transportLength())) {
      counters.drop(Drop.UDP_MALFORMED);
      return;
    }
    // Like Linux: bytes behind the datagram are not part of it.
    packet.transport(PROTOCOL_UDP, at, UdpHeader.length(frame, at));
    if (!packet.checksumTrusted() && !udpChecksumGood(packet)) {
      counters.drop(Drop.UDP_BAD_CHECKSUM);
      return;
    }
    int sourcePort = UdpHeader.sourcePort(frame, at);
    int destinationPort = UdpHeader.destinationPort(frame, at);
    packet.ports(sourcePort, destinationPort);
    if (dhcp) {
      gateway.dhcp(packet, shard.nowNanos());
      return;
    }
    // RFC 768: a source port of 0 asks for no answer, which is no reason not to deliver.
    if (destinationPort == 0) {
      counters.drop(Drop.NO_FLOW);
      errors.send(IcmpError.PORT_UNREACHABLE, 0, packet, shard.nowNanos());
      return;
    }
    if (packet.gsoType() == VirtioNetHeader.GSO_UDP_L4) {
      datagrams(packet);
    } else {
      flows.udp(packet, shard.nowNanos());
    }
  }

  private boolean isForDhcp(Packet packet) {
    if (packet.isV6()) {
      return gateway.isForDhcp6(packet);
    }
    int at = packet.transportAt();
    return packet.transportLength() >= UdpHeader.LENGTH
        && gateway.isForDhcp(
            packet.destinationLow(), UdpHeader.destinationPort(packet.frame(), at));
  }

  /**
   * One frame of many datagrams of {@link Packet#gsoSize()} bytes, the last one perhaps shorter:
   * each is given its header where it lies, over bytes of the one before, of which nobody keeps
   * any.
   */
  private void datagrams(Packet packet) {
    ByteBuf frame = packet.frame();
    int headerAt = packet.transportAt();
    int end = headerAt + packet.transportLength();
    do {
      int length = Math.min(UdpHeader.LENGTH + packet.gsoSize(), end - headerAt);
      UdpHeader.set(frame, headerAt, packet.sourcePort(), packet.destinationPort(), length, 0);
      packet.transport(PROTOCOL_UDP, headerAt, length);
      flows.udp(packet, shard.nowNanos());
      headerAt += length - UdpHeader.LENGTH;
    } while (headerAt + UdpHeader.LENGTH < end);
  }

  /** RFC 768: zero means that none was computed. RFC 8200 §8.1 does not allow that. */
  private static boolean udpChecksumGood(Packet packet) {
    boolean none = UdpHeader.checksum(packet.frame(), packet.transportAt()) == 0;
    return none ? !packet.isV6() : checksum(packet) == 0;
  }

  /** 0 when the transport checksum is right. */
  private static int checksum(Packet packet) {
    long pseudo =
        Checksum.pseudo(
            packet.sourceHigh(),
            packet.sourceLow(),
            packet.destinationHigh(),
            packet.destinationLow(),
            packet.protocol(),
            packet.transportLength());
    return Checksum.finish(
        pseudo + Checksum.sum(packet.frame(), packet.transportAt(), packet.transportLength()));
  }

  private void icmp(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int length = packet.transportLength();
    if (!IcmpHeader.fits(frame, at, at + length)) {
      counters.drop(Drop.ICMP_MALFORMED);
      return;
    }
    boolean v6 = packet.isV6();
    if (!packet.checksumTrusted()) {
      int wrong = v6 ? checksum(packet) : Checksum.finish(Checksum.sum(frame, at, length));
      if (wrong != 0) {
        counters.drop(Drop.ICMP_BAD_CHECKSUM);
        return;
      }
    }
    counters.count(Count.ICMP_IN);
    int type = IcmpHeader.type(frame, at);
    if (v6 && NdpMessage.isNdp(type)) {
      gateway.icmp(packet, shard.nowNanos());
    } else if (v6 && IcmpHeader.isGroupMessage6(type)) {
      counters.count(Count.GROUP_MESSAGES);
    } else if (gateway.isForUsAmongOthers(packet)) {
      gateway.icmp(packet, shard.nowNanos());
    } else if (IpAddress.isMulticast(packet.destinationHigh(), packet.destinationLow())) {
      counters.drop(Drop.MULTICAST);
    } else if (IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow())) {
      counters.drop(Drop.SOURCE_FORBIDDEN);
    } else if (v6 ? IcmpHeader.isError6(type) : IcmpHeader.isError4(type)) {
      flows.icmpFromGuest(packet, shard.nowNanos());
    } else if (gateway.ownAddresses().contains(packet.destinationHigh(), packet.destinationLow())) {
      gateway.icmp(packet, shard.nowNanos());
    } else if (type == (v6 ? IcmpHeader.ECHO_REQUEST_V6 : IcmpHeader.ECHO_REQUEST)) {
      if (!isForNobody(packet)) {
        flows.echo(packet, shard.nowNanos());
      }
    } else {
      counters.drop(Drop.ICMP_UNSUPPORTED);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    shard.batchEnd();
    ctx.fireChannelReadComplete();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    shard.close();
    ctx.fireChannelInactive();
  }
}
