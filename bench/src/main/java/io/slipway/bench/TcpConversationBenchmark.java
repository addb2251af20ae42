package io.slipway.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole TCP conversation between the engine's connection and a scripted guest: handshake, about a
 * mebibyte (17 frames of 64,240 bytes) in one direction, both FINs. Allocates the objects of one
 * connection, and nothing for the bytes: {@code connect} allocates as much.
 */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TcpConversationBenchmark extends EngineBenchmark {
  private static final int FRAMES = 17;

  private final ScriptedGuest guest = new ScriptedGuest();

  /** Gives the buffers back. */
  @TearDown
  public void close() {
    guest.close();
  }

  /** Without any bytes. */
  @Benchmark
  public void connect() {
    guest.open();
    guest.finish();
  }

  /** From the guest to the host. */
  @Benchmark
  public void upload() {
    guest.open();
    guest.upload(FRAMES);
    guest.finish();
  }

  /** From the host to the guest. */
  @Benchmark
  public void download() {
    guest.open();
    guest.download(FRAMES);
    guest.finish();
  }
}
