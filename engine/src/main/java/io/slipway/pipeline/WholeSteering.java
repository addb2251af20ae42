package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.Packet;
import io.slipway.wire.VirtioNetHeader;

/**
 * Last but one on the line of a shard that has siblings: fragments were put together where their
 * addresses had led them, and only now is it known whose the packet is. That of a sibling is made a
 * frame again and handed over.
 */
final class WholeSteering extends ChannelInboundHandlerAdapter {

  private final Shard shard;
  private final Counters counters;
  private final Siblings siblings;
  private final int own;

  WholeSteering(Shard shard, Siblings siblings, int own) {
    this.shard = shard;
    this.counters = shard.counters();
    this.siblings = siblings;
    this.own = own;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Packet packet = (Packet) message;
    int whose = packet.isReassembled() ? siblings.steering().ofWhole(packet) : own;
    if (whose == own || whose == Steering.ANY) {
      ctx.fireChannelRead(packet);
      return;
    }
    ByteBuf frame = frame(ctx, packet);
    int counted = frame.readableBytes() - shard.virtioHeaderLength();
    if (siblings.inbox(whose).offer(frame)) {
      // The sibling counts it as a frame, which its fragments have been already.
      counters.count(Count.FRAMES_IN, -1);
      counters.count(Count.BYTES_IN, -counted);
    } else {
      frame.release();
      counters.drop(Drop.HANDOVER_FULL);
    }
  }

  /** The packet with the headers that its fragments came in, and nothing said about checksums. */
  private ByteBuf frame(ChannelHandlerContext ctx, Packet packet) {
    int virtio = shard.virtioHeaderLength();
    int ipAt = virtio + EthernetHeader.LENGTH;
    int length = ipAt + packet.ipLength();
    ByteBuf frame = ctx.alloc().directBuffer(length, length);
    frame.writerIndex(length);
    if (virtio > 0) {
      VirtioNetHeader.clear(frame, 0);
    }
    EthernetHeader.set(
        frame, virtio, packet.destinationMac(), packet.sourceMac(), packet.etherType());
    frame.setBytes(ipAt, packet.frame(), packet.ipAt(), packet.ipLength());
    return frame;
  }
}
