package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What no kernel would send: a peer of raw frames on the guest's link tries the engine's TCP, UDP,
 * ICMP, ARP and their decoders, case by case. The cases are in {@code raw_frames.py}, which runs
 * alone, too, and against the kernel's own TCP.
 *
 * <p>A peer waits most of its time, for what should come late or not at all, so several are at work
 * at once, each with an engine of its own.
 */
@Isolated
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RawFramesIT {
  private static final String PEER = "raw_frames.py";
  private static final String ASKER = "raw_answers.py";
  private static final String ANSWERS =
      "engine/src/test/resources/io/slipway/tcp/linux-answers.txt";
  private static final Duration LIMIT = Duration.ofMinutes(TestHost.LONG ? 8 : 2);

  /** Among how many peers the cases of plain frames are dealt out. */
  private static final int PARTS = 3;

  /** In a quick run: what looks different when frames are larger than the MTU. */
  private static final List<String> LARGE =
      List.of(
          "data_*", "mss_*", "*retransmit*", "timeout_*", "half_*", "ping_*", "udp_*", "port_0");

  /** In a quick run: what depends on the headers before the segment. */
  private static final List<String> OTHER_FAMILY =
      List.of("data_*", "mss_*", "rst_*", "tcp_checksum_*", "half_*");

  private final List<Guest> guests = new ArrayList<>();
  private final List<Encounter> encounters = new ArrayList<>();

  /** A peer at work on an engine. Closed by the test's class. */
  record Encounter(String name, Guest guest, Proc peer) {
    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  void startAll() {
    // All engines first: one that starts takes the processors that a peer needs to be in time.
    Guest large = guest("auto");
    Guest six = guest("off");
    Guest asked = guest("off");
    List<Guest> plain = Stream.generate(() -> guest("off")).limit(PARTS).toList();
    // The same table that the engine's unit test reads, here on the wire.
    List<String> table = List.of("--expect", TestHost.checkout().resolve(ANSWERS).toString());
    start("answers as by Linux", asked, ASKER, table);
    List<String> quick = List.of("--level", "0");
    List<String> all = List.of("--level", "2");
    for (int part = 1; part <= PARTS; part++) {
      List<String> cases = TestHost.LONG ? all : quick;
      String name = "plain frames, part " + part;
      start(name, plain.get(part - 1), PEER, cases, "--parts", PARTS, "--part", part);
    }
    start("large frames", large, PEER, TestHost.LONG ? all : LARGE, "--offload", "auto");
    start("IPv6", six, PEER, TestHost.LONG ? all : OTHER_FAMILY, "--family", 6);
  }

  private Guest guest(String offload) {
    Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", offload);
    guests.add(guest);
    return guest;
  }

  private void start(String name, Guest guest, String script, List<String> what, Object... more) {
    List<Object> arguments = new ArrayList<>(what);
    arguments.addAll(List.of("--netns", "/proc/" + guest.pid() + "/ns/net"));
    arguments.addAll(List.of(more));
    encounters.add(
        new Encounter(name, guest, Proc.startScript(List.of(), script, arguments.toArray())));
  }

  @AfterAll
  void stopAll() {
    for (Encounter encounter : encounters) {
      encounter.peer().close();
    }
    for (Guest guest : guests) {
      guest.close();
    }
  }

  List<Encounter> encounters() {
    return encounters;
  }

  @ParameterizedTest
  @MethodSource("encounters")
  void everyCasePasses(Encounter encounter) {
    encounter.peer().await(LIMIT).ok();
    assertThat(encounter.guest().stop().err()).doesNotContain("Exception");
  }
}
