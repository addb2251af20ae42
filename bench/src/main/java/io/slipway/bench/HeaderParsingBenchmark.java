package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Locale;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What a frame costs that carries nothing: an acknowledgement without news goes through all
 * decoders, finds its flow, and its connection looks at it. Allocates nothing.
 */
public class HeaderParsingBenchmark extends EngineBenchmark {
  private static final int FRAMES_PER_BATCH = 64;

  /** How the frame came. */
  public enum Form {
    /** IPv4 behind a virtio header, the checksum left to us: what a guest's kernel sends. */
    V4,
    /** IPv4 on a plain device; the checksum is verified. */
    V4_PLAIN,
    /** IPv6 behind a virtio header. */
    V6,
  }

  /** The name of a {@link Form}, in small letters. */
  @Param({"v4", "v4_plain", "v6"})
  public String form = "v4";

  private GuestLine line = new GuestLine(true);
  private ByteBuf frame = ByteBufAllocator.DEFAULT.directBuffer(0);
  private int inBatch;

  /** Connects. */
  @Setup
  public void connect() {
    Form chosen = Form.valueOf(form.toUpperCase(Locale.ROOT));
    line.close();
    line = new GuestLine(chosen == Form.V6, chosen != Form.V4_PLAIN);
    frame = line.acknowledgement();
  }

  /** Checks that the connection stands and was not once answered. */
  @TearDown
  public void close() {
    if (line.framesToGuest() != 1 || line.flows().size() != 1) {
      throw new IllegalStateException("the frames were not what they should be");
    }
    line.close();
  }

  /** One frame. */
  @Benchmark
  public void parse() {
    line.give(frame);
    if (++inBatch == FRAMES_PER_BATCH) {
      inBatch = 0;
      line.batchEnd();
    }
  }
}
