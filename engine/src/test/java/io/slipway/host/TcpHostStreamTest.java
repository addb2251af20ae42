package io.slipway.host;

import static io.slipway.host.HostRoom.await;
import static io.slipway.host.HostRoom.loopback;
import static io.slipway.host.HostRoom.pause;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream that works: bytes both ways, half-close, back-pressure. */
@Timeout(60)
final class TcpHostStreamTest {
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

  @Test
  void tellsTheLocalEndpointAndCarriesBytesBothWays() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      assertThat(log.local).isEqualTo(loopback(peer.getPort()));
      room.run(() -> {
        log.stream.resumeReads();
        log.stream.write(direct("hello".getBytes(US_ASCII)));
        log.stream.flush();
      });
      assertThat(Bytes.read(peer.getInputStream(), 5)).isEqualTo("hello".getBytes(US_ASCII));
      peer.getOutputStream().write("welcome".getBytes(US_ASCII));
      await("answer", () -> log.received() == 7);
      assertThat(log.checksum()).isEqualTo(Bytes.checksum("welcome".getBytes(US_ASCII)));
    }
  }

  @Test
  void doesNotPaceOnTheLoopback() throws Exception {
    assertThat(kernelSays(room.connected(target()))).contains(" reno ");
  }

  @Test
  void asksASilentPeer() throws Exception {
    assertThat(kernelSays(room.connected(target())))
        .containsPattern("timer:\\(keepalive,1min1[67]");
  }

  private static String kernelSays(StreamLog log) throws Exception {
    String filter = "sport = :" + Objects.requireNonNull(log.local).port();
    Process ss = new ProcessBuilder("ss", "-Htino", "state", "established", filter).start();
    String said = new String(ss.getInputStream().readAllBytes(), US_ASCII);
    assertThat(ss.waitFor()).isZero();
    ss.getInputStream().close(); // or the room counts the three pipes as left behind
    ss.getOutputStream().close();
    ss.getErrorStream().close();
    return said;
  }

  @Test
  void deliversAllThatOneReadBrings() throws IOException {
    byte[] sent = Bytes.random(3, MIB / 4);
    StreamLog log = room.connected(target());
    log.wanted = MIB;
    try (Socket peer = server.accept()) {
      peer.getOutputStream().write(sent);
    }
    room.run(log.stream::resumeReads);
    await("eof", () -> log.has("eof"));
    assertThat(log.received()).isEqualTo(sent.length);
    assertThat(log.checksum()).isEqualTo(Bytes.checksum(sent));
  }

  @Test
  void writesBeforeTheConnectionStandsAreKept() throws IOException {
    StreamLog log = new StreamLog();
    room.run(() -> {
      log.stream = room.sockets.connect(target(), null, 0, log);
      assertThat(log.events()).isEmpty();
      log.stream.write(direct("early".getBytes(US_ASCII)));
      log.stream.flush();
      log.stream.shutdownOutput();
      assertThat(log.stream.pendingBytes()).isEqualTo(5);
    });
    try (Socket peer = server.accept()) {
      assertThat(peer.getInputStream().readAllBytes()).isEqualTo("early".getBytes(US_ASCII));
    }
  }

  @Test
  void readinessMeantForAnEarlierSocketOfTheSameNumberIsNoVerdict() throws IOException {
    StreamLog log = new StreamLog();
    room.run(() -> {
      log.stream = room.sockets.connect(target(), null, 0, log);
      TcpHostStream stream = (TcpHostStream) log.stream;
      stream.ready(HostChannel.ERROR | HostChannel.HANGUP);
      stream.ready(HostChannel.OUT);
      stream.write(direct("here".getBytes(US_ASCII)));
      stream.shutdownOutput();
    });
    try (Socket peer = server.accept()) {
      assertThat(peer.getInputStream().readAllBytes()).isEqualTo("here".getBytes(US_ASCII));
    }
    assertThat(log.has("connected")).isTrue();
  }

  @Test
  void takesEveryKindOfBuffer() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(() -> {
        HostStream stream = log.stream;
        stream.write(Unpooled.EMPTY_BUFFER);
        stream.write(Unpooled.copiedBuffer("heap ", US_ASCII));
        ByteBuf frame = direct("..slice..".getBytes(US_ASCII));
        stream.write(frame.retainedSlice(2, 5));
        frame.release();
        stream.write(
            room.allocator
                .compositeDirectBuffer()
                .addComponent(true, direct(" compo".getBytes(US_ASCII)))
                .addComponent(true, direct("site".getBytes(US_ASCII))));
        assertThat(stream.pendingBytes()).isEqualTo(20);
        stream.shutdownOutput();
        stream.write(direct("too late".getBytes(US_ASCII)));
        assertThat(stream.pendingBytes()).isZero();
      });
      assertThat(new String(peer.getInputStream().readAllBytes(), US_ASCII))
          .isEqualTo("heap slice composite");
    }
  }

  @Test
  void theHostMayFinishFirst() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(log.stream::resumeReads);
      peer.getOutputStream().write(new byte[1000]);
      peer.shutdownOutput();
      await("eof", () -> log.has("eof"));
      assertThat(log.received()).isEqualTo(1000);
      byte[] answer = Bytes.random(1, 3 * MIB);
      room.run(() -> {
        log.stream.write(direct(answer));
        log.stream.shutdownOutput();
      });
      assertThat(peer.getInputStream().readAllBytes()).isEqualTo(answer);
      room.run(log.stream::close);
      await("closed", () -> log.has("closed"));
      assertThat(log.events().stream().filter(e -> !e.equals("drained")))
          .containsExactly("connected", "eof", "closed");
    }
  }

  @Test
  void weMayFinishFirst() throws IOException {
    StreamLog log = room.connected(target());
    byte[] answer = Bytes.random(2, 5 * MIB);
    try (Socket peer = server.accept()) {
      room.run(() -> {
        log.stream.resumeReads();
        log.stream.write(direct(new byte[1000]));
        log.stream.shutdownOutput();
        log.stream.shutdownOutput();
      });
      assertThat(peer.getInputStream().readAllBytes()).hasSize(1000);
      peer.getOutputStream().write(answer);
    }
    await("eof", () -> log.has("eof"));
    assertThat(log.received()).isEqualTo(answer.length);
    assertThat(log.checksum()).isEqualTo(Bytes.checksum(answer));
    room.run(log.stream::close);
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connected", "eof", "closed");
  }

  @Test
  void pausesKeepEveryByteAndLargeReadsAreLarge() throws IOException {
    StreamLog log = room.connected(target());
    byte[] sent = Bytes.random(3, 24 * MIB);
    int[] reads = {0};
    log.onData =
        (stream, length) -> {
          if (++reads[0] % 7 == 0) {
            stream.pauseReads();
            long before = log.received();
            room.loop.execute(() -> {
              assertThat(log.received()).isEqualTo(before);
              stream.resumeReads();
            });
          }
        };
    try (Socket peer = server.accept()) {
      room.run(log.stream::resumeReads);
      peer.getOutputStream().write(sent);
    }
    await("eof", () -> log.has("eof"));
    assertThat(log.received()).isEqualTo(sent.length);
    assertThat(log.checksum()).isEqualTo(Bytes.checksum(sent));
    assertThat(log.largestRead).isEqualTo(StreamMemory.READ_SIZE);
  }

  @Test
  void pausedBytesStayInTheKernelEvenAfterTheHostFinished() throws IOException {
    StreamLog log = room.connected(target());
    byte[] sent = Bytes.random(4, 100_000);
    try (Socket peer = server.accept()) {
      room.run(() -> {
        log.stream.resumeReads();
        log.stream.pauseReads();
        log.stream.shutdownOutput();
      });
      peer.getOutputStream().write(sent);
      peer.shutdownOutput();
      long busy = cpuNanosOfTheLoop(400);
      assertThat(log.received()).isZero();
      assertThat(log.events()).containsExactly("connected");
      assertThat(busy).isLessThan(100_000_000L);
      room.run(log.stream::resumeReads);
      await("eof", () -> log.has("eof"));
      assertThat(log.checksum()).isEqualTo(Bytes.checksum(sent));
    }
  }

  private long cpuNanosOfTheLoop(long millis) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long id = room.call(() -> Thread.currentThread().threadId());
    long before = threads.getThreadCpuTime(id);
    pause(millis);
    return threads.getThreadCpuTime(id) - before;
  }

  @Test
  void pendingBytesAreWhatTheKernelHasNotTaken() throws IOException {
    StreamLog log = room.connected(target());
    byte[] sent = Bytes.random(5, 32 * MIB);
    try (Socket peer = server.accept()) {
      int pending =
          room.call(() -> {
            for (int at = 0; at < sent.length; at += 60_000) {
              int length = Math.min(60_000, sent.length - at);
              log.stream.write(room.allocator.directBuffer(length).writeBytes(sent, at, length));
            }
            assertThat(log.stream.pendingBytes()).isEqualTo(sent.length);
            log.stream.flush();
            return log.stream.pendingBytes();
          });
      assertThat(pending).isPositive().isLessThan(sent.length);
      assertThat(log.events()).doesNotContain("drained");
      // What the kernel took before anyone read is at least readable now, and no more than that
      // plus what it takes meanwhile.
      int part = sent.length - pending;
      byte[] first = Bytes.read(peer.getInputStream(), part);
      await("drained", () -> log.has("drained"));
      byte[] rest = Bytes.read(peer.getInputStream(), pending);
      await("all taken", () -> room.call(log.stream::pendingBytes) == 0);
      assertThat(Unpooled.wrappedBuffer(first, rest)).isEqualTo(Unpooled.wrappedBuffer(sent));
    }
  }

  @Test
  void closeDeliversWhatIsPendingFirst() throws IOException {
    StreamLog log = room.connected(target());
    byte[] sent = Bytes.random(6, 16 * MIB);
    try (Socket peer = server.accept()) {
      room.run(() -> {
        log.stream.write(direct(sent));
        log.stream.close();
        log.stream.write(direct(new byte[10]));
        assertThat(log.stream.pendingBytes()).isPositive();
      });
      pause(50);
      assertThat(log.events()).containsExactly("connected");
      assertThat(peer.getInputStream().readAllBytes()).isEqualTo(sent);
    }
    await("closed", () -> log.has("closed"));
    assertThat(log.events()).containsExactly("connected", "closed");
  }

  @Test
  void abortCutsACloseShort() throws IOException {
    StreamLog log = room.connected(target());
    try (Socket peer = server.accept()) {
      room.run(() -> {
        log.stream.write(direct(new byte[16 * MIB]));
        log.stream.close();
        log.stream.abort();
        log.stream.abort();
        assertThat(log.stream.pendingBytes()).isZero();
      });
      await("closed", () -> log.has("closed"));
      assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
          .isInstanceOf(SocketException.class);
    }
    assertThat(room.channels()).isZero();
  }

  @Test
  void aThousandConnectionsLeaveNothing() throws IOException {
    Thread acceptor =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int i = 0; i < 1000; i++) {
                  try (Socket peer = server.accept()) {
                    peer.getOutputStream().write(peer.getInputStream().readNBytes(4));
                    peer.getInputStream().transferTo(OutputStream.nullOutputStream());
                  }
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    int before = HostRoom.descriptors();
    for (int i = 0; i < 1000; i++) {
      StreamLog log = room.connected(target());
      room.run(() -> {
        log.stream.resumeReads();
        log.stream.write(direct(new byte[] {1, 2, 3, 4}));
        log.stream.flush();
      });
      await("answer", () -> log.received() == 4);
      room.run(log.stream::close);
    }
    await("all gone", () -> !acceptor.isAlive() && room.channels() == 0);
    assertThat(HostRoom.descriptors()).isLessThanOrEqualTo(before);
  }
}
