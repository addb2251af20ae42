package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.slipway.flow.FlowLimits;
import io.slipway.flow.FlowParts;
import io.slipway.flow.Flows;
import io.slipway.flow.NameService;
import io.slipway.pipeline.Shard;
import io.slipway.pipeline.ShardInitializer;
import io.slipway.route.Lan;
import io.slipway.route.Router;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Counters;
import io.slipway.tcp.InitialSequence;
import io.slipway.tcp.TcpConfig;
import io.slipway.tcp.TcpLoop;
import io.slipway.udp.UdpTimeouts;
import io.slipway.wire.Cidr;
import io.slipway.wire.MacAddress;
import io.slipway.wire.TcpHeader;
import org.jspecify.annotations.Nullable;

/**
 * The whole assembly line of one shard between a guest that is one frame buffer and a host that
 * takes everything, with one connection that stands. Owned by the thread that made it; time moves
 * on by {@value #BATCH_NANOS} ns a batch.
 */
public final class GuestLine implements AutoCloseable {
  static final int MTU = 1500;

  /** Payload bytes of a segment over IPv4. */
  static final int MSS = MTU - 40;

  /** Payload of the largest frame that the guest's kernel hands over: 44 segments. */
  static final int FULL = 44 * MSS;

  private static final long BATCH_NANOS = 20_000;
  private static final int ISN = 0x7FFF_0000;

  private final Lan lan =
      Lan.standard(
          Cidr.parse("10.0.2.0/24"),
          Cidr.parse("fd00::/64"),
          new MacAddress(0x5255_0A00_0202L),
          MTU);
  private final WillingHost host = new WillingHost();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final boolean v6;
  private final boolean offload;
  private final CountingSink sink;
  private final Shard shard;
  private final GuestFrame bare;
  private @Nullable TcpLoop tcp;
  private long nowNanos = 1_000_000_000L;
  private int seq = ISN;

  /** A line over IPv4 to a device with every offload, or none. */
  public GuestLine(boolean offload) {
    this(false, offload);
  }

  GuestLine(boolean v6, boolean offload) {
    this.v6 = v6;
    this.offload = offload;
    sink = new CountingSink(v6, offload);
    shard = new Shard(lan, sink, () -> nowNanos, new Counters(), this::flows);
    channel.pipeline().addLast(new ShardInitializer(shard));
    bare = frame(0);
    connect();
  }

  private Flows flows(Shard one) {
    TcpLoop loop =
        new TcpLoop(
            TcpConfig.DEFAULT,
            one.timers(),
            one.counters(),
            ByteBufAllocator.DEFAULT,
            new InitialSequence(1, 2));
    tcp = loop;
    FlowParts parts =
        new FlowParts(
            one.egress(),
            one.icmpErrors(),
            host,
            NameService.NONE,
            loop,
            UdpTimeouts.DEFAULT,
            one.clock(),
            one.counters(),
            ByteBufAllocator.DEFAULT,
            SilentListener.INSTANCE,
            new FlowLimits(1 << 21, 1L << 30, 1 << 20),
            MTU);
    return new Flows(parts, new Router(lan, RouterConfig.DEFAULT), 42);
  }

  private void connect() {
    try (GuestFrame syn = new GuestFrame(lan, v6, offload, GuestFrame.SYN_OPTIONS, 0)) {
      channel.pipeline().fireChannelRead(syn.segment(seq++, 0, TcpHeader.SYN));
      batchEnd();
    }
    host.events().onConnected();
    if (sink.frames() != 1) {
      throw new IllegalStateException("the SYN was not answered");
    }
    acknowledge();
  }

  /** The conversations of this line. */
  public Flows flows() {
    return shard.flows();
  }

  /** A frame of the connection, to be given to {@link #send} and closed by the caller. */
  GuestFrame frame(int payload) {
    return new GuestFrame(lan, v6, offload, 0, payload);
  }

  /** The guest sends its next bytes in this frame. */
  void send(GuestFrame frame) {
    ByteBuf segment = frame.segment(seq, sink.next(), TcpHeader.ACK);
    seq += frame.payload();
    channel.pipeline().fireChannelRead(segment);
  }

  /** A frame that is the next segment as it is, for a caller that gives it more than once. */
  ByteBuf acknowledgement() {
    return bare.segment(seq, sink.next(), TcpHeader.ACK);
  }

  /** The same frame once more. */
  void give(ByteBuf frame) {
    channel.pipeline().fireChannelRead(frame);
  }

  /** The guest acknowledges everything that it was sent; the batch ends. */
  void acknowledge() {
    send(bare);
    batchEnd();
  }

  /** The guest's batch of frames is over. */
  void batchEnd() {
    nowNanos += BATCH_NANOS;
    channel.pipeline().fireChannelReadComplete();
  }

  /** The host's peer sends bytes, all of one read; takes ownership. */
  void hostSends(ByteBuf data) {
    host.events().onData(data);
    host.events().onReadBatchEnd();
  }

  /** Sequence number after the last byte that the guest was sent. */
  int sentToGuest() {
    return sink.next();
  }

  /** Frames that the guest was sent. */
  long framesToGuest() {
    return sink.frames();
  }

  /** Bytes that the host has taken. */
  long takenByHost() {
    return host.taken();
  }

  @Override
  public void close() {
    channel.finishAndReleaseAll();
    bare.close();
    if (tcp != null) {
      tcp.close();
    }
  }
}
