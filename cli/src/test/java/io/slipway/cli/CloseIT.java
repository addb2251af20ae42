package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way that a connection ends, from either side, is seen on the other as it happened. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@CsvSource({"ROOT, 10.0.2.2", "USER, 10.0.2.2", "USER, fd00::2"})
final class CloseIT {
  @Parameter(0)
  Caller caller;

  @Parameter(1)
  String gateway;

  private static final Duration SOON = Duration.ofSeconds(10);

  /** Reads until the end or an error and prints how it ended. */
  private static final String READER =
      """
      import socket, sys
      s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
      n = 0
      try:
          while True:
              block = s.recv(65536)
              if not block:
                  break
              n += len(block)
          print('EOF', n)
      except OSError as e:
          print(type(e).__name__, n)
      """;

  /** Connects, says hello, then does what the third argument says. */
  private static final String CLIENT =
      """
      import socket, struct, sys, time
      s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
      s.sendall(b'hello')
      s.recv(1)
      if sys.argv[3] == 'reset':
          s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
          s.close()
      else:
          print('waiting')
          time.sleep(600)
      """;

  /** Accepts one connection, sends for ever without reading. */
  private static final String FLOOD =
      """
      import socket, sys
      family = socket.AF_INET6 if sys.argv[1] == '::1' else socket.AF_INET
      l = socket.create_server((sys.argv[1], int(sys.argv[2])), family=family)
      print('listening')
      s, _ = l.accept()
      s.recv(1)
      while True:
          s.sendall(bytes(65536))
      """;

  private final Sample sample = Sample.make(TestHost.LONG ? 64 : 8);
  private Guest guest;

  @BeforeParameterizedClassInvocation
  void start() {
    guest = Guest.start(caller, "--host-loopback");
  }

  @AfterParameterizedClassInvocation
  void stop() {
    guest.close();
  }

  private boolean isV6() {
    return gateway.indexOf(':') >= 0;
  }

  private String socat() {
    return isV6() ? "TCP6:[" + gateway + "]" : "TCP4:" + gateway;
  }

  @Test
  void hostAnswersAfterTheGuestHasShutDown() {
    // The server reads to the end of the stream and only then answers with all it has read.
    try (TcpServer server =
        TcpServer.start(client -> {
          byte[] all = client.getInputStream().readAllBytes();
          client.getOutputStream().write(all);
        })) {
      Result echoed =
          guest.run(
              "socat -t 30 STDIO %s:%d < %s | sha256sum"
                  .formatted(socat(), server.port(), sample.path()));
      assertThat(echoed.ok().text()).startsWith(sample.sha256());
      assertThat(server.nextEnd()).isEqualTo("done");
    }
  }

  @Test
  void guestAnswersAfterTheHostHasShutDown() {
    // The guest learns of the host's end of stream first, then sends a file; nothing may be lost.
    String[] received = new String[1];
    try (TcpServer server =
        TcpServer.start(client -> {
          client.shutdownOutput();
          received[0] = "" + client.getInputStream().readAllBytes().length;
        })) {
      guest
          .run(
              "socat -t 30 %s:%d SYSTEM:'cat >/dev/null; cat %s'"
                  .formatted(socat(), server.port(), sample.path()))
          .ok();
      assertThat(server.nextEnd()).isEqualTo("done");
      assertThat(received[0]).isEqualTo("" + sample.bytes());
    }
  }

  @Test
  void serverKilledInMidTransferResetsTheGuest() {
    int port = Services.freePort();
    String loopback = isV6() ? "::1" : "127.0.0.1";
    try (Proc server =
        Proc.start(List.of("/usr/bin/python3", "-u", "-c", FLOOD, loopback, "" + port))) {
      Await.until("it listens", SOON, () -> server.out().contains("listening"), server::soFar);
      // The octets that the server never reads make its kernel send RST instead of FIN.
      try (Proc client = guest.startPython(READER_THAT_TALKS, gateway, port)) {
        Await.until("data flows", SOON, () -> client.out().contains("flowing"), client::soFar);
        server.signal("KILL");
        assertThat(client.await(SOON).out()).contains("ConnectionResetError");
      }
    }
  }

  /** Sends more than the server reads, reads what comes, prints how it ended. */
  private static final String READER_THAT_TALKS =
      """
      import socket, sys
      s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
      s.sendall(b'0123456789')
      n = 0
      try:
          while block := s.recv(65536):
              if n < 1000000 <= n + len(block):
                  print('flowing')
              n += len(block)
          print('EOF')
      except OSError as e:
          print(type(e).__name__)
      """;

  @Test
  void serversResetReachesTheGuest() {
    try (TcpServer server =
        TcpServer.start(client -> {
          client.getOutputStream().write(1);
          client.getInputStream().read();
          client.setSoLinger(true, 0);
        })) {
      assertThat(guest.python(READER_THAT_TALKS, gateway, server.port()).ok().text())
          .isEqualTo("ConnectionResetError");
    }
  }

  @Test
  void serversEndIsAnEndAndNoReset() {
    try (TcpServer server =
        TcpServer.start(client -> client.getOutputStream().write(new byte[9]))) {
      assertThat(guest.python(READER, gateway, server.port()).ok().text()).isEqualTo("EOF 9");
    }
  }

  @Test
  void clientsResetReachesTheServer() {
    try (TcpServer server = TcpServer.start(CloseIT::talk)) {
      guest.python(CLIENT, gateway, server.port(), "reset").ok();
      assertThat(server.nextEnd()).isEqualTo("Connection reset");
    }
  }

  @Test
  void killedClientResetsAServerThatSends() {
    // A killed client with unread octets resets; the server is in the middle of sending.
    try (TcpServer server = TcpServer.start(CloseIT::send);
        Proc client = guest.startPython(CLIENT, gateway, server.port(), "wait")) {
      Await.until("it waits", SOON, () -> client.out().contains("waiting"), client::soFar);
      client.signal("KILL");
      assertThat(server.nextEnd()).matches("Connection reset.*|Broken pipe.*");
    }
  }

  private static void talk(Socket client) throws IOException {
    client.getOutputStream().write(1);
    InputStream in = client.getInputStream();
    int octet;
    do {
      octet = in.read();
    } while (octet >= 0);
  }

  private static void send(Socket client) throws IOException {
    byte[] block = new byte[65536];
    for (int i = 0; i < 1 << 20; i++) {
      client.getOutputStream().write(block);
    }
  }
}
