package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On the guest's link stands a router, which knows where everybody on the link is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class NeighborsIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final String ROUTER = "fe80::5c:1fff:fe57:a902";

  /** Says everything again, and what is to wait after a second. */
  private static final String ECHO =
      """
      import socket, time
      s = socket.create_server(('::1', 0), family=socket.AF_INET6)
      print(s.getsockname()[1])
      while True:
          c, peer = s.accept()
          c.settimeout(30)
          while data := c.recv(1000):
              time.sleep(1 if data == b'wait\\n' else 0)
              c.sendall(data)
          c.close()
      """;

  /** One connection from an address, which says a line when it has heard the one before. */
  private static final String TALK =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6)
      s.settimeout(8)
      s.bind((sys.argv[1], 0))
      s.connect(('fd00::2', int(sys.argv[2])))
      for line in sys.stdin:
          s.sendall(line.encode())
          print(s.recv(1000).decode().strip())
      """;

  private Guest guest;
  private Proc server;
  private String port;

  @BeforeAll
  void start() {
    guest = Guest.start(Caller.ROOT, "--host-loopback");
    server = Proc.start(java.util.List.of("/usr/bin/python3", "-u", "-c", ECHO));
    Await.until("the server listens", SOON, () -> !server.out().isBlank(), server::soFar);
    port = server.out().strip();
    Await.until(
        "a link-local address of the guest's",
        SOON,
        () ->
            guest
                .run("ip -6 addr show dev tap0 scope link | grep -v tentative")
                .out()
                .contains("fe80"),
        () -> guest.run("ip -6 addr").out());
  }

  @AfterAll
  void stop() {
    server.close();
    guest.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {ROUTER, "ff02::1", "ff02::2", "ff02::1:ff00:2"})
  void theRouterAnswersOnTheLink(String address) {
    String heard = guest.run("ping -6 -c 2 -i 0.05 -W 2 -L " + address + "%tap0").ok().out();
    assertThat(heard).contains("64 bytes from " + ROUTER);
  }

  @Test
  void theRouterIsFound() {
    String asked = guest.run("ndisc6 -m -w 2000 fd00::2 tap0").ok().out();
    assertThat(asked).contains("Target link-layer address: 02:5C:1F:57:A9:02", "from fd00::2");
    assertThat(guest.run("ndisc6 -m -w 500 -r 1 fd00::77 tap0").out()).contains("No response");
  }

  /** RFC 4862 §5.4: whoever wants our address hears that it is taken. */
  @ParameterizedTest
  @ValueSource(strings = {"fd00::2", "fd00::3", ROUTER})
  void ourAddressesAreDefended(String address) {
    guest.run("ip addr add " + address + "/64 dev tap0").ok();
    try {
      Await.until(
          "the kernel finds that somebody has it",
          SOON,
          () -> guest.run("ip -6 addr show dev tap0 dadfailed").out().contains(address + "/64"),
          () -> guest.run("ip -6 addr show dev tap0").out());
    } finally {
      guest.run("ip addr del " + address + "/64 dev tap0");
    }
    guest.run("ping -c 1 -W 2 fd00::2").ok();
  }

  /** Addresses that the guest gives itself, and as many as it likes. */
  @Test
  void everyAddressOfTheSubnetIsTheGuests() {
    for (String address :
        new String[] {"fd00::200", "fd00::5054:ff:fe12:3456", "fd00:0:0:0:9c1d::1"}) {
      guest.run("ip addr add " + address + "/64 dev tap0 nodad").ok();
      assertThat(guest.run("echo hello | " + talk(address)).ok().text()).isEqualTo("hello");
      guest.run("ip addr del " + address + "/64 dev tap0").ok();
    }
  }

  /** RFC 8981: addresses that the kernel makes up, and speaks from. */
  @Test
  void privacyAddressesAreTheGuests() {
    try (Guest shy = Guest.start(Caller.ROOT, "--host-loopback", "--no-configure")) {
      shy.run("sysctl -qw net.ipv6.conf.tap0.use_tempaddr=2 net.ipv6.conf.tap0.accept_dad=0").ok();
      shy.run("ip link set tap0 up").ok();
      Await.until(
          "a temporary address",
          SOON,
          () -> shy.run("ip -6 addr show dev tap0 temporary").out().contains("inet6 fd00::"),
          () -> shy.run("ip -6 addr").out());
      Pattern source = Pattern.compile("src (\\S+)");
      Matcher used = source.matcher(shy.run("ip -6 route get fd00::2").ok().out());
      assertThat(used.find()).isTrue();
      assertThat(shy.run("ip -6 addr show dev tap0 temporary").out()).contains(used.group(1) + "/");
      assertThat(shy.run("echo hello | " + talk("::")).ok().text()).isEqualTo("hello");
      shy.run("ping -c 1 -W 2 -I " + used.group(1) + " fd00::2").ok();
    }
  }

  /** In the middle of a connection, and the host speaks first afterwards. */
  @Test
  void aGuestThatMovesToAnotherEthernetAddressIsFound() {
    String before = guest.run("ip -br link show dev tap0 | awk '{print $3}'").ok().text();
    guest.run("sysctl -qw net.ipv6.conf.tap0.ndisc_notify=1 net.ipv4.conf.tap0.arp_notify=1").ok();
    String line =
        "(echo hello; echo wait; sleep 0.3; ip link set tap0 address 02:00:5e:00:53:01) | "
            + talk("fd00::100");
    assertThat(guest.run(line).ok().out()).isEqualTo("hello\nwait\n");
    guest.run("ip link set tap0 address " + before).ok();
    guest.run("ping -c 1 -W 2 fd00::2").ok();
  }

  private String talk(String source) {
    return "/usr/bin/python3 -u -c \"" + TALK + "\" " + source + " " + port;
  }
}
