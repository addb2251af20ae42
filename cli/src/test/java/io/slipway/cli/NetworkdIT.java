package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What configures the network of a container that runs systemd configures a guest. */
final class NetworkdIT {

  /**
   * In a mount namespace: no bus, no settings but ours, and a /sys that cannot be written, so that
   * it does not wait for udev.
   */
  private static final String NETWORKD =
      """
      mount -t tmpfs none /run
      mount -t tmpfs none /etc/systemd/network
      mount -t sysfs sysfs /sys
      mount -o remount,bind,ro /sys
      mkdir -p /run/systemd/network /run/systemd/netif
      chown systemd-network:systemd-network /run/systemd/netif
      printf '[Match]\\nName=tap0\\n[Network]\\nDHCP=yes\\nIPv6AcceptRA=yes\\n' \
        >/run/systemd/network/10-tap0.network
      echo 0 >/proc/sys/net/ipv6/conf/tap0/accept_dad
      SYSTEMD_LOG_TARGET=console exec /lib/systemd/systemd-networkd
      """;

  @Test
  void networkdConfiguresTheGuest() {
    try (Guest guest = Guest.start(Caller.ROOT, "--no-configure", "--cidr6", "fd00::/120");
        Proc networkd = guest.start("exec unshare -m sh -ec \"" + quoted(NETWORKD) + "\"")) {
      Await.until(
          "an address of each family",
          Duration.ofSeconds(20),
          () -> guest.run("ip -o addr show dev tap0 scope global").text().lines().count() == 2,
          () -> guest.run("ip addr") + "\n" + networkd.soFar());
      assertThat(guest.run("ip -o addr show dev tap0 scope global").ok().out())
          .contains("inet 10.0.2.100/24 ", "inet6 fd00::4/128 ");
      Await.until(
          "a way out of each family",
          Duration.ofSeconds(20),
          () ->
              guest.run("ip route").text().contains("default via 10.0.2.2 ")
                  && guest.run("ip -6 route").text().contains("default via fe80::"),
          () -> guest.run("ip route; ip -6 route"));
      guest.run("ping -n -c 1 -W 5 10.0.2.2 && ping -n -c 1 -W 5 fd00::2").ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static String quoted(String script) {
    return script.replace("\\", "\\\\");
  }
}
