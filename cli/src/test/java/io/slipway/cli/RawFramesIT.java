package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What no kernel would send: a peer of raw frames on the guest's link tries the engine's TCP, UDP,
 * ICMP, ARP and their decoders, case by case. The cases are in {@code raw_frames.py}, which runs
 * alone, too, and against the kernel's own TCP.
 */
@Isolated
final class RawFramesIT {
  private static final String PEER = "cli/src/test/resources/raw_frames.py";
  private static final String ASKER = "cli/src/test/resources/raw_answers.py";
  private static final String ANSWERS =
      "engine/src/test/resources/io/slipway/tcp/linux-answers.txt";
  private static final Duration LIMIT = Duration.ofMinutes(TestHost.LONG ? 8 : 2);

  /** In a quick run: what looks different when frames are larger than the MTU. */
  private static final List<String> LARGE =
      List.of(
          "data_*", "mss_*", "*retransmit*", "timeout_*", "half_*", "ping_*", "udp_*", "port_0");

  /** In a quick run: what depends on the headers before the segment. */
  private static final List<String> OTHER_FAMILY =
      List.of("data_*", "mss_*", "rst_*", "tcp_checksum_*", "half_*");

  @ParameterizedTest
  @ValueSource(strings = {"off", "auto"})
  void everyCasePasses(String offload) {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", offload);
        Proc peer = Proc.start(peer(guest, offload))) {
      peer.await(LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  @Test
  void everyCaseAboutConnectionsPassesOverIpv6() {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", "off");
        Proc peer = Proc.start(peer(guest, "off", "--family", "6"))) {
      peer.await(LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  /** The same table that the engine's unit test reads, here on the wire. */
  @Test
  void everySegmentIsAnsweredAsByLinux() {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", "off");
        Proc peer =
            Proc.start(
                List.of(
                    "/usr/bin/python3",
                    TestHost.checkout().resolve(ASKER).toString(),
                    "--expect",
                    TestHost.checkout().resolve(ANSWERS).toString(),
                    "--netns",
                    "/proc/" + guest.pid() + "/ns/net"))) {
      peer.await(LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static List<String> peer(Guest guest, String offload, String... more) {
    List<String> argv = new ArrayList<>();
    argv.addAll(List.of("/usr/bin/python3", TestHost.checkout().resolve(PEER).toString()));
    argv.addAll(List.of("--netns", "/proc/" + guest.pid() + "/ns/net", "--offload", offload));
    argv.addAll(List.of(more));
    if (TestHost.LONG) {
      argv.addAll(List.of("--level", "2"));
    } else if (List.of(more).contains("6")) {
      argv.addAll(OTHER_FAMILY);
    } else if (offload.equals("off")) {
      argv.addAll(List.of("--level", "0"));
    } else {
      argv.addAll(LARGE);
    }
    return argv;
  }
}
