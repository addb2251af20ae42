package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.stats.Counters;
import io.slipway.wire.Gather;
import io.slipway.wire.TcpOptions;

/**
 * What all connections of one event loop share: settings, the timer wheel, counters, and scratch
 * space that is free again when a call returns. Owned by the event loop of its {@code Shard}; not
 * thread-safe.
 */
public final class TcpLoop implements AutoCloseable {
  /** RFC 9293 3.1: the data offset leaves 40 bytes for options. */
  private static final int MAX_OPTIONS = 40;

  final TcpConfig config;
  final TimerWheel wheel;
  final Counters counters;
  final ByteBufAllocator allocator;
  final InitialSequence initialSequence;
  final Gather gather = new Gather();
  final TcpOptions received = new TcpOptions();
  final int[] sackEdges = new int[2 * TcpOptions.MAX_SACK_BLOCKS];
  final int[] sackEdgesBesideStamps = new int[2 * (TcpOptions.MAX_SACK_BLOCKS - 1)];
  final ByteBuf options;

  /** The loop's scratch buffer comes from {@code allocator} and is given back by {@link #close}. */
  public TcpLoop(
      TcpConfig config,
      TimerWheel wheel,
      Counters counters,
      ByteBufAllocator allocator,
      InitialSequence initialSequence) {
    this.config = config;
    this.wheel = wheel;
    this.counters = counters;
    this.allocator = allocator;
    this.initialSequence = initialSequence;
    options = allocator.directBuffer(MAX_OPTIONS, MAX_OPTIONS);
  }

  /** The loop's timers. */
  public TimerWheel wheel() {
    return wheel;
  }

  /** The initial sequence numbers of this loop. */
  public InitialSequence initialSequence() {
    return initialSequence;
  }

  @Override
  public void close() {
    options.release();
  }
}
