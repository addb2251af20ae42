package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpSocketTest {
  private static final long IPV4_LOOPBACK = 0xffff_7f00_0001L;

  private int fd = -1;

  @AfterEach
  void close() {
    if (fd >= 0) {
      Linux.close(fd);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void connectsAtTheSecondQuestionWithinTheMachine(String host) throws Exception {
    InetAddress address = InetAddress.ofLiteral(host);
    long low = address instanceof Inet6Address ? 1 : IPV4_LOOPBACK;
    try (ServerSocket server = new ServerSocket()) {
      server.bind(new InetSocketAddress(address, 0));
      fd = TcpSocket.open(address instanceof Inet6Address);

      assertThat(connect(low, server.getLocalPort())).isZero();
      try (Socket peer = server.accept()) {
        TcpSocket.Local local = TcpSocket.local(fd);
        assertThat(local).isEqualTo(new TcpSocket.Local(0, low, peer.getPort()));
      }
    }
  }

  @Test
  void tellsWhyItDidNotConnect() throws Exception {
    int closed;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      closed = server.getLocalPort();
    }
    fd = TcpSocket.open(false);

    assertThat(connect(IPV4_LOOPBACK, closed)).isEqualTo(-Errno.ECONNREFUSED);
  }

  @Test
  void writesGatheredThenEndsItsDirection() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      fd = TcpSocket.open(false);
      assertThat(connect(IPV4_LOOPBACK, server.getLocalPort())).isZero();
      assertThat(TcpSocket.congestionControl(fd, "reno")).isZero();
      assertThat(TcpSocket.congestionControl(fd, "none such")).isEqualTo(-Errno.ENOENT);
      try (Socket peer = server.accept()) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[] {1, 2, 3});
          long at = bytes.address();
          MemorySegment vector = arena.allocateFrom(ValueLayout.JAVA_LONG, at, 2, at + 2, 1);
          assertThat(TcpSocket.writev(fd, vector.address(), 2)).isEqualTo(3);
        }
        assertThat(TcpSocket.shutdownOutput(fd)).isZero();

        assertThat(peer.getInputStream().readAllBytes()).containsExactly(1, 2, 3);
      }
    }
  }

  @Test
  void closesWithResetWhenTold() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      fd = TcpSocket.open(false);
      assertThat(connect(IPV4_LOOPBACK, server.getLocalPort())).isZero();
      try (Socket peer = server.accept()) {
        assertThat(TcpSocket.pendingError(fd)).isZero();
        assertThat(TcpSocket.resetOnClose(fd)).isZero();
        Linux.close(fd);
        fd = -1;

        assertThat(catchRead(peer)).isInstanceOf(SocketException.class);
      }
    }
  }

  /** The first answer is always "in progress"; the second is the kernel's verdict. */
  private int connect(long low, int port) {
    assertThat(TcpSocket.connect(fd, 0, low, port)).isEqualTo(-Errno.EINPROGRESS);
    return TcpSocket.connect(fd, 0, low, port);
  }

  private static Throwable catchRead(Socket peer) {
    return catchThrowable(() -> peer.getInputStream().read());
  }
}
