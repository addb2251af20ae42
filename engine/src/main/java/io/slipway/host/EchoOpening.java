package io.slipway.host;

import io.slipway.flow.HostSocketException;
import io.slipway.sys.EchoSocket;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.IpAddress;

/**
 * A bound socket that pings; it belongs to whoever had it made.
 *
 * @param raw false for a ping socket of the kernel's
 * @param id the identifier of its requests
 */
record EchoOpening(int fd, boolean v6, boolean raw, int id) {

  /**
   * A ping socket with this identifier, or with another one where it is taken; where this user may
   * have no ping socket, a raw one with an identifier of {@code ids}.
   *
   * @throws HostSocketException when the kernel refuses: EACCES when this user may have neither
   */
  static EchoOpening make(boolean v6, IpAddress address, int id, EchoIds ids)
      throws HostSocketException {
    int fd = EchoSocket.open(v6);
    if (fd >= 0) {
      return prepare(fd, v6, address, id);
    }
    int raw = mayTryRaw(-fd) ? EchoSocket.openRaw(v6) : fd;
    if (raw < 0) {
      throw new HostSocketException("ping socket", raw == -Errno.EPERM ? Errno.EACCES : -raw);
    }
    return prepareRaw(raw, v6, address, ids);
  }

  private static boolean mayTryRaw(int errno) {
    return errno == Errno.EACCES || errno == Errno.EPERM || errno == Errno.EPROTONOSUPPORT;
  }

  private static EchoOpening prepare(int fd, boolean v6, IpAddress address, int id)
      throws HostSocketException {
    int result = report(fd, v6);
    if (result >= 0) {
      result = UdpSocket.bind(fd, address.high(), address.low(), id);
      if (result == -Errno.EADDRINUSE) {
        result = UdpSocket.bind(fd, address.high(), address.low(), 0);
      }
    }
    int got = result < 0 ? result : UdpSocket.localPort(fd);
    check(fd, got, address);
    return new EchoOpening(fd, v6, false, got);
  }

  private static EchoOpening prepareRaw(int fd, boolean v6, IpAddress address, EchoIds ids)
      throws HostSocketException {
    int id = ids.take();
    int result = id < 0 ? -Errno.EADDRINUSE : EchoSocket.hearOnly(fd, v6, id);
    if (result >= 0) {
      result = report(fd, v6);
    }
    if (result >= 0 && !IpAddress.isUnspecified(address.high(), address.low())) {
      result = UdpSocket.bind(fd, address.high(), address.low(), 0);
    }
    if (result < 0 && id >= 0) {
      ids.giveBack(id);
    }
    check(fd, result, address);
    return new EchoOpening(fd, v6, true, id);
  }

  private static int report(int fd, boolean v6) {
    int result = UdpSocket.reportErrors(fd, v6);
    return result < 0 ? result : EchoSocket.reportHopLimit(fd, v6);
  }

  private static void check(int fd, int result, IpAddress address) throws HostSocketException {
    if (result < 0) {
      Linux.close(fd);
      throw new HostSocketException("ping socket at " + address, -result);
    }
  }
}
