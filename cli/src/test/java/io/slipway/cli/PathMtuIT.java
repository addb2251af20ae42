package io.slipway.cli;

import static io.slipway.cli.it.RoutedWorld.ALL_GROUPS;
import static io.slipway.cli.it.RoutedWorld.FAR_MTU;
import static io.slipway.cli.it.RoutedWorld.NO_GROUPS;
import static io.slipway.cli.it.RoutedWorld.SERVER;
import static io.slipway.cli.it.RoutedWorld.SERVER6;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.RoutedWorld;
import java.time.Duration;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Path MTU discovery from one end to the other, RFC 1191 and RFC 8201. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class PathMtuIT {
  /** Answers each datagram by its length. */
  private static final String COUNTER =
      """
      import socket
      s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
      s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
      s.bind(('::', 4000))
      print('ready')
      while True:
          data, peer = s.recvfrom(70000)
          s.sendto(b'%d' % len(data), peer)
      """;

  /**
   * Sends datagrams of a length that must not be cut until the kernel knows a smaller MTU, prints
   * it, then sends one that fits and prints the answer, then one that the sender cuts.
   */
  private static final String DISCOVER =
      """
      import errno, socket, sys, time
      host, length = sys.argv[1], int(sys.argv[2])
      v6 = ':' in host
      s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
      level = socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP
      DISCOVER, MTU = (23, 24) if v6 else (10, 14)
      s.connect((host, 4000))
      s.settimeout(2)
      s.setsockopt(level, DISCOVER, 2)
      for i in range(20):
          try:
              s.send(b'x' * length)
          except OSError as e:
              print(errno.errorcode[e.errno], s.getsockopt(level, MTU))
              break
          time.sleep(0.05)
      s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # the same once more
      s.send(b'x' * (s.getsockopt(level, MTU) - (48 if v6 else 28)))
      print(s.recv(100).decode())
      s.setsockopt(level, DISCOVER, 0)
      s.send(b'x' * 5000)
      print(s.recv(100).decode())
      """;

  @Parameter Caller caller;

  private RoutedWorld world;
  private Proc counter;
  private Guest guest;

  @BeforeParameterizedClassInvocation
  void start() {
    world = RoutedWorld.make();
    world.pingSockets(caller == Caller.ROOT ? NO_GROUPS : ALL_GROUPS);
    counter = world.serverPython(COUNTER);
    Duration patience = Duration.ofSeconds(10);
    Await.until("a server", patience, () -> counter.out().contains("ready"), counter::soFar);
    guest = world.guest(caller);
  }

  @AfterParameterizedClassInvocation
  void stop() {
    guest.close();
    counter.close();
    world.close();
  }

  /** First a router says so, then, to a guest that has forgotten it, the host's kernel. */
  @ParameterizedTest
  @CsvSource({SERVER + ", 28, -4", SERVER6 + ", 48, -6"})
  void datagrams(String server, int headers, String family) {
    for (int i = 0; i < 2; i++) {
      guest.run("ip " + family + " route flush cache").ok();
      assertThat(guest.python(DISCOVER, server, 1450).ok().out().lines())
          .containsExactly("EMSGSIZE " + FAR_MTU, Integer.toString(FAR_MTU - headers), "5000");
    }
  }

  @ParameterizedTest
  @CsvSource({
    SERVER + ", -4, From 203.0.113.1, (mtu = 1400), From 10.0.2.2",
    SERVER6 + ", -6, From 2001:db8::1, mtu=1400, From fd00::2"
  })
  void pings(String server, String family, String router, String mtu, String gateway) {
    world.host("ip " + family + " route flush cache").ok();
    for (String teller : new String[] {router, gateway}) {
      guest.run("ip " + family + " route flush cache").ok();
      assertThat(guest.run("ping -M do -c 2 -i 0.1 -W 1 -s 1420 " + server + " 2>&1").out())
          .contains(teller, mtu)
          .containsPattern("(?i)message too long, mtu[=:] ?1400");
      assertThat(guest.run("ping -M do -c 1 -W 2 -s 1300 " + server).ok().out())
          .contains("1308 bytes from " + server);
    }
  }
}
