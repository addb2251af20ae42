package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.World;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection that the host cannot make fails in the guest as it would have on the host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class ConnectErrorsIT {
  @Parameter Caller caller;

  /** Prints the errno name (or OK) and the milliseconds that connect() took. */
  private static final String CONNECT =
      """
      import errno, socket, sys, time
      host, port = sys.argv[1], int(sys.argv[2])
      s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
      began = time.monotonic()
      e = s.connect_ex((host, port))
      print(errno.errorcode.get(e, 'OK'), int((time.monotonic() - began) * 1000))
      """;

  /** Prints the TCP flags of every segment from and to the port while a connect() is tried. */
  private static final String FLAGS =
      """
      import socket, struct, sys, time
      host, port = sys.argv[1], int(sys.argv[2])
      family = socket.AF_INET6 if ':' in host else socket.AF_INET
      wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
      wire.settimeout(0.3)
      s = socket.socket(family)
      try:
          s.connect((host, port))
      except OSError as e:
          print(type(e).__name__)
      end = time.monotonic() + 2
      while time.monotonic() < end:
          try:
              packet, address = wire.recvfrom(65535)
          except TimeoutError:
              break
          six = packet[0] >> 4 == 6
          at = 40 if six else (packet[0] & 15) * 4
          if packet[6 if six else 9] == 6 and port in struct.unpack_from('!HH', packet, at):
              bits = packet[at + 13]
              print('out' if address[2] == 4 else 'in',
                    ''.join(n for i, n in enumerate('FSRPAUEC') if bits >> i & 1))
      """;

  private World world;
  private Guest guest;

  @BeforeParameterizedClassInvocation
  void start() {
    world = World.make();
    world
        .host(
            """
            ip route add unreachable 198.51.100.1; ip route add prohibit 198.51.100.2
            ip route add blackhole 198.51.100.3
            ip -6 route add unreachable 2001:db8:1::1; ip -6 route add prohibit 2001:db8:1::2
            ip -6 route add blackhole 2001:db8:1::3
            ip neigh add 2001:db8::99 lladdr 02:00:00:00:00:99 dev up0 nud permanent
            ip neigh add 203.0.113.99 lladdr 02:00:00:00:00:99 dev up0 nud permanent
            """)
        .ok();
    guest = world.guest(caller, "--host-loopback");
  }

  @AfterParameterizedClassInvocation
  void stop() {
    guest.close();
    world.close();
  }

  @Test
  void refusedPortIsRefusedAtOnce() {
    long began = System.nanoTime();
    Result curl = guest.run("curl -sS http://203.0.113.1:" + Services.freePort() + "/");
    assertThat(curl.status()).as(curl.toString()).isEqualTo(7);
    assertThat(curl.err()).containsPattern("refused|Couldn't connect");
    assertThat(System.nanoTime() - began).isLessThan(1_500_000_000L);
    assertThat(connect("203.0.113.1", 9)).startsWith("ECONNREFUSED");
    assertThat(connect("2001:db8::1", 9)).startsWith("ECONNREFUSED");
    assertThat(connect(Guest.GATEWAY, 9)).startsWith("ECONNREFUSED");
    assertThat(connect("fd00::2", 9)).startsWith("ECONNREFUSED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"203.0.113.1", "2001:db8::1"})
  void refusalIsOneResetAndNoSynAckBeforeIt(String address) {
    String seen = guest.python(FLAGS, address, 9).ok().text();
    assertThat(seen.lines()).containsExactly("ConnectionRefusedError", "out S", "in RA");
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.1, EHOSTUNREACH",
    "198.51.100.2, EHOSTUNREACH|ENETUNREACH",
    "192.0.2.1, ENETUNREACH|EHOSTUNREACH",
    "2001:db8:1::1, EHOSTUNREACH|ENETUNREACH",
    "2001:db8:1::2, EACCES|EHOSTUNREACH|ENETUNREACH",
    "2001:db8:2::1, EHOSTUNREACH|ENETUNREACH",
  })
  void noRouteIsSaidAtOnce(String address, String errno) {
    String[] result = connect(address, 80).split(" ", -1);
    assertThat(result[0]).matches(errno);
    assertThat(Integer.parseInt(result[1])).as("milliseconds").isLessThan(1000);
  }

  /** Nobody answers for two addresses, and what is sent to the other two is dropped. */
  @Test
  void silenceIsLeftToTheGuestsOwnTimer() {
    guest.run("sysctl -qw net.ipv4.tcp_syn_retries=1").ok();
    List<Proc> attempts = new ArrayList<>();
    for (String address :
        List.of("203.0.113.99", "198.51.100.3", "2001:db8::99", "2001:db8:1::3")) {
      attempts.add(guest.startPython(CONNECT, address, 80));
    }
    for (Proc attempt : attempts) {
      try (attempt) {
        String[] result = attempt.await(Proc.LIMIT).ok().text().split(" ", -1);
        assertThat(result[0]).isEqualTo("ETIMEDOUT");
        // RFC 6298: one second, doubled once.
        assertThat(Integer.parseInt(result[1])).as("milliseconds").isBetween(2_500, 5_000);
      }
    }
  }

  private String connect(String host, int port) {
    return guest.python(CONNECT, host, port).ok().text();
  }
}
