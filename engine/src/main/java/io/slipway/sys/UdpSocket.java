package io.slipway.sys;

import static io.slipway.sys.LibC.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Datagram sockets of the host as bare descriptors: made, bound, and used in batches. No state; the
 * memory of a batch lives in the caller's {@link UdpBatch} and {@link UdpError}, so that nothing is
 * allocated per call.
 *
 * <p>An IPv4 socket is AF_INET and not a dual-stack one, because IP_RECVERR reports the errors of
 * IPv4 only there. Addresses are two longs in network order, IPv4 as {@code ::ffff:a.b.c.d} ({@code
 * high == 0}, {@code low == 0x0000ffff_aabbccdd}).
 *
 * <p>Every method returns a result that is zero or more, or the negated errno. {@code -EAGAIN} says
 * that nothing is there (or, sending, that the socket's buffer is full); an errno such as {@code
 * -ECONNREFUSED} may report an earlier datagram's ICMP error rather than this call: read the error
 * queue with {@link #readError} and try once more.
 */
public final class UdpSocket {
  public static final int SOL_SOCKET = 1;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_ERROR = 4;
  public static final int SO_SNDBUF = 7;
  public static final int SO_RCVBUF = 8;
  public static final int SOL_IP = 0;
  public static final int IP_TTL = 2;
  public static final int IP_MTU_DISCOVER = 10;
  public static final int IP_RECVERR = 11;
  public static final int SOL_IPV6 = 41;
  public static final int IPV6_UNICAST_HOPS = 16;
  public static final int IPV6_MTU_DISCOVER = 23;
  public static final int IPV6_RECVERR = 25;
  public static final int IPV6_V6ONLY = 26;
  public static final int SOL_UDP = 17;
  public static final int UDP_SEGMENT = 103;
  public static final int UDP_GRO = 104;

  private static final int SOCK_DGRAM = 2;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;
  private static final int MSG_ERRQUEUE = 0x2000;

  private static final MemorySegment SOCKET = LibC.symbol("socket");
  private static final MemorySegment BIND = LibC.symbol("bind");
  private static final MemorySegment GETSOCKNAME = LibC.symbol("getsockname");
  private static final MemorySegment SETSOCKOPT = LibC.symbol("setsockopt");
  private static final MemorySegment GETSOCKOPT = LibC.symbol("getsockopt");
  private static final MemorySegment SENDTO = LibC.symbol("sendto");
  private static final MemorySegment RECVMSG = LibC.symbol("recvmsg");
  private static final MemorySegment SENDMMSG = LibC.symbol("sendmmsg");
  private static final MemorySegment RECVMMSG = LibC.symbol("recvmmsg");

  private UdpSocket() {}

  /**
   * A new socket, non-blocking and closed on exec, IPv6 ones for IPv6 alone. It belongs to the
   * caller, who ends it with {@link Linux#close}.
   *
   * @return the descriptor, or the negated errno
   */
  public static int open(boolean ipv6) {
    int type = SOCK_DGRAM | Linux.O_NONBLOCK | Linux.O_CLOEXEC;
    int fd = LibC.call(SOCKET, ipv6 ? SocketAddress.AF_INET6 : SocketAddress.AF_INET, type, 0);
    if (ipv6 && fd >= 0) {
      int result = setOption(fd, SOL_IPV6, IPV6_V6ONLY, 1);
      if (result < 0) {
        Linux.close(fd);
        return result;
      }
    }
    return fd;
  }

  /**
   * Turns the error queue on: ICMP errors and the kernel's own (EMSGSIZE with the path MTU) are
   * kept for {@link #readError}.
   */
  public static int reportErrors(int fd, boolean ipv6) {
    return ipv6 ? setOption(fd, SOL_IPV6, IPV6_RECVERR, 1) : setOption(fd, SOL_IP, IP_RECVERR, 1);
  }

  /** bind(2); {@code port} in host order, 0 for any. An IPv4 address needs an IPv4 socket. */
  public static int bind(int fd, long high, long low, int port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SocketAddress.SIZE, 8);
      int length = SocketAddress.write(address, 0, high, low, port);
      return LibC.call(BIND, fd, address.address(), length);
    }
  }

  /** The local port in host order, 0 while unbound. */
  public static int localPort(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SocketAddress.SIZE, 8);
      MemorySegment length = arena.allocateFrom(INT, (int) SocketAddress.SIZE);
      int result = LibC.call(GETSOCKNAME, fd, address.address(), length.address());
      return result < 0 ? result : SocketAddress.port(address, 0);
    }
  }

  /** setsockopt(2) with an int. */
  public static int setOption(int fd, int level, int option, int value) {
    try (Arena arena = Arena.ofConfined()) {
      long cell = arena.allocateFrom(INT, value).address();
      return LibC.call(SETSOCKOPT, fd, level, option, cell, Integer.BYTES, 0);
    }
  }

  /** getsockopt(2) of an int that is never negative; reading SO_ERROR clears it. */
  public static int option(int fd, int level, int option) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(INT);
      long length = arena.allocateFrom(INT, Integer.BYTES).address();
      int result = LibC.call(GETSOCKOPT, fd, level, option, value.address(), length, 0);
      return result < 0 ? result : value.get(INT, 0);
    }
  }

  /**
   * Receives into the buffers of {@code batch}, as many datagrams as are waiting and it has buffers
   * for; describes them there.
   *
   * @return the number of datagrams, at least 1, or the negated errno
   */
  public static int receive(int fd, UdpBatch batch) {
    long headers = batch.prepareReceive();
    return LibC.call(RECVMMSG, fd, headers, batch.receiveSlots(), MSG_DONTWAIT, 0, 0);
  }

  /**
   * Sends one datagram of {@code length} bytes at {@code address}.
   *
   * @param batch lends its memory for the destination; what is queued there is not touched
   * @return {@code length}, or the negated errno
   */
  public static int send(
      int fd, UdpBatch batch, long address, int length, long high, long low, int port) {
    int nameLength = batch.writeDestination(high, low, port);
    return LibC.call(SENDTO, fd, address, length, SEND_FLAGS, batch.destination(), nameLength);
  }

  /**
   * Sends what {@link UdpBatch#add} queued, from the first entry not yet sent. The batch forgets
   * what was sent; the rest stays queued.
   *
   * @return the number of entries sent, at least 1 (0 when none was queued), or the negated errno
   *     of the first unsent entry
   */
  public static int sendAll(int fd, UdpBatch batch) {
    int queued = batch.queued();
    if (queued == 0) {
      return 0;
    }
    int sent = LibC.call(SENDMMSG, fd, batch.queuedHeaders(), queued, SEND_FLAGS, 0, 0);
    if (sent > 0) {
      batch.sent(sent);
    }
    return sent;
  }

  /**
   * Takes the oldest entry off the error queue and describes it in {@code error}.
   *
   * @return 1 when there was one, 0 when the queue is empty, or the negated errno
   */
  public static int readError(int fd, UdpError error) {
    int quoted = LibC.call(RECVMSG, fd, error.prepare(), MSG_ERRQUEUE | MSG_DONTWAIT);
    if (quoted < 0) {
      return quoted == -Errno.EAGAIN ? 0 : quoted;
    }
    return error.parse(quoted);
  }
}
