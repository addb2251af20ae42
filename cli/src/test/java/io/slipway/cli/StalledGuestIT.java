package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests that stop reading cost a bounded amount of memory, and go on where they stopped. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class StalledGuestIT {
  private static final int MIB = 1 << 20;
  private static final int BYTES_PER_FLOW = 4 * MIB;
  private static final Duration STALL = Duration.ofSeconds(TestHost.LONG ? 30 : 5);

  /** Opens connections, leaves them unread until a line comes in, then reads all to the end. */
  private static final String STALLER =
      """
      import hashlib, selectors, socket, sys
      host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
      flows = [socket.create_connection((host, port)) for _ in range(count)]
      print('stalled')
      sys.stdin.readline()
      digests = {}
      waiting = selectors.DefaultSelector()
      for s in flows:
          s.settimeout(60)
          waiting.register(s, selectors.EVENT_READ, [hashlib.sha256(), 0])
      while waiting.get_map():
          ready = waiting.select(60)
          if not ready:
              sys.exit('nothing came for a minute')
          for key, _ in ready:
              block = key.fileobj.recv(262144)
              key.data[0].update(block)
              key.data[1] += len(block)
              if not block:
                  waiting.unregister(key.fileobj)
                  k = (key.data[1], key.data[0].hexdigest())
                  digests[k] = digests.get(k, 0) + 1
      for (size, digest), times in digests.items():
          print(times, 'flows of', size)
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void oneFlowCostsAtMostItsBound(Caller caller) {
    try (TcpServer server = TcpServer.start(client -> send(client, 256 * MIB));
        Guest guest = Guest.start(caller, "--host-loopback")) {
      warmUp(guest);
      long before = guest.residentBytes();
      try (Proc flow = guest.startPython(STALLER, Guest.GATEWAY, server.port(), 1)) {
        stall(flow);
        assertThat(guest.residentBytes() - before).as("engine memory").isLessThan(24L * MIB);
        flow.type("go\n");
        assertThat(flow.await(Proc.LIMIT).ok().out()).contains("1 flows of " + 256 * MIB);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void manyFlowsStayUnderTheBoundOnMemory(Caller caller) {
    int flows = TestHost.LONG ? 500 : 100;
    int bound = TestHost.LONG ? 256 : 64;
    try (TcpServer server = TcpServer.start(client -> send(client, BYTES_PER_FLOW));
        Guest guest = Guest.start(caller, "--host-loopback", "--memory", bound + "M")) {
      warmUp(guest);
      long before = guest.residentBytes();
      try (Proc stalled = guest.startPython(STALLER, Guest.GATEWAY, server.port(), flows)) {
        stall(stalled);
        // What is in flight is bounded; 48 MiB more is the machine's own growth under load.
        assertThat(guest.residentBytes() - before)
            .as("engine memory with %d stalled flows", flows)
            .isLessThan((bound + 48L) * MIB);
        stalled.type("go\n");
        assertThat(stalled.await(Duration.ofMinutes(4)).ok().out())
            .contains(flows + " flows of " + BYTES_PER_FLOW);
      }
    }
  }

  private static void stall(Proc flows) {
    Await.until(
        "flows are open",
        Duration.ofSeconds(60),
        () -> flows.out().contains("stalled") || !flows.isAlive(),
        flows::soFar);
    Await.pause(STALL);
    assertThat(flows.isAlive()).as(flows.soFar().toString()).isTrue();
  }

  /** Lets the engine's runtime load and compile what a transfer needs. */
  private static void warmUp(Guest guest) {
    try (TcpServer server = TcpServer.start(client -> send(client, 64 * MIB))) {
      guest.run("socat -u TCP4:%s:%d - | wc -c".formatted(Guest.GATEWAY, server.port())).ok();
    }
  }

  private static void send(Socket client, int bytes) throws IOException {
    client.setSendBufferSize(65536);
    byte[] block = new byte[65536];
    for (int i = 0; i < block.length; i++) {
      block[i] = (byte) ((i * 31) >> 3);
    }
    for (int sent = 0; sent < bytes; sent += block.length) {
      client.getOutputStream().write(block);
    }
  }
}
