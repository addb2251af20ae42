package io.slipway.host;

import io.slipway.sys.UdpError;
import io.slipway.sys.UdpSocket;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which router or host rejected a connection that is being made, where an errno would
 * only say that one did (IP_RECVERR of ip(7)). Owned by {@link NettyHostSockets}, for all streams
 * of its loop.
 *
 * <p>The queue is on until the connection stands and no longer: it would have an established one
 * broken by errors that TCP is to survive (RFC 1122 4.2.3.9).
 */
final class ConnectErrors implements AutoCloseable {
  /** Entries looked at before we give up looking for one of a router's. */
  private static final int MOST = 8;

  private @Nullable UdpError error;

  /** From now on, errors about this socket are kept. */
  void begin(int fd, boolean v6) {
    UdpSocket.reportErrors(fd, v6);
  }

  /** No longer; what was kept is forgotten. */
  void end(int fd, boolean v6) {
    if (v6) {
      UdpSocket.setOption(fd, UdpSocket.SOL_IPV6, UdpSocket.IPV6_RECVERR, 0);
    } else {
      UdpSocket.setOption(fd, UdpSocket.SOL_IP, UdpSocket.IP_RECVERR, 0);
    }
  }

  /** What an ICMP message said, valid until the next call; null when there was none. */
  @Nullable UdpError take(int fd) {
    UdpError entry = error;
    if (entry == null) {
      entry = new UdpError();
      error = entry;
    }
    for (int i = 0; i < MOST && UdpSocket.readError(fd, entry) > 0; i++) {
      if (entry.origin() == UdpError.ORIGIN_ICMP || entry.origin() == UdpError.ORIGIN_ICMPV6) {
        return entry;
      }
    }
    return null;
  }

  @Override
  public void close() {
    if (error != null) {
      error.close();
      error = null;
    }
  }
}
