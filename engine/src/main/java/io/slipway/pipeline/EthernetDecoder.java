package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.MacAddress;
import io.slipway.wire.Packet;
import io.slipway.wire.VirtioNetHeader;
import io.slipway.wire.VlanTag;
import org.jspecify.annotations.Nullable;

/**
 * First on the line: reads the virtio and Ethernet headers of a frame. Takes {@link ByteBuf}
 * frames, passes the Shard's {@link Packet} on; ARP goes to the gateway at once.
 */
final class EthernetDecoder extends ChannelInboundHandlerAdapter {

  private final Shard shard;
  private final Packet packet;
  private final Counters counters;
  private final long ourMac;
  private final int virtioLength;

  EthernetDecoder(Shard shard) {
    this.shard = shard;
    this.packet = shard.packet();
    this.counters = shard.counters();
    this.ourMac = shard.lan().mac().value();
    this.virtioLength = shard.virtioHeaderLength();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf frame = (ByteBuf) message;
    shard.batchBegin();
    counters.frameIn(Math.max(0, frame.readableBytes() - virtioLength));
    Drop reason = decode(frame);
    if (reason != null) {
      counters.drop(reason);
    } else if (packet.etherType() == EthernetHeader.TYPE_ARP) {
      shard.gateway().arp(packet);
    } else {
      ctx.fireChannelRead(packet);
    }
  }

  private @Nullable Drop decode(ByteBuf frame) {
    int at = frame.readerIndex();
    int end = frame.writerIndex();
    packet.reset(frame, end);
    int ethernetAt = at + virtioLength;
    if (!EthernetHeader.fits(frame, ethernetAt, end)) {
      return Drop.FRAME_TOO_SHORT;
    }
    if (virtioLength > 0 && !readVirtio(frame, at, end - ethernetAt)) {
      return Drop.VIRTIO_MALFORMED;
    }
    long source = EthernetHeader.source(frame, ethernetAt);
    if (MacAddress.isGroup(source) || source == ourMac) {
      return Drop.SOURCE_MAC_INVALID;
    }
    long destination = EthernetHeader.destination(frame, ethernetAt);
    if (destination != ourMac && !MacAddress.isGroup(destination)) {
      return Drop.NOT_FOR_US;
    }
    int type = EthernetHeader.etherType(frame, ethernetAt);
    packet.ethernet(source, destination, type, ethernetAt + EthernetHeader.LENGTH);
    return switch (type) {
      case EthernetHeader.TYPE_IPV4, EthernetHeader.TYPE_IPV6, EthernetHeader.TYPE_ARP -> null;
      default -> VlanTag.isTagged(type) ? Drop.VLAN_TAGGED : Drop.UNKNOWN_ETHERTYPE;
    };
  }

  /** Notes what the virtio header says; false when it contradicts the frame. */
  private boolean readVirtio(ByteBuf frame, int at, int frameLength) {
    int flags = VirtioNetHeader.flags(frame, at);
    int type = VirtioNetHeader.gsoType(frame, at) & ~VirtioNetHeader.GSO_ECN;
    int size = VirtioNetHeader.gsoSize(frame, at);
    if ((flags & VirtioNetHeader.NEEDS_CSUM) != 0) {
      int fieldEnd =
          VirtioNetHeader.csumStart(frame, at) + VirtioNetHeader.csumOffset(frame, at) + 2;
      if (fieldEnd > frameLength) {
        return false;
      }
    }
    boolean known =
        switch (type) {
          case VirtioNetHeader.GSO_NONE -> true;
          case VirtioNetHeader.GSO_TCPV4,
              VirtioNetHeader.GSO_TCPV6,
              VirtioNetHeader.GSO_UDP_L4,
              VirtioNetHeader.GSO_UDP ->
              size > 0;
          default -> false;
        };
    boolean trusted = (flags & (VirtioNetHeader.NEEDS_CSUM | VirtioNetHeader.DATA_VALID)) != 0;
    packet.offload(trusted, type, type == VirtioNetHeader.GSO_NONE ? 0 : size);
    return known;
  }
}
