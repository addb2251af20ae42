package io.slipway;

import io.netty.buffer.ByteBufAllocator;
import io.slipway.flow.FlowLimits;
import io.slipway.flow.FlowParts;
import io.slipway.flow.Flows;
import io.slipway.flow.HostSockets;
import io.slipway.flow.NameService;
import io.slipway.names.DnsService;
import io.slipway.pipeline.Shard;
import io.slipway.route.Router;
import io.slipway.tcp.InitialSequence;
import io.slipway.tcp.TcpConfig;
import io.slipway.tcp.TcpLoop;
import io.slipway.udp.UdpTimeouts;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Owned by a {@link QueueService}: puts the conversations together when the shard asks for them.
 */
final class FlowsAssembly implements Shard.FlowsFactory, AutoCloseable {
  /**
   * Bytes that one flow may hold in either direction: twice the largest window of a Linux guest.
   */
  private static final int LARGEST_FLOW_BYTES = 6 << 20;

  /**
   * Part of the memory bound that flows may fill, those of every queue alike: three quarters. A
   * kept frame occupies up to a third more than its payload, and the allocator and the loop's own
   * buffers want the rest.
   */
  private static final double FOR_FLOWS = 0.75;

  private final QueueService.Plan plan;
  private final HostSockets sockets;
  private final Executor executor;
  private @Nullable TcpLoop tcp;
  private @Nullable DnsService names;

  FlowsAssembly(QueueService.Plan plan, HostSockets sockets, Executor executor) {
    this.executor = executor;
    this.plan = plan;
    this.sockets = sockets;
  }

  @Override
  public Flows create(Shard shard) {
    EngineConfig config = plan.config();
    RandomWords random = RandomWords.read(3);
    tcp =
        new TcpLoop(
            TcpConfig.DEFAULT.withKeepalive(config.tcpKeepalive().toNanos()),
            shard.timers(),
            shard.counters(),
            ByteBufAllocator.DEFAULT,
            new InitialSequence(random.word(0), random.word(1)));
    Router router = new Router(config.lan(), config.router());
    FlowParts parts =
        new FlowParts(
            shard.egress(),
            shard.icmpErrors(),
            sockets,
            names(shard, router),
            tcp,
            UdpTimeouts.idle(config.udpTimeout().toNanos()),
            shard.clock(),
            shard.counters(),
            ByteBufAllocator.DEFAULT,
            plan.flows(),
            limits(config),
            config.lan().mtu());
    return new Flows(parts, router, random.word(2));
  }

  private NameService names(Shard shard, Router router) {
    if (!router.config().nameService()) {
      return NameService.NONE;
    }
    DnsService.Parts parts =
        new DnsService.Parts(
            sockets,
            router,
            shard.timers(),
            shard.clock(),
            shard.counters(),
            ByteBufAllocator.DEFAULT,
            plan.nameErrors(),
            executor);
    DnsService made = new DnsService(parts, plan.config().names(), plan.resolvers());
    names = made;
    return made;
  }

  private FlowLimits limits(EngineConfig config) {
    long memory = (long) (config.memoryBytes() * FOR_FLOWS) / plan.siblings().count();
    return new FlowLimits(plan.quota(), memory, LARGEST_FLOW_BYTES);
  }

  @Override
  public void close() {
    if (names != null) {
      names.close();
    }
    if (tcp != null) {
      tcp.close();
    }
  }
}
