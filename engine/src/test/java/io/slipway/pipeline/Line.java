package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Offload;
import io.slipway.egress.SentFrames;
import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowLimits;
import io.slipway.flow.FlowListener;
import io.slipway.flow.FlowParts;
import io.slipway.flow.Flows;
import io.slipway.flow.NameService;
import io.slipway.gateway.DhcpLeases;
import io.slipway.route.Lan;
import io.slipway.route.Router;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.tcp.InitialSequence;
import io.slipway.tcp.TcpConfig;
import io.slipway.tcp.TcpLoop;
import io.slipway.udp.UdpTimeouts;
import io.slipway.wire.Cidr;
import io.slipway.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A whole assembly line without a device: frames go in, what leaves for the guest is looked at. */
public final class Line implements AutoCloseable {

  private static final FlowListener SILENT =
      new FlowListener() {
        @Override
        public boolean isDetailed() {
          return false;
        }

        @Override
        public void opened(FlowInfo flow) {}

        @Override
        public void refused(FlowInfo flow, String reason) {}

        @Override
        public void closed(FlowInfo flow) {}
      };

  public final Counters counters = new Counters();
  public final SentFrames sent;
  public final Shard shard;
  final RecordedHost host = new RecordedHost();
  final EmbeddedChannel channel = new EmbeddedChannel();
  long nowNanos = 1_000_000_000L;
  private final List<TcpLoop> loops = new ArrayList<>();

  /** The standard plan with both families on a device without offloads. */
  public Line() {
    this(Offload.NONE, true);
  }

  public Line(Offload offload, boolean v6) {
    this(new SentFrames(offload), null, lan(v6), new Siblings(1, 0), 0);
  }

  /** A line for another network, on a device without offloads. */
  public Line(Lan lan) {
    this(lan, RouterConfig.DEFAULT);
  }

  /** A line for another network and policy, on a device without offloads. */
  public Line(Lan lan, RouterConfig config) {
    this(new SentFrames(Offload.NONE), null, lan, new Siblings(1, 0), 0, config);
  }

  /** One of several lines that serve the same guest, on a device with the virtio header. */
  Line(Offload offload, Siblings siblings, int own) {
    this(new SentFrames(offload), null, lan(true), siblings, own);
  }

  /** A line whose answers go to {@code sink}; {@link #sent} stays empty. */
  Line(FrameSink sink) {
    this(new SentFrames(Offload.NONE), sink, lan(true), new Siblings(1, 0), 0);
  }

  private static Lan lan(boolean v6) {
    return Lan.standard(
        Cidr.parse("10.0.2.0/24"),
        v6 ? Cidr.parse("fd00::/64") : null,
        new MacAddress(GuestFrames.OUR_MAC),
        1500);
  }

  private Line(SentFrames sent, @Nullable FrameSink sink, Lan lan, Siblings siblings, int own) {
    this(sent, sink, lan, siblings, own, RouterConfig.DEFAULT);
  }

  private Line(
      SentFrames sent,
      @Nullable FrameSink sink,
      Lan lan,
      Siblings siblings,
      int own,
      RouterConfig config) {
    this.sent = sent;
    Router router = new Router(lan, config);
    shard =
        new Shard(
            siblings.count(),
            own,
            lan,
            config.nameService(),
            new DhcpLeases(lan),
            sink == null ? sent : sink,
            () -> nowNanos,
            counters,
            one -> flows(one, router));
    channel.pipeline().addLast(new ShardInitializer(shard, siblings, own));
  }

  private Flows flows(Shard one, Router router) {
    TcpLoop tcp =
        new TcpLoop(
            TcpConfig.DEFAULT,
            one.timers(),
            counters,
            UnpooledByteBufAllocator.DEFAULT,
            new InitialSequence(1, 2));
    loops.add(tcp);
    FlowParts parts =
        new FlowParts(
            one.egress(),
            one.icmpErrors(),
            host,
            NameService.NONE,
            tcp,
            UdpTimeouts.DEFAULT,
            one.clock(),
            counters,
            UnpooledByteBufAllocator.DEFAULT,
            SILENT,
            new FlowLimits(1000, 1 << 20, 1 << 18),
            1500);
    return new Flows(parts, router, 42);
  }

  /** One frame in the way a link hands it over, and the end of a batch. */
  public void give(byte[] bytes) {
    ByteBuf frame = Unpooled.directBuffer(Math.max(1, bytes.length)).writeBytes(bytes);
    try {
      channel.pipeline().fireChannelRead(frame);
      channel.pipeline().fireChannelReadComplete();
      if (frame.refCnt() < 1) {
        throw new AssertionError("a handler released a frame that it does not own");
      }
    } finally {
      frame.release();
    }
    channel.checkException();
  }

  /** Lets time pass and timers run. */
  public void pass(long nanos) {
    nowNanos += nanos;
    channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  /** The sum of all drops. */
  long drops() {
    long sum = 0;
    for (Drop reason : Drop.values()) {
      sum += counters.dropped(reason);
    }
    return sum;
  }

  /** The sum of everything that is counted but frames and batches. */
  long counts() {
    long sum = drops();
    for (Count what : Count.values()) {
      boolean ofFrames = what == Count.FRAMES_IN || what == Count.BYTES_IN || what == Count.BATCHES;
      sum += ofFrames ? 0 : counters.get(what);
    }
    return sum;
  }

  @Override
  public void close() {
    channel.finishAndReleaseAll();
    loops.forEach(TcpLoop::close);
  }
}
