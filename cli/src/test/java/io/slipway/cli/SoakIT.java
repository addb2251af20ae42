package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.LossyPath;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Everything at once over a line that loses, delays and overtakes, for as long as one cares to
 * wait: every octet is right, and the engine is afterwards as it was before.
 */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class SoakIT {
  private static final String TRAFFIC = "mixed_traffic.py";
  private static final String LINE = "loss=1 delay=5 jitter=3 seed=1";
  private static final int SECONDS = TestHost.LONG ? 600 : 4;
  private static final int WARM_UP = 2;
  private static final int KINDS = 11;

  /** Of the last quarter beside the one before; in a short run the machine is still compiling. */
  private static final long GROWTH = (TestHost.LONG ? 8L : 64L) << 20;

  private static final Duration START = Duration.ofSeconds(15);

  /** Idle mappings, and connections whose guest's last reset was lost, need this to be noticed. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  @Test
  void leavesNothing() {
    try (LossyPath path =
            LossyPath.toSlipway(LINE, "--udp-timeout", "1s", "--tcp-keepalive", "2s");
        Proc server = path.startServer(TRAFFIC, "serve", "127.0.0.1")) {
      Await.until("a server", START, () -> server.out().endsWith("\n"), server::soFar);
      String[] ports = server.out().strip().split(" ", -1);
      int descriptors = path.engine().descriptors();
      run(path, ports, WARM_UP);
      List<Long> memory = run(path, ports, SECONDS);
      Await.until(
          "as many descriptors as at the start, " + descriptors,
          PATIENCE,
          () -> path.engine().descriptors() <= descriptors,
          () -> path.engine().openDescriptors());
      assertThat(server.isAlive()).as(server.soFar().toString()).isTrue();
      int quarter = memory.size() / 4;
      long third = median(memory.subList(2 * quarter, 3 * quarter));
      long last = median(memory.subList(3 * quarter, memory.size()));
      System.out.printf(
          "resident: %d, %d, then %d MiB; %d descriptors%n",
          median(memory.subList(0, quarter)) >> 20, third >> 20, last >> 20, descriptors);
      assertThat(last - third).as("growth of %s", memory).isLessThan(GROWTH);
    }
  }

  /** Returns the engine's resident bytes, several times a second. */
  private static List<Long> run(LossyPath path, String[] ports, int seconds) {
    List<Long> memory = new ArrayList<>();
    try (Proc client =
        path.startInGuest(TRAFFIC, "run", Guest.GATEWAY, seconds, ports[0], ports[1], ports[2])) {
      while (client.isAlive()) {
        memory.add(path.engine().residentBytes());
        Await.pause(Duration.ofMillis(200));
      }
      String done = client.await(START).ok().out();
      System.out.println(done);
      assertThat(done.lines()).as("kinds of work, and the loss: " + done).hasSize(KINDS + 1);
    }
    return memory;
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
