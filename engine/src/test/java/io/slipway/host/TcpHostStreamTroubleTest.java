package io.slipway.host;

import static io.slipway.host.HostRoom.await;
import static io.slipway.host.HostRoom.loopback;
import static io.slipway.host.HostRoom.pause;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.slipway.route.Endpoint;
import io.slipway.sys.Errno;
import io.slipway.wire.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream that fails: refused, unroutable, reset, out of descriptors, closed from above. */
@Timeout(60)
final class TcpHostStreamTroubleTest {
  private static final int MIB = 1 << 20;

  private final HostRoom room = new HostRoom();
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void closeAll() throws IOException {
    server.close();
    room.close();
  }

  private Endpoint target() {
    return loopback(server.getLocalPort());
  }

  private ByteBuf direct(byte[] bytes) {
    return room.allocator.directBuffer(bytes.length).writeBytes(bytes);
  }

  private static void reset(Socket peer) throws IOException {
    peer.setSoLinger(true, 0);
    peer.close();
  }

  private void expectRefusal(Endpoint where, int errno) {
    StreamLog log = room.connect(where);
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connectFailed " + errno, "closed");
  }

  @Test
  void refused() throws IOException {
    server.close();
    expectRefusal(target(), Errno.ECONNREFUSED);
  }

  @Test
  void noRouteAtOnce() {
    expectRefusal(Endpoint.parse("255.255.255.255:80"), Errno.ENETUNREACH);
    expectRefusal(Endpoint.parse("224.0.0.251:80"), Errno.ENETUNREACH);
  }

  @Test
  void aSourceThatIsNotOurs() {
    StreamLog log = new StreamLog();
    IpAddress source = IpAddress.parse("192.0.2.1");
    room.run(() -> log.stream = room.sockets.connect(target(), source, 0, log));
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connectFailed " + Errno.EADDRNOTAVAIL, "closed");
  }

  @Test
  void aSourceThatIsOurs() throws IOException {
    StreamLog log = new StreamLog();
    IpAddress source = IpAddress.parse("127.0.0.9");
    room.run(() -> log.stream = room.sockets.connect(target(), source, 0, log));
    try (Socket peer = server.accept()) {
      assertThat(peer.getInetAddress().getHostAddress()).isEqualTo("127.0.0.9");
      await("connected", () -> log.has("connected"));
      assertThat(log.local).isEqualTo(new Endpoint(source, peer.getPort()));
    }
  }

  @Test
  void abortedWhileConnecting() {
    StreamLog log = new StreamLog();
    room.run(() -> {
      log.stream = room.sockets.connect(target(), null, 0, log);
      log.stream.write(direct(new byte[100]));
      log.stream.abort();
      log.stream.resumeReads();
      log.stream.flush();
    });
    await("closed", () -> log.has("closed"));
    pause(30);
    assertThat(log.events()).containsExactly("closed");
  }

  @Test
  void refusalAfterAbortIsNotTold() {
    StreamLog log = new StreamLog();
    room.run(() -> {
      log.stream = room.sockets.connect(Endpoint.parse("255.255.255.255:80"), null, 0, log);
      log.stream.abort();
    });
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("closed");
  }

  @Test
  void resetInTheMiddleOfData() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(log.stream::resumeReads);
      peer.getOutputStream().write(new byte[MIB]);
      await("some data", () -> log.received() > 0);
      reset(peer);
    }
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connected", "failed " + Errno.ECONNRESET, "closed");
  }

  @Test
  void resetWhileReadsArePausedAndNothingIsUnread() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      reset(peer);
    }
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connected", "failed " + Errno.ECONNRESET, "closed");
  }

  @Test
  void resetWhileReadsArePausedComesAfterTheUnreadBytes() throws IOException {
    StreamLog log = room.connected(target());
    byte[] sent = Bytes.random(1, 100_000);
    try (Socket peer = server.accept()) {
      peer.getOutputStream().write(sent);
      pause(50);
      reset(peer);
    }
    pause(100);
    assertThat(log.events()).containsExactly("connected");
    room.run(() -> {
      log.stream.write(direct(new byte[100]));
      log.stream.flush();
    });
    assertThat(log.events()).containsExactly("connected");
    log.onData = (stream, length) -> stream.pauseReads();
    room.run(log.stream::resumeReads);
    await("first read", () -> log.received() > 0);
    pause(30);
    assertThat(log.received()).isLessThan(sent.length);
    log.onData = null;
    room.run(log.stream::resumeReads);
    await("closed", () -> log.has("closed"));
    assertThat(log.checksum()).isEqualTo(Bytes.checksum(sent));
    assertThat(log.events()).containsExactly("connected", "failed " + Errno.ECONNRESET, "closed");
  }

  @Test
  void aWriteThatFailsDoesNotOvertakeTheAnswer() throws IOException {
    StreamLog log = room.connected(target());
    byte[] answer = "413 too large".getBytes(US_ASCII);
    try (Socket peer = server.accept()) {
      peer.getOutputStream().write(answer);
      pause(50);
      reset(peer);
    }
    room.run(() -> {
      log.stream.write(direct(new byte[10]));
      log.stream.flush();
      log.stream.write(direct(new byte[10]));
      log.stream.flush();
      assertThat(log.stream.pendingBytes()).isZero();
      assertThat(log.events()).containsExactly("connected");
      log.stream.resumeReads();
    });
    await("closed", () -> log.has("closed"));
    assertThat(log.checksum()).isEqualTo(Bytes.checksum(answer));
    assertThat(log.events()).hasSize(3).startsWith("connected").endsWith("closed");
    assertThat(log.events().get(1)).isIn("failed " + Errno.ECONNRESET, "failed " + Errno.EPIPE);
  }

  @Test
  void resetAfterTheHostFinished() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(log.stream::resumeReads);
      peer.shutdownOutput();
      await("eof", () -> log.has("eof"));
    }
    // Bytes that a closed socket cannot take are answered with an RST.
    room.run(() -> {
      log.stream.write(direct(new byte[10]));
      log.stream.flush();
    });
    await("closed", () -> log.has("closed"));
    assertThat(log.events())
        .hasSize(4)
        .startsWith("connected", "eof")
        .endsWith("closed")
        .anyMatch(event -> event.startsWith("failed "));
  }

  @Test
  void abortIsAResetForThePeer() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(log.stream::abort);
      assertThatThrownBy(() -> peer.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connected", "closed");
  }

  @Test
  void theGroupClosesAStreamWithAReset() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(() -> {
        log.stream.resumeReads();
        log.stream.write(direct(new byte[16 * MIB]));
        log.stream.flush();
      });
      room.children.close().syncUninterruptibly();
      await("closed", () -> log.has("closed"));
      assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
          .isInstanceOf(SocketException.class);
      assertThat(log.events()).containsExactly("connected", "closed");
      // A group that was closed takes no more children.
      StreamLog late = room.connect(target());
      await("closed", () -> late.has("closed"));
      assertThat(late.events()).containsExactly("closed");
    }
  }

  @Test
  void aFaultInTheFlowEndsThatStreamOnly() throws IOException {
    StreamLog faulty = room.connected(target());
    try (Socket first = server.accept()) {
      StreamLog sound = room.connected(target());
      try (Socket second = server.accept()) {
        faulty.onData =
            (stream, length) -> {
              throw new IllegalStateException("thrown by the test");
            };
        room.run(faulty.stream::resumeReads);
        room.run(sound.stream::resumeReads);
        first.getOutputStream().write(1);
        await("closed", () -> faulty.has("closed"));
        second.getOutputStream().write(1);
        await("read", () -> sound.received() == 1);
      }
    }
  }

  @Test
  void outOfDescriptors() throws Exception {
    room.connected(target());
    server.accept().close();
    StreamLog before = room.connect(Endpoint.parse("255.255.255.255:80"));
    await("classes are loaded", () -> before.has("closed"));
    new RefusedStream(Errno.EMFILE, before).tellOn(room.loop);
    String pid = String.valueOf(ProcessHandle.current().pid());
    // Another process lowers our soft limit for a moment, since without descriptors we cannot start
    // one that raises it again.
    Process limiter =
        new ProcessBuilder(
                "sh",
                "-c",
                "read -r go; old=$(prlimit --pid $0 --nofile --output=SOFT --noheadings);"
                    + " prlimit --pid $0 --nofile=3: ; echo low;"
                    + " read -r go; prlimit --pid $0 --nofile=$old: ; echo high",
                pid)
            .start();
    StreamLog log = new StreamLog();
    try {
      limiter.getOutputStream().write('\n');
      limiter.getOutputStream().flush();
      assertThat(Bytes.read(limiter.getInputStream(), 4)).isEqualTo("low\n".getBytes(US_ASCII));
      room.run(() -> log.stream = room.sockets.connect(target(), null, 0, log));
      await("closed", () -> log.has("closed"));
    } finally {
      limiter.getOutputStream().write('\n');
      limiter.getOutputStream().flush();
      assertThat(Bytes.read(limiter.getInputStream(), 5)).isEqualTo("high\n".getBytes(US_ASCII));
      assertThat(limiter.waitFor(10, TimeUnit.SECONDS)).isTrue();
      limiter.destroy();
    }
    assertThat(log.events()).containsExactly("connectFailed " + Errno.EMFILE, "closed");
  }
}
