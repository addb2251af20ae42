package io.slipway.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TcpServer;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** {@code --tcp-keepalive}: who is only silent keeps his connection, who is gone does not. */
final class KeepaliveIT {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Opens a connection and says nothing. */
  private static final String SILENT =
      """
      import socket, sys, time
      s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
      print('open', flush=True)
      time.sleep(60)
      """;

  @Test
  void aGuestThatIsGoneIsFound() throws Exception {
    CompletableFuture<String> end = new CompletableFuture<>();
    try (TcpServer server = TcpServer.start(client -> end.complete(endOf(client)));
        Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--tcp-keepalive", "1s");
        Proc silent = guest.startPython(SILENT, Guest.GATEWAY, server.port())) {
      Await.until("open", LIMIT, () -> silent.out().contains("open"), silent::soFar);
      Await.pause(Duration.ofSeconds(4));
      assertThat(end).as("the end of a connection that is only silent").isNotDone();
      guest.run("ip address flush dev tap0").ok(); // as if it had never been
      assertThat(end.get(LIMIT.toSeconds(), SECONDS)).isEqualTo("Connection reset");
    }
  }

  private static String endOf(Socket client) throws IOException {
    try {
      return "read " + client.getInputStream().read();
    } catch (SocketException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
