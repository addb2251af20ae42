package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ISC's client, which Debian's guests have, asks for an IPv6 address and for all else. */
final class Dhcp6IT {

  /** What a client found out, put on the device and written to a file. */
  private static final String SCRIPT =
      """
      #!/bin/sh
      echo "$reason $new_ip6_address/$new_ip6_prefixlen $new_max_life $new_dhcp6_domain_search" >> LOG
      case "$reason" in
      BOUND6 | RENEW6 | REBIND6)
        ip -6 addr replace $new_ip6_address/$new_ip6_prefixlen dev $interface nodad;;
      RELEASE6 | EXPIRE6 | FAIL6 | STOP6) ip -6 addr flush dev $interface scope global;;
      esac
      """;

  /** Up, without waiting for duplicate address detection, which is not what is tested here. */
  private static final String UP =
      "echo 0 >/proc/sys/net/ipv6/conf/tap0/accept_dad && ip link set tap0 up";

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "ROOT, fd00::/64, fd00::100",
    "USER, fd00::/120, fd00::4",
    "ROOT, fd00::/126, fd00::1"
  })
  void dhclientConfiguresTheGuestAndReleases(Caller caller, String net, String address)
      throws IOException {
    String client = client();
    try (Guest guest = guest(caller, net)) {
      guest.run(client + " -1 tap0").ok();
      assertThat(log()).contains("BOUND6 " + address + "/", " 86400 example.com. b.org.");
      // whoever makes no address for itself was sent to us by the router
      assertThat(guest.run("rdisc6 -1 -w 5000 tap0").ok().out())
          .containsPattern("Stateful address conf.*" + (net.endsWith("/64") ? "No" : "Yes"))
          .containsPattern("Stateful other conf.*Yes")
          .containsPattern("Autonomous address conf.*" + (net.endsWith("/64") ? "Yes" : "No"));
      String gateway = net.substring(0, net.indexOf('/')) + "2";
      guest.run("ip -6 route replace " + net + " dev tap0").ok();
      assertThat(guest.run("ping -6 -n -c 1 -W 5 -I " + address + " " + gateway).ok().out())
          .contains("1 received");
      guest.run("kill $(cat " + directory + "/pid); sleep 0.1").ok();
      // from its file of leases it asks whether the address is still right
      guest.run(client + " -1 tap0").ok();
      assertThat(log().split("BOUND6 " + address + "/|REBIND6 " + address + "/", -1))
          .hasSizeGreaterThanOrEqualTo(3);
      guest.run(client + " -r tap0").ok();
      assertThat(log()).contains("RELEASE6");
      // so that another client may have it
      String another = client.replace("/leases", "/others").replace("/pid", "/other") + " -D LL";
      assertThat(guest.run(another + " -1 tap0").ok().err())
          .contains("IAADDR " + address + System.lineSeparator());
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  @Test
  void dhclientAsksForAllButAnAddress() throws IOException {
    String client = client();
    try (Guest guest = guest(Caller.USER, "fd00::/64")) {
      guest.run(client + " -S -1 tap0").ok();
      assertThat(log()).contains("example.com. b.org.").doesNotContain("fd00::100");
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static Guest guest(Caller caller, String net) {
    Guest guest =
        Guest.start(
            caller,
            "--no-configure",
            "--cidr6",
            net,
            "--search",
            "example.com",
            "--search",
            "b.org");
    guest.run(UP).ok();
    return guest;
  }

  private String client() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path script = directory.resolve("script");
    Files.writeString(script, SCRIPT.replace("LOG", directory.resolve("log").toString()));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return "dhclient -6 -sf DIR/script -lf DIR/leases -pf DIR/pid -cf /dev/null -v"
        .replace("DIR", directory.toString());
  }

  private String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }
}
