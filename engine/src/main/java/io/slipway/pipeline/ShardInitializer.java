package io.slipway.pipeline;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;

/**
 * The assembly line in one screen. Made for one channel; whatever wants to watch or change frames
 * (a capture, a trace) goes in front of {@value #FIRST}.
 */
public final class ShardInitializer extends ChannelInitializer<Channel> {

  /** Name of the handler that takes frames. */
  public static final String FIRST = "ethernet";

  private final Shard shard;

  /** Puts {@code shard} on the channel that this is added to. */
  public ShardInitializer(Shard shard) {
    this.shard = shard;
  }

  @Override
  protected void initChannel(Channel channel) {
    channel
        .pipeline()
        .addLast(FIRST, new EthernetDecoder(shard))
        .addLast("ipv4", new Ipv4Decoder(shard))
        .addLast("ipv6", new Ipv6Decoder(shard))
        .addLast("transport", new TransportDispatcher(shard));
    shard.attach(channel.eventLoop());
  }
}
