package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.World;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may talk to whom. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class PolicyIT {
  @Parameter Caller caller;

  private static final String INTERNET = "203.0.113.1";
  private static final String INTERNET6 = "2001:db8::1";

  /** Tells every client, over TCP and UDP at ports 80 and 81, its own address. */
  private static final String TELLER =
      """
      import selectors, socket
      events = selectors.DefaultSelector()
      for port in 80, 81:
          l = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
          u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
          u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
          u.bind(('::', port))
          events.register(l, selectors.EVENT_READ)
          events.register(u, selectors.EVENT_READ)
      print('ready')
      while True:
          for key, _ in events.select():
              s = key.fileobj
              if s.type == socket.SOCK_DGRAM:
                  _, peer = s.recvfrom(2048)
                  s.sendto(peer[0].encode(), peer)
              else:
                  c, peer = s.accept()
                  c.sendall(peer[0].encode())
                  c.close()
      """;

  /** Prints the address that the server saw, or the name of the error. */
  private static final String ASK =
      """
      import socket, sys
      kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
      family = socket.AF_INET6 if ':' in host else socket.AF_INET
      s = socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
      s.settimeout(1.5)
      try:
          s.connect((host, port))
          if kind == 'udp':
              s.send(b'who am I?')
          print(s.recv(100).decode().replace('::ffff:', '') or 'EOF')
      except OSError as e:
          print(type(e).__name__)
      """;

  private World world;
  private Proc teller;

  @BeforeParameterizedClassInvocation
  void start() {
    world = World.make();
    teller = world.internetPython(TELLER);
    Await.until(
        "a teller", Duration.ofSeconds(10), () -> teller.out().contains("ready"), teller::soFar);
  }

  @AfterParameterizedClassInvocation
  void stop() {
    teller.close();
    world.close();
  }

  private static String ask(Guest guest, String kind, String host, int port) {
    return guest.python(ASK, kind, host, port).ok().text();
  }

  @Test
  void outboundIsOpenAndTheHostsLoopbackIsNot() {
    try (TcpServer local = TcpServer.start(client -> client.getOutputStream().write('!'));
        Guest guest = world.guest(caller);
        Guest here = Guest.start(caller);
        Guest open = Guest.start(caller, "--host-loopback")) {
      assertThat(ask(guest, "tcp", INTERNET, 80)).isEqualTo("203.0.113.10");
      assertThat(ask(guest, "udp", INTERNET, 80)).isEqualTo("203.0.113.10");
      assertThat(ask(guest, "tcp", "2001:db8::1", 80)).isEqualTo("2001:db8::10");
      assertThat(ask(guest, "udp", "2001:db8::1", 80)).isEqualTo("2001:db8::10");
      assertThat(ask(here, "tcp", Guest.GATEWAY, local.port())).isEqualTo("ConnectionRefusedError");
      assertThat(ask(here, "tcp", "fd00::2", local.port())).isEqualTo("ConnectionRefusedError");
      assertThat(ask(open, "tcp", "fd00::2", local.port())).isEqualTo("!");
      assertThat(ask(open, "tcp", Guest.GATEWAY, local.port())).isEqualTo("!");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // options | TCP port 80 | TCP port 81 | UDP port 80
        "--no-outbound | no | no | no",
        "--no-outbound --allow tcp://203.0.113.1:80 | yes | no | no",
        "--no-outbound --allow 203.0.113.0/24:80-80 | yes | no | yes",
        "--deny 203.0.113.1:80 | no | yes | no",
        "--deny udp://203.0.113.0/24 | yes | yes | no",
        "--allow 203.0.113.1:80 --deny 203.0.113.0/24 | no | no | no",
        "--no-outbound --allow tcp://203.0.113.1:81,udp://203.0.113.1:80 | no | yes | yes",
      })
  void listsDecide(String options, String tcp80, String tcp81, String udp80) {
    try (Guest guest = world.guest(caller, options.split(" ", -1))) {
      assertThat(reaches(guest, "tcp", INTERNET, 80)).isEqualTo(tcp80);
      assertThat(reaches(guest, "tcp", INTERNET, 81)).isEqualTo(tcp81);
      assertThat(reaches(guest, "udp", INTERNET, 80)).isEqualTo(udp80);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // options | TCP port 80 | TCP port 81 | UDP port 80, over IPv6 | TCP port 80 over IPv4
        "--no-outbound | no | no | no | no",
        "--no-outbound --allow tcp://[2001:db8::1]:80 | yes | no | no | no",
        "--deny [2001:db8::/32]:80 | no | yes | no | yes",
        "--deny udp://2001:db8::/64 | yes | yes | no | yes",
      })
  void listsDecideOverIpv6(
      String options, String tcp80, String tcp81, String udp80, String tcp80four) {
    try (Guest guest = world.guest(caller, options.split(" ", -1))) {
      assertThat(reaches(guest, "tcp", INTERNET6, 80)).isEqualTo(tcp80);
      assertThat(reaches(guest, "tcp", INTERNET6, 81)).isEqualTo(tcp81);
      assertThat(reaches(guest, "udp", INTERNET6, 80)).isEqualTo(udp80);
      assertThat(reaches(guest, "tcp", INTERNET, 80)).isEqualTo(tcp80four);
    }
  }

  private static String reaches(Guest guest, String kind, String host, int port) {
    String answer = ask(guest, kind, host, port);
    if (answer.equals("203.0.113.10") || answer.startsWith("2001:db8::1")) {
      return "yes";
    }
    // A refusal is told, not swallowed: nobody likes to wait for a firewall.
    assertThat(answer).isIn("ConnectionRefusedError", "OSError", "PermissionError");
    return "no";
  }

  @Test
  void sourceAddressesAreBoundTo() {
    try (Guest guest =
        world.guest(caller, "--source", "203.0.113.11", "--source6", "2001:db8::11")) {
      assertThat(ask(guest, "tcp", INTERNET6, 80)).isEqualTo("2001:db8::11");
      assertThat(ask(guest, "udp", INTERNET6, 80)).isEqualTo("2001:db8::11");
      assertThat(ask(guest, "tcp", INTERNET, 80)).isEqualTo("203.0.113.11");
      assertThat(ask(guest, "udp", INTERNET, 80)).isEqualTo("203.0.113.11");
    }
  }
}
