package io.slipway.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A gibibyte over one connection through a real TAP: a program in a network namespace of its own,
 * the guest's kernel, the engine, a socket of the host. Numbers are for the whole gibibyte, some
 * ten milliseconds of starting the program included. Wants root, iproute2, bash and dd.
 *
 * <p>Here {@code gc.alloc.rate.norm} is for the gibibyte, with everything that starts and ends.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class TapTransferBenchmark extends EngineBenchmark {
  private static final int MEBIBYTES = 1024;
  private static final Path SELF = Path.of("/proc/self");
  private static final String NO_ROOT =
      "TapTransferBenchmark: not measured: a namespace and a TAP take root, and this is not root";

  /** Of the guest's interface, in bytes. */
  @Param({"1500", "65520"})
  public int mtu = 1500;

  private TapGuest guest = TapGuest.NONE;

  /** Makes the namespace, and gives it its network. */
  @Setup
  public void begin() throws IOException, InterruptedException {
    if (!Files.getAttribute(SELF, "unix:uid").equals(0)) {
      // JMH knows no skipping: it prints this, and the benchmark is absent from the results
      throw new IllegalStateException(NO_ROOT);
    }
    guest = TapGuest.begin(mtu);
  }

  /** Takes everything away again. */
  @TearDown
  public void end() throws IOException, InterruptedException {
    guest.end();
  }

  /** The guest sends, the host counts. */
  @Benchmark
  public long guestToHost() throws IOException, InterruptedException {
    return guest.sends(MEBIBYTES);
  }

  /** The host sends, the guest throws away. */
  @Benchmark
  public long hostToGuest() throws IOException, InterruptedException {
    return guest.receives(MEBIBYTES);
  }
}
