package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.TcpServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The clients that guests have configure a device that nobody else configures. */
final class DhcpIT {
  /** With others like it, it fills the options, so that some go where names of servers were. */
  private static final String LONG = "x".repeat(60) + "." + "x".repeat(55);

  @TempDir Path directory;

  /** What a client found out, put on the device and written to a file, but for name servers. */
  private static final String UDHCPC_SCRIPT =
      """
      #!/bin/sh
      echo "$1 $ip/$mask $router $mtu $broadcast $lease $hostname" >> LOG
      case "$1" in
      bound | renew)
        ip link set $interface mtu $mtu
        ip addr replace $ip/$mask broadcast $broadcast dev $interface
        ip route replace default via $router;;
      deconfig) ip addr flush dev $interface; ip link set $interface up;;
      esac
      """;

  private static final String DHCLIENT_SCRIPT =
      """
      #!/bin/sh
      echo "$reason $new_ip_address/$new_subnet_mask $new_routers $new_interface_mtu $new_domain_search" >> LOG
      case "$reason" in
      PREINIT) ip link set $interface up;;
      BOUND | RENEW | REBIND | REBOOT)
        ip addr replace $new_ip_address/$new_subnet_mask dev $interface
        ip route replace default via $new_routers;;
      RELEASE | EXPIRE | FAIL | STOP) ip addr flush dev $interface;;
      esac
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void udhcpcConfiguresTheGuest(Caller caller) throws IOException {
    String script = script(UDHCPC_SCRIPT);
    try (Guest guest = guest(caller);
        TcpServer server = TcpServer.start(DhcpIT::greet)) {
      guest.run("udhcpc -f -q -n -x hostname:box -i tap0 -s " + script).ok();
      assertThat(log()).contains("bound 10.0.2.100/24 10.0.2.2 9000 10.0.2.255 86400 box");
      assertThat(guest.run("ip link show tap0").ok().out()).contains("mtu 9000");
      assertReaches(guest, server);
      // it has one already, whatever it asks for; another client gets what it asks for
      guest.run("udhcpc -f -q -n -r 10.0.2.44 -i tap0 -s " + script).ok();
      assertThat(log().split("bound 10.0.2.100/24 ", -1)).hasSize(3);
      guest.run("udhcpc -f -q -n -C -x 0x3d:ff07 -r 10.0.2.44 -i tap0 -s " + script).ok();
      assertThat(log()).contains("bound 10.0.2.44/24 ");
      assertReaches(guest, server);
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void dhclientConfiguresTheGuestAndReleases(Caller caller) throws IOException {
    String client =
        "dhclient -4 -sf "
            + script(DHCLIENT_SCRIPT)
            + " -lf DIR/leases -pf DIR/pid -cf /dev/null -v".replace("DIR", "" + directory);
    try (Guest guest = guest(caller);
        TcpServer server = TcpServer.start(DhcpIT::greet)) {
      guest.run(client + " -1 tap0").ok();
      assertThat(log())
          .contains("BOUND 10.0.2.100/255.255.255.0 10.0.2.2 9000 example.com. " + LONG + ". ");
      assertReaches(guest, server);
      guest.run("kill $(cat " + directory + "/pid); sleep 0.1; ip addr flush dev tap0").ok();
      // from its file of leases it asks for the same address again
      assertThat(guest.run(client + " -1 tap0").ok().err()).contains("DHCPACK of 10.0.2.100");
      assertThat(log()).contains("REBOOT 10.0.2.100/255.255.255.0");
      // the script takes the address away: what then still waits for ARP is never sent
      assertReaches(guest, server);
      assertThat(guest.run(client + " -r tap0").ok().err()).contains("DHCPRELEASE of 10.0.2.100");
      // so that another client may have it
      guest.run("ip link set tap0 up").ok();
      assertThat(guest.run("udhcpc -f -q -n -C -x 0x3d:ff07 -i tap0 -s /bin/true").ok().err())
          .contains("lease of 10.0.2.100 obtained from 10.0.2.2");
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static void greet(Socket client) throws IOException {
    client.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
  }

  private static Guest guest(Caller caller) {
    return Guest.start(
        caller,
        "--no-configure",
        "--host-loopback",
        "--mtu",
        "9000",
        "--search",
        "example.com",
        "--search",
        LONG,
        "--search",
        LONG.replace('x', 'y'));
  }

  private static void assertReaches(Guest guest, TcpServer server) {
    assertThat(guest.run("socat -u TCP4:10.0.2.2:" + server.port() + " -").ok().out())
        .isEqualTo("hello");
  }

  private String script(String text) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path log = directory.resolve("log");
    Path script = directory.resolve("script");
    Files.writeString(script, text.replace("LOG", log.toString()));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script.toString();
  }

  private String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }
}
