package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.LossyPath;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import io.slipway.cli.it.TimedTransfer;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around a running engine is got over: nothing hangs, nothing is lost. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class FaultsIT {
  private static final long MIB = 1 << 20;
  private static final Duration START = Duration.ofSeconds(15);
  private static final Duration PAUSE = Duration.ofMillis(TestHost.LONG ? 10_000 : 1_500);
  private static final int SECONDS = 2;

  /** Connects as often as it is told, says what came of it, and holds what it has for a line. */
  private static final String CROWD =
      """
      import collections, socket, sys
      held, ends = [], collections.Counter()
      for _ in range(int(sys.argv[3])):
          s = socket.socket()
          s.settimeout(5)
          try:
              s.connect((sys.argv[1], int(sys.argv[2])))
              s.sendall(b'?')
              ends['echoed' if s.recv(1) == b'?' else 'closed'] += 1
              held.append(s)
          except OSError as e:
              ends[type(e).__name__] += 1
      print(*('%s=%d' % end for end in sorted(ends.items())))
      sys.stdin.readline()
      """;

  @Test
  void withoutDescriptorsItRefusesAndGoesOnServing() {
    int room = 20;
    int crowd = 60;
    try (TcpServer echo = TcpServer.start(FaultsIT::echo);
        Guest guest = Guest.start(Caller.ROOT, "--host-loopback");
        Proc server = TimedTransfer.serve()) {
      guest.startPython(CROWD, Guest.GATEWAY, echo.port(), 1).close(); // what is loaded once is
      try (Proc transfer = start(guest, "in", server, 2 * SECONDS)) {
        Await.pause(Duration.ofSeconds(1));
        limit(guest, guest.descriptors() + room);
        assertThat(transfer.isAlive()).as(transfer.soFar().toString()).isTrue();
        try (Proc held = guest.startPython(CROWD, Guest.GATEWAY, echo.port(), crowd)) {
          Await.until("an answer to all", Proc.LIMIT, () -> held.out().contains("="), held::soFar);
          assertThat(held.out()).matches("ConnectionRefusedError=\\d+ echoed=\\d+\\s+");
          int echoed = Integer.parseInt(held.out().strip().replaceAll(".*=", ""));
          assertThat(echoed).isBetween(room / 2, room);
          held.type("go\n");
          held.await(START).ok();
        }
        try (Proc after = guest.startPython(CROWD, Guest.GATEWAY, echo.port(), room / 2)) {
          after.type("go\n");
          assertThat(after.await(START).ok().text()).isEqualTo("echoed=" + room / 2);
        }
        transfer.await(Proc.LIMIT).ok();
      }
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  static Stream<Arguments> stopped() {
    Stream<Arguments> quick = Stream.of(Arguments.of("in", "client"));
    Stream<Arguments> more =
        Stream.of(
            Arguments.of("out", "server"),
            Arguments.of("out", "client"),
            Arguments.of("in", "engine"),
            Arguments.of("out", "engine"));
    return TestHost.LONG ? Stream.concat(quick, more) : quick;
  }

  @ParameterizedTest
  @MethodSource("stopped")
  void aProcessMayBeStoppedInMidTransfer(String way, String whose) {
    try (LossyPath path = LossyPath.toSlipway("loss=1");
        Proc server = TimedTransfer.serve()) {
      path.transfer(way, TimedTransfer.ENDLESS, Duration.ofSeconds(1)); // warm
      long before = path.engine().residentBytes();
      try (Proc client = path.startInGuest(TimedTransfer.SCRIPT, arguments(way, server, SECONDS))) {
        Await.pause(Duration.ofSeconds(1));
        Proc stopped =
            switch (whose) {
              case "client" -> client;
              case "server" -> server;
              default -> path.engine();
            };
        stopped.signal("STOP");
        Await.pause(PAUSE);
        long grown = path.engine().residentBytes() - before;
        stopped.signal("CONT");
        client.await(Proc.LIMIT).ok();
        assertThat(grown).as("engine memory").isLessThan(32 * MIB);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"in", "out"})
  void theLinkMayGoDownAndUpInMidTransfer(String way) {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback");
        Proc server = TimedTransfer.serve();
        Proc transfer = start(guest, way, server, SECONDS)) {
      Await.pause(Duration.ofSeconds(1));
      guest.run("ip link set tap0 down").ok();
      Await.pause(PAUSE);
      assertThat(guest.engine().isAlive()).isTrue();
      guest.run("ip link set tap0 up").ok();
      transfer.await(Proc.LIMIT).ok();
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }

  private static Proc start(Guest guest, String way, Proc server, int seconds) {
    return guest.startScript(TimedTransfer.SCRIPT, arguments(way, server, seconds));
  }

  private static Object[] arguments(String way, Proc server, int seconds) {
    String port = server.out().strip();
    return new Object[] {way, Guest.GATEWAY, port, TimedTransfer.ENDLESS, seconds};
  }

  private static void limit(Guest guest, int descriptors) {
    Proc.run("prlimit", "--pid", Long.toString(guest.engine().pid()), "--nofile=" + descriptors)
        .ok();
  }

  private static void echo(Socket client) throws IOException {
    client.setTcpNoDelay(true);
    client.getInputStream().transferTo(client.getOutputStream());
  }
}
