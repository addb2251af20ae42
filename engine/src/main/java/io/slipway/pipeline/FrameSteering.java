package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;

/**
 * First on the line of a shard that has siblings: passes on the frames of its own flows, those that
 * siblings read for it included, and hands over the others before anybody has looked at them.
 *
 * <p>Linux sends what belongs together to one queue, the one that answers were last written to, so
 * that few frames of a flow besides its first one come here by the wrong queue.
 */
final class FrameSteering extends ChannelInboundHandlerAdapter {

  /** Bytes of a frame that is copied for a sibling; of a larger one the buffer is handed over. */
  private static final int LARGEST_COPY = 2048;

  private final Shard shard;
  private final Counters counters;
  private final Siblings siblings;
  private final Steering steering;
  private final int own;

  FrameSteering(Shard shard, Siblings siblings, int own) {
    this.shard = shard;
    this.counters = shard.counters();
    this.siblings = siblings;
    this.steering = siblings.steering();
    this.own = own;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    shard.neighbors().onNews(this::tellSiblings);
    siblings
        .inbox(own)
        .open(
            ctx.executor(),
            new Inbox.Receiver() {
              @Override
              public void frame(ByteBuf frame) {
                // The channel closes a moment after the shard: what waited is for nobody.
                if (!shard.isClosed()) {
                  ctx.fireChannelRead(frame);
                }
              }

              @Override
              public void heard(long high, long low, long mac) {
                shard.neighbors().note(high, low, mac);
              }

              @Override
              public void batchEnd() {
                ctx.fireChannelReadComplete();
              }
            });
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf frame = (ByteBuf) message;
    int whose = steering.ofFrame(frame, frame.readerIndex() + shard.virtioHeaderLength());
    if (whose == Steering.ANY || whose == own) {
      ctx.fireChannelRead(frame);
    } else {
      handOver(ctx, frame, whose);
    }
  }

  /** A small frame is copied, as a large buffer should not be kept for a few bytes. */
  private void handOver(ChannelHandlerContext ctx, ByteBuf frame, int whose) {
    int length = frame.readableBytes();
    ByteBuf theirs =
        length <= LARGEST_COPY
            ? ctx.alloc()
                .directBuffer(length, length)
                .writeBytes(frame, frame.readerIndex(), length)
            : frame.retain();
    if (!siblings.inbox(whose).offer(theirs)) {
      theirs.release();
      counters.drop(Drop.HANDOVER_FULL);
    }
  }

  private void tellSiblings(long high, long low, long mac) {
    for (int i = 0; i < siblings.count(); i++) {
      if (i != own && !siblings.inbox(i).offerHeard(high, low, mac)) {
        counters.drop(Drop.HANDOVER_FULL);
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    siblings.inbox(own).close();
    ctx.fireChannelInactive();
  }
}
