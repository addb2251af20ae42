package io.slipway.sys;

import static io.slipway.sys.LibC.BYTE;
import static io.slipway.sys.LibC.INT;
import static io.slipway.sys.LibC.LONG;
import static io.slipway.sys.LibC.SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sockets of the host that carry ICMP echo, as bare descriptors. No state. What is not here is that
 * of any datagram socket: {@link UdpSocket} binds, sends, receives and reads errors.
 *
 * <p>Two kinds. A <b>ping socket</b> (icmp(7), SOCK_DGRAM) may be had by the groups that
 * net.ipv4.ping_group_range names, for both IP versions; its port is the echo identifier, which the
 * kernel writes into each request, and by which it tells whose a reply is. A <b>raw socket</b>
 * (raw(7)) wants CAP_NET_RAW, sends what it is given, and hears all that the host hears, unless a
 * filter says otherwise.
 *
 * <p>Results are as in {@link UdpSocket}: zero or more, or the negated errno.
 */
public final class EchoSocket {
  public static final int IP_RECVTTL = 12;
  public static final int IPV6_RECVHOPLIMIT = 51;

  /** Control message with a packet's hop limit; IPv4's is {@link UdpSocket#IP_TTL}. */
  static final int IPV6_HOPLIMIT = 52;

  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_ICMPV6 = 58;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int ECHO_REPLY = 0;
  private static final int ECHO_REPLY_V6 = 129;

  // Instructions of the classic BPF (linux/bpf_common.h).
  private static final int LOAD_X_IP_HEADER_LENGTH = 0xb1;
  private static final int LOAD_BYTE_AT_X = 0x50;
  private static final int LOAD_HALF_AT_X = 0x48;
  private static final int LOAD_X = 0x01;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int RETURN = 0x06;
  private static final int INSTRUCTION_SIZE = 8;
  private static final int PROGRAM_SIZE = 16;
  private static final int ID_AT = 4;

  private static final MemorySegment SOCKET = LibC.symbol("socket");
  private static final MemorySegment SETSOCKOPT = LibC.symbol("setsockopt");

  private EchoSocket() {}

  /** A ping socket, non-blocking and closed on exec; -EACCES when the user's groups may not. */
  public static int open(boolean ipv6) {
    return socket(ipv6, SOCK_DGRAM);
  }

  /** A raw socket for ICMP, non-blocking and closed on exec; -EPERM without CAP_NET_RAW. */
  public static int openRaw(boolean ipv6) {
    return socket(ipv6, SOCK_RAW);
  }

  private static int socket(boolean ipv6, int kind) {
    int family = ipv6 ? SocketAddress.AF_INET6 : SocketAddress.AF_INET;
    int type = kind | Linux.O_NONBLOCK | Linux.O_CLOEXEC;
    return LibC.call(SOCKET, family, type, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  }

  /** Has each datagram's TTL or hop limit reported with it, see {@link UdpBatch#hopLimit}. */
  public static int reportHopLimit(int fd, boolean ipv6) {
    return ipv6
        ? UdpSocket.setOption(fd, UdpSocket.SOL_IPV6, IPV6_RECVHOPLIMIT, 1)
        : UdpSocket.setOption(fd, UdpSocket.SOL_IP, IP_RECVTTL, 1);
  }

  /** Lets through to a raw socket only the replies that carry this identifier. */
  public static int hearOnly(int fd, boolean ipv6, int id) {
    // What an IPv4 raw socket is shown begins with the IP header, for IPv6 with the ICMPv6 header.
    int loadStart = ipv6 ? LOAD_X : LOAD_X_IP_HEADER_LENGTH;
    int[][] program = {
      {loadStart, 0, 0, 0},
      {LOAD_BYTE_AT_X, 0, 0, 0},
      {JUMP_IF_EQUAL, 0, 3, ipv6 ? ECHO_REPLY_V6 : ECHO_REPLY},
      {LOAD_HALF_AT_X, 0, 0, ID_AT},
      {JUMP_IF_EQUAL, 0, 1, id},
      {RETURN, 0, 0, -1},
      {RETURN, 0, 0, 0},
    };
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocate((long) program.length * INSTRUCTION_SIZE, 8);
      for (int i = 0; i < program.length; i++) {
        long at = (long) i * INSTRUCTION_SIZE;
        code.set(SHORT, at, (short) program[i][0]);
        code.set(BYTE, at + 2, (byte) program[i][1]);
        code.set(BYTE, at + 3, (byte) program[i][2]);
        code.set(INT, at + 4, program[i][3]);
      }
      MemorySegment filter = arena.allocate(PROGRAM_SIZE, 8);
      filter.set(SHORT, 0, (short) program.length);
      filter.set(LONG, 8, code.address());
      long address = filter.address();
      return LibC.call(
          SETSOCKOPT, fd, UdpSocket.SOL_SOCKET, SO_ATTACH_FILTER, address, PROGRAM_SIZE, 0);
    }
  }
}
