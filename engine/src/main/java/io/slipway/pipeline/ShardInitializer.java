package io.slipway.pipeline;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;

/**
 * The assembly line in one screen. Made for one channel; whatever wants to watch or change frames
 * (a capture, a trace) goes in front of {@value #FIRST}. The two handlers that steer are there only
 * where there are several shards to steer between.
 */
public final class ShardInitializer extends ChannelInitializer<Channel> {

  /** Name of the handler that takes frames. */
  public static final String FIRST = "ethernet";

  private final Shard shard;
  private final Siblings siblings;
  private final int own;

  /** Puts {@code shard}, the only one, on the channel that this is added to. */
  public ShardInitializer(Shard shard) {
    this(shard, new Siblings(1, 0), 0);
  }

  /** Puts {@code shard}, number {@code own} of {@code siblings}, on the channel. */
  public ShardInitializer(Shard shard, Siblings siblings, int own) {
    this.shard = shard;
    this.siblings = siblings;
    this.own = own;
  }

  @Override
  protected void initChannel(Channel channel) {
    channel
        .pipeline()
        .addLast(FIRST, new EthernetDecoder(shard))
        .addLast("ipv4", new Ipv4Decoder(shard))
        .addLast("ipv6", new Ipv6Decoder(shard))
        .addLast("transport", new TransportDispatcher(shard));
    if (siblings.count() > 1) {
      channel
          .pipeline()
          .addBefore(FIRST, "frame-steering", new FrameSteering(shard, siblings, own))
          .addBefore("transport", "whole-steering", new WholeSteering(shard, siblings, own));
    }
    shard.attach(channel.eventLoop());
  }
}
