package io.slipway.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The frame path out: a frame of the TAP goes through the decoders and its connection to the write
 * on the host's stream, and is acknowledged. A batch ends after every 64,240 bytes: one full frame
 * or 44 segments. Allocates nothing.
 */
public class GuestToHostBenchmark extends EngineBenchmark {

  /** Bytes of TCP payload in a frame. */
  @Param({"1460", "64240"})
  public int payload = GuestLine.FULL;

  /** Off: no virtio header, checksums are verified (and, here, also made). */
  @Param("true")
  public boolean offload = true;

  private GuestLine line = new GuestLine(true);
  private GuestFrame frame = line.frame(0);
  private int inBatch;
  private long sent;

  /** Connects. */
  @Setup
  public void connect() {
    close();
    line = new GuestLine(offload);
    frame = line.frame(payload);
  }

  /** Checks that the host has every byte. */
  @TearDown
  public void close() {
    line.batchEnd();
    if (line.takenByHost() != sent) {
      throw new IllegalStateException("sent " + sent + " bytes, taken " + line.takenByHost());
    }
    frame.close();
    line.close();
  }

  /** One frame. */
  @Benchmark
  public void frame() {
    line.send(frame);
    sent += payload;
    inBatch += payload;
    if (inBatch >= GuestLine.FULL) {
      inBatch = 0;
      line.batchEnd();
    }
  }
}
