package io.slipway.host;

import io.slipway.sys.UdpSocket;

/**
 * What a datagram socket puts into the IP header, changed only when the next datagram wants it
 * otherwise: a system call for the first one of a socket, none for those that are like it. Owned by
 * the socket.
 */
final class SendOptions {
  /**
   * So many bytes behind the IP header fit every path (RFC 791 §3.2: 576 with the header, options
   * included), so that it does not matter whether they may be fragmented.
   */
  private static final int FITS_ANYWHERE = 576 - 60;

  /** IP_PMTUDISC_DONT and IP_PMTUDISC_DO of ip(7); ipv6(7) has the same numbers. */
  private static final int CUT = 0;

  private static final int REFUSE = 2;

  private final int fd;
  private final boolean v6;
  private int hopLimit;
  private int discovery = -1;

  /** Of a socket that has the kernel's defaults. */
  SendOptions(int fd, boolean v6) {
    this.fd = fd;
    this.v6 = v6;
  }

  /** From now on, this TTL or hop limit; 0 for the kernel's default. */
  void hopLimit(int wanted) {
    if (wanted == hopLimit) {
      return;
    }
    if (setHopLimit(fd, v6, wanted) >= 0) {
      hopLimit = wanted;
    }
  }

  /** What {@link #hopLimit} does, for a socket that is told once. */
  static int setHopLimit(int fd, boolean v6, int wanted) {
    int value = wanted == 0 ? -1 : wanted;
    return v6
        ? UdpSocket.setOption(fd, UdpSocket.SOL_IPV6, UdpSocket.IPV6_UNICAST_HOPS, value)
        : UdpSocket.setOption(fd, UdpSocket.SOL_IP, UdpSocket.IP_TTL, value);
  }

  /**
   * For the next datagram, what happens when it is larger than the path.
   *
   * @param dontFragment true: our kernel refuses it with EMSGSIZE, and routers with an ICMP error;
   *     false: it is cut
   * @param length bytes of the datagram: what is small enough for every path changes nothing
   */
  void dontFragment(boolean dontFragment, int length) {
    int wanted = dontFragment ? REFUSE : CUT;
    if (wanted == discovery || length <= FITS_ANYWHERE) {
      return;
    }
    int result =
        v6
            ? UdpSocket.setOption(fd, UdpSocket.SOL_IPV6, UdpSocket.IPV6_MTU_DISCOVER, wanted)
            : UdpSocket.setOption(fd, UdpSocket.SOL_IP, UdpSocket.IP_MTU_DISCOVER, wanted);
    if (result >= 0) {
      discovery = wanted;
    }
  }
}
