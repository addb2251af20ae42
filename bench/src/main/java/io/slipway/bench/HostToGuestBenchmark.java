package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The frame path in: a buffer that the host's stream has read goes through its connection to the
 * frame that is emitted, and is let go when the guest acknowledges it, which it does whenever
 * 64,240 bytes are on their way. Allocates nothing.
 */
public class HostToGuestBenchmark extends EngineBenchmark {
  /** More buffers than can be on their way. */
  private static final int BUFFERS = 64;

  /** Bytes of one read, and so of one frame. */
  @Param({"1460", "64240"})
  public int payload = GuestLine.FULL;

  /** Off: the segments are cut and their checksums made here. */
  @Param("true")
  public boolean offload = true;

  private final ByteBuf[] reads = new ByteBuf[BUFFERS];
  private GuestLine line = new GuestLine(true);
  private int turn;
  private int queued;
  private int acknowledged;

  /** Connects. */
  @Setup
  public void connect() {
    line.close();
    line = new GuestLine(offload);
    for (int i = 0; i < BUFFERS; i++) {
      reads[i] = ByteBufAllocator.DEFAULT.directBuffer(payload).writeZero(payload);
    }
    queued = line.sentToGuest();
    acknowledged = queued;
  }

  /** Checks that every buffer was given back. */
  @TearDown
  public void close() {
    line.acknowledge();
    for (ByteBuf read : reads) {
      if (!read.release()) {
        throw new IllegalStateException("a buffer is still held");
      }
    }
    line.close();
  }

  /** One read of the host's. */
  @Benchmark
  public void frame() {
    ByteBuf read = reads[turn];
    turn = (turn + 1) % BUFFERS;
    queued += payload;
    line.hostSends(read.setIndex(0, payload).retain());
    // at first the congestion window is small: then it takes several acknowledgements
    while (line.sentToGuest() != queued || queued - acknowledged >= GuestLine.FULL) {
      acknowledged = line.sentToGuest();
      line.acknowledge();
    }
  }
}
