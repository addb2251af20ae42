package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.TestHost;
import io.slipway.cli.it.World;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

/** Datagrams: whole, in order, from one mapping per guest socket (RFC 4787). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class UdpIT {
  @Parameter Caller caller;

  private static final Duration SOON = Duration.ofSeconds(10);

  /** Echoes on every port given, and says whom it heard. */
  static final String ECHO =
      """
      import selectors, socket, sys
      events = selectors.DefaultSelector()
      for port in map(int, sys.argv[1:]):
          for family, host in (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'):
              s = socket.socket(family, socket.SOCK_DGRAM)
              s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
              s.bind((host, port))
              events.register(s, selectors.EVENT_READ)
      print('ready')
      while True:
          for key, _ in events.select():
              data, peer = key.fileobj.recvfrom(65535)
              if data[:4] == b'port':
                  data = b'%d' % peer[1]
              key.fileobj.sendto(data, peer)
      """;

  /** Sends every size, a few in flight, and wants each back whole and in order. */
  static final String SIZES =
      """
      import socket, sys
      v6 = ':' in sys.argv[1]
      s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
      s.settimeout(5)
      s.connect((sys.argv[1], int(sys.argv[2])))
      sizes = [0, 1, 2, 7, 100, 1471, 1472, 1473, 1480, 2960, 8972, 9000, 16384, 32768, 65506, 65507]
      if v6:  # there is no header in the length
          sizes += [1451, 1452, 1453, 65508, 65526, 65527]
      flying = int(sys.argv[3])
      for start in range(0, len(sizes), flying):
          batch = sizes[start:start + flying]
          for n in batch:
              s.send(bytes((n + i) & 255 for i in range(n)))
          for n in batch:
              got = s.recv(65535)
              if got != bytes((n + i) & 255 for i in range(n)):
                  sys.exit('wanted %d octets, got %d' % (n, len(got)))
      print('all')
      """;

  /** From one socket asks two peers which port they see. */
  private static final String MAPPING =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(5)
      s.bind(('', 0))
      seen = set()
      for port in map(int, sys.argv[2:]):
          s.sendto(b'port', (sys.argv[1], port))
          data, peer = s.recvfrom(100)
          assert peer == (sys.argv[1], port), peer
          seen.add(data)
      print(len(seen))
      """;

  /** Tells everybody which port it sees. */
  private static final String NAMER =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
      s.bind((sys.argv[1], 0))
      sys.stdout.write('port %d;\\n' % s.getsockname()[1])
      while True:
          data, peer = s.recvfrom(100)
          s.sendto(b'%d' % peer[1], peer)
      """;

  /** From a port of its own, asks. */
  private static final String NAMED =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(5)
      s.bind(('', int(sys.argv[3])))
      s.sendto(b'who', (sys.argv[1], int(sys.argv[2])))
      print(int(s.recv(100)))
      """;

  /** Many numbered datagrams, paced by the echoes, must come back in order. */
  private static final String ORDER =
      """
      import socket, struct, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(5)
      s.connect((sys.argv[1], int(sys.argv[2])))
      sent = 0
      for wanted in range(2000):
          while sent < min(wanted + 16, 2000):
              s.send(struct.pack('!I', sent) + bytes(200 + sent % 900))
              sent += 1
          got, = struct.unpack('!I', s.recv(2048)[:4])
          if got != wanted:
              sys.exit('wanted %d, got %d' % (wanted, got))
      print('in order')
      """;

  /** Sends to a port where nobody is and prints the error that comes back. */
  private static final String REFUSED =
      """
      import socket, sys, time
      s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(2)
      if len(sys.argv) > 3:
          s.bind(('', int(sys.argv[3])))
      s.connect((sys.argv[1], int(sys.argv[2])))
      try:
          s.send(b'anybody?')
          s.recv(100)
          print('an answer')
      except OSError as e:
          print(type(e).__name__)
      """;

  /** Receives datagrams until none comes, and says how many of the size were whole. */
  private static final String COUNT =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
      s.bind(('', 7000))
      s.settimeout(30)
      print('ready', flush=True)
      whole = 0
      try:
          while True:
              data = s.recv(65535)
              whole += data == bytes([whole]) * int(sys.argv[1])
              s.settimeout(1)
      except TimeoutError:
          print(whole)
      """;

  private static final String BURST =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.connect((sys.argv[1], 7000))
      for i in range(30):
          s.send(bytes([i]) * int(sys.argv[2]))
      """;

  /** Says which port of the host its socket has, and then what it hears, up to a friend. */
  private static final String FILTERED =
      """
      import socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(8)
      s.sendto(b'port', (sys.argv[1], int(sys.argv[2])))
      sys.stdout.write('mapped %d;\\n' % int(s.recv(100)))
      heard = []
      while 'friend' not in heard:
          heard.append(s.recv(100).decode())
      print(' '.join(heard))
      """;

  /**
   * Sends 41 datagrams in one call (UDP_SEGMENT) to whoever asks, and says how what comes in is
   * glued together (UDP_GRO).
   */
  private static final String TOGETHER =
      """
      import socket, struct, sys
      SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
      family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
      s = socket.socket(family, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
      s.setsockopt(SOL_UDP, UDP_GRO, 1)
      s.settimeout(20)
      payload = bytes((i * 7 + (i >> 8)) & 255 for i in range(40 * 1400 + 700))

      def receive():
          data, controls, _, peer = s.recvmsg(65535, 200)
          sizes = [struct.unpack('i', c[2][:4])[0] for c in controls if c[1] == UDP_GRO]
          return data, sizes[0] if sizes else len(data), peer

      if sys.argv[2] == 'serve':
          s.bind((sys.argv[1], 0))
          sys.stdout.write('port %d;\\n' % s.getsockname()[1])
          data, size, peer = receive()
          s.sendmsg([payload], [(SOL_UDP, UDP_SEGMENT, struct.pack('H', 1400))], 0, peer)
      else:
          s.connect((sys.argv[1], int(sys.argv[2])))
          s.send(b'hello')
          data, size, peer = receive()
          assert data == payload, len(data)
          s.sendmsg([payload], [(SOL_UDP, UDP_SEGMENT, struct.pack('H', 1400))])
          print(len(data), size)
          sys.exit()
      data, size, peer = receive()
      assert data == payload, len(data)
      print(len(data), size)
      """;

  private int first;
  private int second;
  private Path log;
  private Proc echo;
  private Guest guest;

  @BeforeParameterizedClassInvocation
  void start() {
    first = Services.freePort();
    second = Services.freePort();
    log = TestHost.scratch("flows");
    echo = Proc.start(List.of("/usr/bin/python3", "-u", "-c", ECHO, "" + first, "" + second));
    Await.until("an echo", SOON, () -> echo.out().contains("ready"), echo::soFar);
    guest =
        Guest.start(caller, "--host-loopback", "--udp-timeout", "2s", "--flow-log", log.toString());
  }

  @AfterParameterizedClassInvocation
  void stop() {
    guest.close();
    echo.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Guest.GATEWAY, "fd00::2"})
  void everySizeBothWays(String gateway) {
    assertThat(guest.python(SIZES, gateway, first, 4).ok().text()).isEqualTo("all");
  }

  @Test
  void orderIsKept() {
    assertThat(guest.python(ORDER, Guest.GATEWAY, first).ok().text()).isEqualTo("in order");
  }

  @Test
  void oneSocketIsOneMappingForAllPeers() {
    assertThat(guest.python(MAPPING, Guest.GATEWAY, first, second, first).ok().text())
        .as("different ports seen")
        .isEqualTo("1");
  }

  /** RFC 4787 4.2.1: what a guest calls itself, it is called by others. */
  @ParameterizedTest
  @CsvSource({"127.0.0.1, 10.0.2.2", "::1, fd00::2"})
  void thePortIsKeptIfTheHostHasNoUseForIt(String host, String gateway) {
    int port = Services.freePort();
    try (Proc namer = Proc.start(List.of("/usr/bin/python3", "-u", "-c", NAMER, host))) {
      Await.until("a namer", SOON, () -> namer.out().contains(";"), namer::soFar);
      String said = namer.out();
      String at = said.substring(said.indexOf(' ') + 1, said.indexOf(';'));
      assertThat(guest.python(NAMED, gateway, at, port).ok().text()).isEqualTo("" + port);
      String other = guest.python(NAMED, gateway, at, at).ok().text();
      assertThat(other).as("the namer has that one").isNotEqualTo(at).matches("\\d+");
    }
    String self = guest.python(REFUSED, gateway, port, port).ok().text();
    assertThat(self).as("at one's own number").isEqualTo("ConnectionRefusedError");
  }

  @Test
  void nobodyThereIsRefusedAsOnAnyNetwork() {
    String refused = guest.python(REFUSED, Guest.GATEWAY, Services.freePort()).ok().text();
    assertThat(refused).isEqualTo("ConnectionRefusedError");
  }

  /**
   * The second size is larger than the path's packets: the host's kernel cuts no batch of those.
   */
  @ParameterizedTest
  @ValueSource(ints = {1400, 4000})
  void aBurstCrossesALinkOf1500(int size) {
    try (World world = World.make();
        Guest inside = world.guest(caller);
        Proc counter = world.internetPython(COUNT, size)) {
      Await.until(
          "the counter is ready", SOON, () -> counter.out().contains("ready"), counter::soFar);
      inside.python(BURST, "203.0.113.1", size).ok();
      assertThat(counter.await(Duration.ofSeconds(40)).ok().text()).endsWith("30");
    }
  }

  /** Both come from the loopback; what counts is the host's address, and not its port. */
  @ParameterizedTest
  @CsvSource({"endpoint, stranger friend", "address, friend"})
  void theFilterSaysWhoMaySend(String filter, String heard) throws IOException {
    try (Guest filtered = Guest.start(caller, "--host-loopback", "--udp-filter", filter);
        Proc listener = filtered.startPython(FILTERED, Guest.GATEWAY, first)) {
      Await.until("a mapping", SOON, () -> listener.out().contains(";"), listener::soFar);
      String said = listener.out();
      int port = Integer.parseInt(said.substring(said.indexOf(' ') + 1, said.indexOf(';')));
      say("stranger", "127.0.0.2", port);
      say("friend", "127.0.0.1", port);
      assertThat(listener.await(SOON).ok().text().lines().toList()).last().isEqualTo(heard);
    }
  }

  private static void say(String word, String from, int port) throws IOException {
    byte[] bytes = word.getBytes(StandardCharsets.US_ASCII);
    InetAddress to = InetAddress.ofLiteral("127.0.0.1");
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral(from))) {
      socket.send(new DatagramPacket(bytes, bytes.length, to, port));
    }
  }

  /** A QUIC sender's burst crosses both ways in one piece, and so in one call each. */
  @ParameterizedTest
  @CsvSource({"127.0.0.1, 10.0.2.2", "::1, fd00::2"})
  void whatIsSentTogetherArrivesTogether(String host, String gateway) {
    try (Proc server =
        Proc.start(List.of("/usr/bin/python3", "-u", "-c", TOGETHER, host, "serve"))) {
      Await.until("a server", SOON, () -> server.out().contains(";"), server::soFar);
      String said = server.out();
      String port = said.substring(said.indexOf(' ') + 1, said.indexOf(';'));
      assertThat(guest.python(TOGETHER, gateway, port).ok().text()).isEqualTo("56700 1400");
      assertThat(server.await(SOON).ok().text()).endsWith("56700 1400");
    }
  }

  @Test
  void anIdleMappingIsClosedAndSaysWhy() {
    assertThat(guest.python(MAPPING, Guest.GATEWAY, first).ok().text()).isEqualTo("1");
    int descriptors = guest.descriptors();
    Await.until(
        "the mapping's socket is closed",
        SOON,
        () -> guest.descriptors() < descriptors,
        guest::descriptors);
    Await.until(
        "the log says why",
        SOON,
        () -> read(log).lines().anyMatch(UdpIT::isIdleClose),
        () -> read(log));
  }

  private static boolean isIdleClose(String line) {
    return line.contains("flow_close")
        && line.contains("udp")
        && line.matches("(?i).*(idle|expired|timeout).*");
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
