package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What no kernel would send: a peer of raw frames on the guest's link tries the engine's TCP, UDP,
 * ICMP, ARP and their decoders, case by case. The cases are in {@code raw_frames.py}, which runs
 * alone, too, and against the kernel's own TCP.
 */
final class RawFramesIT {
  private static final String PEER = "cli/src/test/resources/raw_frames.py";
  private static final Duration LIMIT = Duration.ofMinutes(TestHost.LONG ? 8 : 2);

  @ParameterizedTest
  @ValueSource(strings = {"off", "auto"})
  void everyCasePasses(String offload) {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", offload);
        Proc peer =
            Proc.start(
                List.of(
                    "/usr/bin/python3",
                    TestHost.checkout().resolve(PEER).toString(),
                    "--netns",
                    "/proc/" + guest.pid() + "/ns/net",
                    "--offload",
                    offload,
                    "--level",
                    TestHost.LONG ? "2" : "0"))) {
      peer.await(LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }
}
