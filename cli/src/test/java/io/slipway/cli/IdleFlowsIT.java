package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Connections that have carried one byte and now carry none cost little memory, however many there
 * are: less than 3 KB each, and at first what the machine needs to compile what they run.
 */
final class IdleFlowsIT {
  private static final long MEGABYTE = 1_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What the compiler has used goes back to the system every five seconds. */
  private static final Duration SETTLING = Duration.ofSeconds(15);

  /** Accepts whoever comes, and gives the first byte back. */
  private static final String LISTENER =
      """
      import resource, socket
      most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
      resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
      server = socket.create_server(('127.0.0.1', 0), backlog=4096)
      print(server.getsockname()[1])
      accepted = []
      while True:
          accepted.append(server.accept()[0])
          accepted[-1].sendall(accepted[-1].recv(1))
      """;

  /** Opens connections, has a byte returned by each, and holds them until a line comes in. */
  private static final String HOLDER =
      """
      import resource, socket, sys
      most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
      resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
      target = sys.argv[1], int(sys.argv[2])
      held = []
      for _ in range(int(sys.argv[3])):
          held.append(socket.create_connection(target))
          held[-1].sendall(b'x')
          held[-1].recv(1)
      print('held')
      sys.stdin.readline()
      """;

  @Test
  void costLittle() {
    int flows = TestHost.LONG ? 10_000 : 1_000;
    long bound = (TestHost.LONG ? 30 : 10) * MEGABYTE;
    try (Proc listener = Proc.start(List.of("/usr/bin/python3", "-u", "-c", LISTENER));
        Guest guest = Guest.startUnwatched(Caller.ROOT, "--host-loopback")) {
      Await.until(
          "a port", PATIENCE, () -> listener.out().endsWith("\n"), () -> listener.soFar().err());
      String port = listener.out().strip();
      long before = guest.residentBytes();
      try (Proc holder = guest.startPython(HOLDER, Guest.GATEWAY, port, flows)) {
        Await.until(
            "all connections",
            PATIENCE,
            () -> holder.out().contains("held"),
            () -> holder.soFar().err());
        Await.until(
            "%d idle flows to cost less than %d bytes".formatted(flows, bound),
            SETTLING,
            () -> guest.residentBytes() - before < bound,
            () -> guest.residentBytes() - before);
        System.out.printf("%d flows: %d bytes%n", flows, guest.residentBytes() - before);
        holder.type("go\n");
        holder.await(PATIENCE).ok();
      }
      assertThat(guest.stop().err()).doesNotContain("WARN");
    }
  }
}
