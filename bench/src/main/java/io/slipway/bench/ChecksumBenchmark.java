package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.wire.Checksum;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The Internet checksum (RFC 1071) of a header, of a full segment and of a frame with segmentation
 * offload, in memory outside the heap. Allocates nothing.
 */
public class ChecksumBenchmark extends EngineBenchmark {

  /** Bytes summed. */
  @Param({"40", "1460", "65536"})
  public int length = 40;

  private ByteBuf bytes = ByteBufAllocator.DEFAULT.directBuffer(0);

  /** Fills a buffer with bytes of which neighbours differ. */
  @Setup
  public void fill() {
    bytes = ByteBufAllocator.DEFAULT.directBuffer(length);
    for (int i = 0; i < length; i++) {
      bytes.writeByte(i * 31 + i / 251);
    }
  }

  /** Gives it back. */
  @TearDown
  public void release() {
    bytes.release();
  }

  /** One sum, folded and complemented. */
  @Benchmark
  public int sum() {
    return Checksum.finish(Checksum.sum(bytes, 0, length));
  }
}
