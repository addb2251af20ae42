package io.slipway.cli;

import static io.slipway.cli.it.RoutedWorld.ALL_GROUPS;
import static io.slipway.cli.it.RoutedWorld.NO_GROUPS;
import static io.slipway.cli.it.RoutedWorld.SERVER;
import static io.slipway.cli.it.RoutedWorld.SERVER6;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.RoutedWorld;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The guest's pings are real ones, whoever started the engine. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PingIT {
  private RoutedWorld world;

  @BeforeAll
  void start() {
    world = RoutedWorld.make();
  }

  @AfterAll
  void stop() {
    world.close();
  }

  /** Root pings where nobody else may, the user where the host lets it. */
  @ParameterizedTest
  @CsvSource({"ROOT, " + NO_GROUPS, "USER, " + ALL_GROUPS})
  void everyKindOfPing(Caller caller, String groups) {
    world.pingSockets(groups);
    try (Guest guest = world.guest(caller)) {
      for (String server : new String[] {SERVER, SERVER6}) {
        // 64 hops from the server, one less at the router, one less here
        Result three = guest.run("ping -c 3 -i 0.05 -W 2 " + server).ok();
        assertThat(three.out()).contains("icmp_seq=3 ttl=62", " 3 received, 0% packet loss");
        guest.run(
            "ping -c 1 -W 2 -s 2000 " + server); // may be lost to the path's MTU, found thereby
        assertThat(guest.run("ping -c 2 -i 0.05 -W 2 -s 65000 -p 5a " + server).ok().out())
            .contains("65008 bytes from " + server, " 2 received, 0% packet loss")
            .doesNotContain("wrong data byte");
        assertThat(guest.run("ping -f -c 500 -W 2 " + server).ok().out())
            .contains("500 received, 0% packet loss");
      }
      String many = "for i in $(seq 40); do ping -q -c 1 -W 5 $h || echo lost & done; wait";
      String all =
          guest.run("for h in " + SERVER + " " + SERVER6 + "; do " + many + "; done").out();
      assertThat(all.split(" 1 received", -1)).hasSize(81);
      // what a router on the way says is passed on as it was said
      assertThat(guest.run("ping -c 1 -W 3 198.51.100.66").out())
          .contains("From 203.0.113.1 icmp_seq=1 Packet filtered");
      assertThat(guest.run("ping -c 1 -W 3 198.51.100.67").out())
          .contains("From 203.0.113.1 icmp_seq=1 Destination Host Unreachable");
      assertThat(guest.run("ping -c 1 -W 3 2001:db8:1::66").out())
          .contains("From 2001:db8::1 icmp_seq=1", "Administratively prohibited");
    }
  }

  @Test
  void whereTheUserMayNotPingTheGuestIsToldAtOnce() {
    world.pingSockets(NO_GROUPS);
    try (Guest guest = world.guest(Caller.USER)) {
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER).out())
          .contains("From 10.0.2.2 icmp_seq=1 Packet filtered");
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER6).out())
          .contains("From fd00::2 icmp_seq=1", "Administratively prohibited");
      Await.until(
          "the log says why",
          Duration.ofSeconds(10),
          () -> guest.engine().err().contains("no_ping_socket"),
          guest.engine()::soFar);
      world.pingSockets(ALL_GROUPS);
      guest.run("ping -c 1 -W 2 " + SERVER).ok();
    }
  }

  /** Without a socket of the host's: by local answers, or by none. */
  @Test
  void pingsMayStayHere() {
    world.pingSockets(NO_GROUPS);
    try (Guest guest = world.guest(Caller.USER, "--icmp", "local", "--deny", "icmp://" + SERVER)) {
      for (String nowhere : new String[] {"192.0.2.55", "2001:db8:9::55"}) {
        assertThat(guest.run("ping -c 2 -i 0.05 -W 2 -s 9000 " + nowhere).ok().out())
            .contains("9008 bytes from " + nowhere, " 2 received");
      }
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER).out())
          .contains("From 10.0.2.2 icmp_seq=1 Packet filtered");
    }
    world.pingSockets(ALL_GROUPS);
    try (Guest guest = world.guest(Caller.USER, "--icmp", "off")) {
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER).out())
          .contains("From 10.0.2.2 icmp_seq=1 Packet filtered");
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER6).out())
          .contains("From fd00::2 icmp_seq=1", "Administratively prohibited");
      guest.run("ping -c 1 -W 2 " + Guest.GATEWAY).ok();
    }
  }

  @Test
  void policyHoldsForPings() {
    world.pingSockets(ALL_GROUPS);
    try (Guest guest = world.guest(Caller.USER, "--deny", "icmp://" + SERVER, "--queues", "2")) {
      assertThat(guest.run("ping -c 1 -W 3 " + SERVER).out())
          .contains("From 10.0.2.2 icmp_seq=1 Packet filtered");
      assertThat(guest.run("ping -c 3 -i 0.05 -W 2 " + SERVER6).ok().out()).contains("3 received");
      guest.run("ping -c 1 -W 2 " + Guest.GATEWAY).ok();
    }
  }
}
