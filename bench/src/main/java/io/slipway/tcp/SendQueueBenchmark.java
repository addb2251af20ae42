package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.bench.EngineBenchmark;
import io.slipway.wire.Gather;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The queue of bytes for the guest with sixteen reads of the host in it: one more comes, is
 * gathered for a frame, and the oldest is acknowledged. Allocates nothing.
 */
public class SendQueueBenchmark extends EngineBenchmark {
  private static final int QUEUED = 16;

  /** Bytes of one read of the host. */
  @Param({"1460", "65536"})
  public int read = 65536;

  private final SendQueue queue = new SendQueue();
  private final Gather gather = new Gather();
  private final ByteBuf[] reads = new ByteBuf[QUEUED + 2];
  private int turn;

  /** Fills the queue. */
  @Setup
  public void fill() {
    for (int i = 0; i < reads.length; i++) {
      reads[i] = ByteBufAllocator.DEFAULT.directBuffer(read).writeZero(read);
    }
    for (int i = 0; i < QUEUED; i++) {
      queue.add(next());
    }
  }

  /** Gives the buffers back. */
  @TearDown
  public void release() {
    queue.release();
    for (ByteBuf one : reads) {
      one.release();
    }
  }

  private ByteBuf next() {
    turn = turn + 1 < reads.length ? turn + 1 : 0;
    return reads[turn].setIndex(0, read).retain();
  }

  /** One read, from the host to the acknowledgement. */
  @Benchmark
  public int pass() {
    queue.add(next());
    gather.clear();
    queue.gather(queue.bytes() - read, read, gather);
    queue.drop(read);
    return gather.total();
  }
}
