package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.bench.EngineBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Segments of 1460 bytes that came before their turn: kept, and taken out when the first one, which
 * was late, has come. Numbers are for one segment, its copy included. Allocates nothing.
 */
public class ReassemblyBenchmark extends EngineBenchmark {
  private static final int SEGMENT = 1460;
  private static final int EARLY = 32;

  private final Reassembler reassembler = new Reassembler();
  private final ByteBuf segment = ByteBufAllocator.DEFAULT.directBuffer(SEGMENT);
  private int rcvNxt = 0x7FFF_0000;

  /** Fills the segment. */
  @Setup
  public void fill() {
    segment.clear().writeZero(SEGMENT);
  }

  /** Gives everything back. */
  @TearDown
  public void release() {
    reassembler.release();
    segment.release();
  }

  /** One segment was lost: those behind it come in order. */
  @Benchmark
  @OperationsPerInvocation(EARLY)
  public int inOrder() {
    for (int i = 1; i <= EARLY; i++) {
      insert(i);
    }
    return drain();
  }

  /** Every second one was lost, and those come later: each makes a piece of its own. */
  @Benchmark
  @OperationsPerInvocation(EARLY)
  public int everySecond() {
    for (int i = 2; i <= EARLY; i += 2) {
      insert(i);
    }
    for (int i = 1; i <= EARLY; i += 2) {
      insert(i);
    }
    return drain();
  }

  /** The worst order: each goes in front of all others. */
  @Benchmark
  @OperationsPerInvocation(EARLY)
  public int reversed() {
    for (int i = EARLY; i >= 1; i--) {
      insert(i);
    }
    return drain();
  }

  private void insert(int place) {
    reassembler.insert(rcvNxt + place * SEGMENT, segment, 0, SEGMENT, ByteBufAllocator.DEFAULT);
  }

  private int drain() {
    rcvNxt += SEGMENT;
    int bytes = 0;
    while (reassembler.ready(rcvNxt) >= 0) {
      int length = reassembler.first().readableBytes();
      rcvNxt += length;
      bytes += length;
      reassembler.removeFirst();
    }
    if (bytes != EARLY * SEGMENT) {
      throw new IllegalStateException("of what came early " + bytes + " bytes were kept");
    }
    return bytes;
  }
}
