package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Services.Server;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests that are given a bare device and find out for themselves what their network is like. */
final class AddressesIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  /** Up, without waiting for duplicate address detection, which is not what is tested here. */
  private static final String UP =
      "sysctl -qw net.ipv6.conf.tap0.accept_dad=0 && ip link set tap0 up";

  @Test
  void theKernelConfiguresItselfByAdvertisements() {
    Sample sample = Sample.make(1);
    try (Server nginx = Services.nginx(sample.path().getParent());
        Guest guest =
            Guest.start(Caller.ROOT, "--no-configure", "--host-loopback", "--mtu", "1400")) {
      guest.run("ip link set tap0 up").ok();
      Await.until(
          "an address that duplicate address detection let pass",
          SOON,
          () ->
              guest
                  .run("ip -6 addr show dev tap0 scope global | grep -v tentative")
                  .out()
                  .contains("inet6 fd00::"),
          () -> guest.run("ip -6 addr; ip -6 route").out());
      assertThat(guest.run("ip -6 route show default").text())
          .startsWith("default via fe80::5c:1fff:fe57:a902 dev tap0 proto ra");
      assertThat(guest.run("cat /proc/sys/net/ipv6/conf/tap0/mtu").text()).isEqualTo("1400");
      Result fetched =
          guest.run(
              "curl -sS --fail http://[fd00::2]:"
                  + nginx.port()
                  + "/"
                  + sample.name()
                  + " | sha256sum");
      assertThat(fetched.ok().text()).as(fetched.toString()).startsWith(sample.sha256());
    }
  }

  /** A guest whose plan we put on its device hears advertisements, and needs nothing of them. */
  @ParameterizedTest
  @EnumSource(Caller.class)
  void aGuestThatIsConfiguredKeepsToThePlan(Caller caller) {
    try (Guest guest = Guest.start(caller)) {
      guest.run("rdisc6 -m -w 1000 tap0").ok();
      assertThat(guest.run("ip -6 -o addr show dev tap0 scope global").ok().text())
          .contains("inet6 fd00::100/64 scope global nodad")
          .hasLineCount(1);
      assertThat(guest.run("ip -6 route show default").ok().text())
          .startsWith("default via fd00::2 dev tap0")
          .hasLineCount(1);
    }
  }

  @Test
  void rdisc6HearsWhatARouterShouldSay() {
    try (Guest guest =
        Guest.start(
            Caller.ROOT, "--no-configure", "--search", "example.com", "--search", "b.org")) {
      guest.run(UP).ok();
      String heard = guest.run("rdisc6 -1 -w 5000 tap0").ok().out();
      assertThat(heard)
          .containsPattern("Stateful address conf.*No")
          .containsPattern("Router lifetime.*1800")
          .containsPattern("Prefix +: fd00::/64")
          .containsPattern("On-link +: +Yes")
          .containsPattern("Autonomous address conf.: +Yes")
          .containsPattern("MTU +: +1500 bytes")
          .containsPattern("Recursive DNS server +: fd00::3")
          .contains("example.com", "b.org")
          .contains("from fe80::5c:1fff:fe57:a902");
    }
  }
}
