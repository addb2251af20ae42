package io.slipway.pipeline;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.EventExecutor;
import io.slipway.clock.Clock;
import io.slipway.clock.TimerWheel;
import io.slipway.egress.Egress;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Neighbors;
import io.slipway.flow.Flows;
import io.slipway.gateway.DhcpLeases;
import io.slipway.gateway.Gateway;
import io.slipway.icmp.IcmpErrors;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.wire.Packet;

/**
 * One of everything that one event loop needs to serve one queue of a guest's device. Owned by that
 * event loop; nothing in it is thread-safe, and nothing in it needs to be.
 */
public final class Shard {

  private static final long TICK_NANOS = 1_000_000;

  private final Lan lan;
  private final Clock clock;
  private final Counters counters;
  private final int virtioHeaderLength;
  private final Packet packet = new Packet();
  private final Neighbors neighbors = new Neighbors();
  private final TimerWheel timers;
  private final LoopTimers loopTimers;
  private final Egress egress;
  private final IcmpErrors icmpErrors;
  private final Gateway gateway;
  private final FragmentReassembler reassembler;
  private final Flows flows;
  private long nowNanos;
  private boolean inBatch;
  private boolean closed;

  /** Puts together a shard that is the only one of its engine. */
  public Shard(Lan lan, FrameSink sink, Clock clock, Counters counters, FlowsFactory flowsFactory) {
    this(1, 0, lan, false, new DhcpLeases(lan), sink, clock, counters, flowsFactory);
  }

  /**
   * Puts a shard together; it begins to work when {@link ShardInitializer} puts it on a channel.
   *
   * @param shards of the engine, each of which sends its part of the ICMP errors
   * @param own number of this one, from 0 on
   * @param lan the guest's network as it sees it, with the device's MTU
   * @param nameService whether the guest is told of a name service at the DNS addresses
   * @param leases the engine's
   * @param sink the way to the device
   * @param counters of this loop
   * @param flowsFactory makes the conversations out of the parts that are there by then
   */
  public Shard(
      int shards,
      int own,
      Lan lan,
      boolean nameService,
      DhcpLeases leases,
      FrameSink sink,
      Clock clock,
      Counters counters,
      FlowsFactory flowsFactory) {
    this.lan = lan;
    this.clock = clock;
    this.counters = counters;
    this.virtioHeaderLength = sink.virtioHeaderLength();
    this.nowNanos = clock.nowNanos();
    this.timers = new TimerWheel(TICK_NANOS, nowNanos);
    this.loopTimers = new LoopTimers(timers, clock, this::timeIsUp);
    this.egress = new Egress(lan, sink, neighbors, counters, lan.mtu(), shards, own);
    this.icmpErrors = new IcmpErrors(egress, lan, counters, shards);
    this.gateway =
        new Gateway(
            lan, egress, neighbors, timers, leases, nameService, counters, own == 0, nowNanos);
    this.reassembler =
        new FragmentReassembler(timers, icmpErrors, counters, ByteBufAllocator.DEFAULT);
    this.flows = flowsFactory.create(this);
  }

  /** Makes the flows of a shard whose other parts are complete. */
  @FunctionalInterface
  public interface FlowsFactory {
    /** Returns the flows; {@link Shard#flows()} is not there yet. */
    Flows create(Shard shard);
  }

  public Lan lan() {
    return lan;
  }

  public Clock clock() {
    return clock;
  }

  public Counters counters() {
    return counters;
  }

  public TimerWheel timers() {
    return timers;
  }

  public Neighbors neighbors() {
    return neighbors;
  }

  public Egress egress() {
    return egress;
  }

  public IcmpErrors icmpErrors() {
    return icmpErrors;
  }

  public Gateway gateway() {
    return gateway;
  }

  public Flows flows() {
    return flows;
  }

  Packet packet() {
    return packet;
  }

  FragmentReassembler reassembler() {
    return reassembler;
  }

  int virtioHeaderLength() {
    return virtioHeaderLength;
  }

  /** Whether it serves nobody any more. */
  boolean isClosed() {
    return closed;
  }

  /** The time of the batch at hand. */
  long nowNanos() {
    return nowNanos;
  }

  /** The channel is on its loop: timers may run from now on. */
  void attach(EventExecutor loop) {
    loopTimers.attach(loop);
  }

  /** A frame has come; the first one of a batch reads the clock. */
  void batchBegin() {
    if (!inBatch) {
      inBatch = true;
      nowNanos = clock.nowNanos();
    }
  }

  /** No more frames for now: what was put off to the end of the batch is done. */
  void batchEnd() {
    counters.count(Count.BATCHES);
    inBatch = false;
    packet.clear();
    settle();
  }

  private void timeIsUp() {
    if (!closed) {
      settle();
    }
  }

  private void settle() {
    if (closed) {
      return;
    }
    nowNanos = clock.nowNanos();
    timers.advance(nowNanos);
    flows.batchEnd(nowNanos);
  }

  /** Ends all flows and frees what the shard holds; the device need not be open any more. */
  public void close() {
    if (closed) {
      return;
    }
    flows.closeAll();
    closed = true;
    loopTimers.stop();
    reassembler.close();
    gateway.close();
    icmpErrors.close();
    egress.close();
  }
}
