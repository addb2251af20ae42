package io.slipway.sys;

import static io.slipway.sys.LibC.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Stream sockets of the host as bare descriptors (tcp(7)). No state. What is called once in a
 * connection's life takes its memory from a short-lived arena; {@link #writev} allocates nothing.
 *
 * <p>Addresses and results are as in {@link UdpSocket}: zero or more, or the negated errno.
 */
public final class TcpSocket {
  private static final int SOCK_STREAM = 1;
  private static final int SHUT_WR = 1;
  private static final int SO_KEEPALIVE = 9;
  private static final int SO_LINGER = 13;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int TCP_KEEPIDLE = 4;
  private static final int TCP_KEEPINTVL = 5;
  private static final int TCP_KEEPCNT = 6;
  private static final int TCP_CONGESTION = 13;
  private static final int IP_BIND_ADDRESS_NO_PORT = 24;

  private static final MemorySegment SOCKET = LibC.symbol("socket");
  private static final MemorySegment CONNECT = LibC.symbol("connect");
  private static final MemorySegment GETSOCKNAME = LibC.symbol("getsockname");
  private static final MemorySegment SETSOCKOPT = LibC.symbol("setsockopt");
  private static final MemorySegment SHUTDOWN = LibC.symbol("shutdown");
  private static final MemorySegment WRITEV = LibC.symbol("writev");

  private TcpSocket() {}

  /**
   * A new socket, non-blocking and closed on exec, that sends what it is given at once
   * (TCP_NODELAY). It belongs to the caller, who ends it with {@link Linux#close}.
   *
   * @return the descriptor, or the negated errno
   */
  public static int open(boolean ipv6) {
    int type = SOCK_STREAM | Linux.O_NONBLOCK | Linux.O_CLOEXEC;
    int fd = LibC.call(SOCKET, ipv6 ? SocketAddress.AF_INET6 : SocketAddress.AF_INET, type, 0);
    if (fd >= 0) {
      UdpSocket.setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    }
    return fd;
  }

  /**
   * Has the kernel ask a silent peer whether it lives: first after {@code seconds}, then four times
   * at a quarter of that. A peer that does not answer ends the connection with ETIMEDOUT, one that
   * knows nothing of it with ECONNRESET.
   */
  public static void keepAlive(int fd, int seconds) {
    UdpSocket.setOption(fd, UdpSocket.SOL_SOCKET, SO_KEEPALIVE, 1);
    UdpSocket.setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    UdpSocket.setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, Math.max(1, seconds / 4));
    UdpSocket.setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  }

  /** Chooses the congestion control by the kernel's name for it, such as {@code reno}. */
  public static int congestionControl(int fd, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name, StandardCharsets.US_ASCII);
      long address = text.address();
      return LibC.call(SETSOCKOPT, fd, IPPROTO_TCP, TCP_CONGESTION, address, name.length(), 0);
    }
  }

  /**
   * bind(2) to an address; the port is chosen at {@link #connect}, so that one local port can serve
   * many targets.
   */
  public static int bind(int fd, long high, long low) {
    int result = UdpSocket.setOption(fd, UdpSocket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return result < 0 ? result : UdpSocket.bind(fd, high, low, 0);
  }

  /**
   * connect(2); {@code port} in host order. To be called again until it gives a verdict: 0, the
   * connection stands; {@code -EINPROGRESS} (the first time) or {@code -EALREADY}, the peer has not
   * answered yet; otherwise the reason why there is no connection.
   */
  public static int connect(int fd, long high, long low, int port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SocketAddress.SIZE, 8);
      int length = SocketAddress.write(address, 0, high, low, port);
      return LibC.call(CONNECT, fd, address.address(), length);
    }
  }

  /** A local address and port, as {@link #local} reports them. */
  public record Local(long high, long low, int port) {}

  /** The local end; all zeros when the kernel cannot say. */
  public static Local local(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SocketAddress.SIZE, 8);
      MemorySegment length = arena.allocateFrom(INT, (int) SocketAddress.SIZE);
      LibC.call(GETSOCKNAME, fd, address.address(), length.address());
      return new Local(
          SocketAddress.high(address, 0),
          SocketAddress.low(address, 0),
          SocketAddress.port(address, 0));
    }
  }

  /**
   * writev(2) of the {@code count} pieces that the array of struct iovec at {@code vector} lists.
   */
  public static int writev(int fd, long vector, int count) {
    return LibC.call(WRITEV, fd, vector, count);
  }

  /** Ends our direction: a FIN after what was written. */
  public static int shutdownOutput(int fd) {
    return LibC.call(SHUTDOWN, fd, SHUT_WR, 0);
  }

  /** From now on {@link Linux#close} drops what is queued and sends an RST (SO_LINGER of 0 s). */
  public static int resetOnClose(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment linger = arena.allocateFrom(INT, 1, 0);
      int size = 2 * Integer.BYTES;
      return LibC.call(SETSOCKOPT, fd, UdpSocket.SOL_SOCKET, SO_LINGER, linger.address(), size, 0);
    }
  }

  /** The error that broke the connection, cleared by asking (SO_ERROR); 0 for none. */
  public static int pendingError(int fd) {
    return Math.abs(UdpSocket.option(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_ERROR));
  }
}
