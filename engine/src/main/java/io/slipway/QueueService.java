package io.slipway;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.slipway.clock.Clock;
import io.slipway.egress.Offload;
import io.slipway.flow.FlowListener;
import io.slipway.flow.FlowQuota;
import io.slipway.gateway.DhcpLeases;
import io.slipway.host.NettyHostSockets;
import io.slipway.link.TapChannel;
import io.slipway.names.HostResolvers;
import io.slipway.names.NameListener;
import io.slipway.pipeline.Shard;
import io.slipway.pipeline.ShardInitializer;
import io.slipway.pipeline.Siblings;
import io.slipway.stats.Counters;
import io.slipway.sys.TapOffload;
import java.util.function.IntConsumer;

/**
 * One queue of the guest's device and all that serves it. Made and used on the event loop that owns
 * it: here, and nowhere else, the rooms of the house are put together.
 */
final class QueueService {

  /**
   * What the service is made from.
   *
   * @param siblings one shard for each queue of the device
   * @param quota places for flows, which the services share
   * @param leases of the guest's addresses, which the services share
   * @param resolvers whom the name service asks, which the services share
   * @param flows told of flows
   * @param nameErrors told of names that nobody could resolve
   * @param deviceGone told the errno when the device disappears
   */
  record Plan(
      EngineConfig config,
      Siblings siblings,
      FlowQuota quota,
      DhcpLeases leases,
      HostResolvers resolvers,
      FlowListener flows,
      NameListener nameErrors,
      Clock clock,
      IntConsumer deviceGone) {}

  private final EventLoop loop;
  private final Counters counters = new Counters();
  private final TapChannel channel;
  private final NettyHostSockets sockets;
  private final FlowsAssembly assembly;
  private final Shard shard;
  private EngineStats atEnd = EngineStats.NONE;

  /**
   * Puts everything together; nothing is read until {@link #begin}.
   *
   * @param own number of the queue and its shard
   * @param queue descriptor of the device; owned by this service from here on
   */
  QueueService(Plan plan, int own, int queue, TapOffload offload, EventLoop loop) {
    this.loop = loop;
    channel =
        new TapChannel(
            queue, offload(offload), counters, (gone, errno) -> plan.deviceGone().accept(errno));
    sockets =
        new NettyHostSockets(
            loop, channel.children(), ByteBufAllocator.DEFAULT, plan.config().tcpKeepalive());
    assembly = new FlowsAssembly(plan, sockets, loop);
    shard =
        new Shard(
            plan.siblings().count(),
            own,
            plan.config().lan(),
            plan.config().router().nameService(),
            plan.leases(),
            channel.sink(),
            plan.clock(),
            counters,
            assembly);
    channel.pipeline().addLast(new ShardInitializer(shard, plan.siblings(), own));
  }

  private static Offload offload(TapOffload device) {
    return new Offload(
        device.vnetHeader(), device.checksum(), device.tso4(), device.tso6(), device.uso());
  }

  /** Where all of this happens. Any thread. */
  EventLoop loop() {
    return loop;
  }

  /** Registers the device; frames are served from then on. Any thread. */
  Future<?> begin() {
    return loop.register(channel);
  }

  /** What has happened so far. On the loop. */
  EngineStats stats() {
    return new EngineStats(shard.flows().size(), shard.flows().held(), counters.snapshot());
  }

  /** What had happened when it was closed. For whoever heard that it is. */
  EngineStats statsAtEnd() {
    return atEnd;
  }

  /** Ends the flows and closes all descriptors. On the loop; completed there. */
  Future<?> close() {
    Promise<Void> closed = loop.newPromise();
    shard.close();
    atEnd = stats();
    channel.close().addListener(device -> closeSockets(closed));
    return closed;
  }

  private void closeSockets(Promise<Void> closed) {
    channel
        .children()
        .close()
        .addListener(children -> {
          sockets.close();
          assembly.close();
          closed.setSuccess(null);
        });
  }
}
