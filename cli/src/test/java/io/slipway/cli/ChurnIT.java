package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that come and go leave nothing: no flow, no descriptor, no buffer. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class ChurnIT {
  /** Connects, has one octet echoed and closes, again and again. */
  private static final String CYCLES =
      """
      import socket, sys
      for i in range(int(sys.argv[3])):
          with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
              octet = bytes([i & 255])
              s.sendall(octet)
              if s.recv(1) != octet:
                  sys.exit('wrong octet in cycle %d' % i)
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void cyclesLeaveNothing(Caller caller) throws IOException {
    int cycles = TestHost.LONG ? 10_000 : 1_000;
    Path log = TestHost.scratch("flows");
    try (TcpServer server = TcpServer.start(ChurnIT::echo);
        Guest guest =
            Guest.start(
                caller, "--host-loopback", "--log-format", "json", "--flow-log", log.toString())) {
      guest.python(CYCLES, Guest.GATEWAY, server.port(), 20).ok();
      Await.pause(Duration.ofSeconds(1));
      int descriptors = guest.descriptors();
      guest.python(CYCLES, Guest.GATEWAY, server.port(), cycles).ok();
      Await.until(
          "as many descriptors as before, " + descriptors,
          Duration.ofSeconds(10),
          () -> guest.descriptors() <= descriptors,
          guest::descriptors);
      Result stopped = guest.stop(); // fails on a leaked buffer
      assertThat(stopped.err())
          .containsPattern("\"event\"\\s*:\\s*\"closing\"")
          .containsPattern("\"flows\"\\s*:\\s*0\\b");
      String flows = Files.readString(log);
      assertThat(count(flows, "flow_open")).isEqualTo(cycles + 20);
      assertThat(count(flows, "flow_close")).isEqualTo(cycles + 20);
    }
  }

  private static int count(String text, String word) {
    return text.split(word, -1).length - 1;
  }

  private static void echo(Socket client) throws IOException {
    client.setTcpNoDelay(true);
    client.getInputStream().transferTo(client.getOutputStream());
  }
}
