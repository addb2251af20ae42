package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import io.slipway.cli.it.World;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What Linux says, as the router and as a server behind it, to packets below TCP that no kernel
 * would send, is what the guest is told. The table is written by {@code raw_packets.py}.
 */
final class RawPacketsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @Test
  void everyPacketIsAnsweredAsByLinux() {
    try (World world = World.make();
        Guest guest = world.guest(Caller.ROOT, "--host-loopback", "--offload", "off");
        Proc peer =
            Proc.startScript(
                List.of(),
                "raw_packets.py",
                "--expect",
                resource("linux-packets.txt"),
                "--unlike",
                resource("packets-unlike-linux.txt"),
                "--netns",
                "/proc/" + guest.pid() + "/ns/net",
                "--host",
                world.hostNamespace(),
                "--server",
                world.internetNamespace())) {
      peer.await(LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static String resource(String name) {
    return TestHost.checkout().resolve("cli/src/test/resources").resolve(name).toString();
  }
}
