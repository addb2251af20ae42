package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The guest's link changes its MTU while it is busy: no byte is lost and the transfer ends. */
final class MtuChangeIT {
  private static final String PYTHON = "/usr/bin/python3";
  private static final Duration START = Duration.ofSeconds(15);

  private static String script() {
    return TestHost.checkout().resolve("cli/src/test/resources/timed_transfer.py").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"off", "auto"})
  void theMtuMayChangeInMidTransfer(String offload) {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", offload);
        Proc server = Proc.start(List.of(PYTHON, script(), "serve", "127.0.0.1"))) {
      Await.until("a server", START, () -> server.out().endsWith("\n"), server::soFar);
      String port = server.out().strip();
      for (String way : List.of("in", "out")) {
        String client =
            String.join(" ", PYTHON, script(), way, Guest.GATEWAY, port, "1000000000000", "2");
        try (Proc transfer = guest.start("exec " + client)) {
          for (int mtu : List.of(576, 1500, 1280, 9000, 65520)) {
            Await.pause(Duration.ofMillis(300));
            guest.run("ip link set tap0 mtu " + mtu).ok();
          }
          transfer.await(Proc.LIMIT).ok();
        }
      }
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }
}
