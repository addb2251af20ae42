package io.slipway.host;

import io.netty.channel.ChannelException;
import io.netty.channel.unix.Errors.NativeIoException;
import io.slipway.route.Endpoint;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.IpAddress;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The errno behind an exception of Netty's socket calls. No state; not for the hot path. */
final class HostErrno {
  /** Netty's text for a failed connect(2), the only place where it leaves the number. */
  private static final Pattern NUMBER = Pattern.compile("error\\(-(\\d{1,5})\\)");

  private HostErrno() {}

  /** The positive errno that {@code failure} stands for; EIO when it cannot be told. */
  static int of(Throwable failure) {
    return switch (failure) {
      case NativeIoException e -> -e.expectedErr();
      case ChannelException e when e.getCause() != null -> of(e.getCause());
      case NoRouteToHostException _ -> Errno.EHOSTUNREACH;
      case ConnectException e -> number(e.getMessage());
      case NotYetConnectedException _ -> Errno.ENOTCONN;
      case ClosedChannelException _ -> Errno.EBADF;
      default -> Errno.EIO;
    };
  }

  /**
   * The positive errno of a connect(2) that failed at once. Netty has one exception for both
   * ENETUNREACH and EHOSTUNREACH, which the guest must be able to tell apart, so the kernel is
   * asked the same question again in a way that leaves the number.
   */
  static int ofConnect(Throwable failure, Endpoint target, @Nullable IpAddress source) {
    if (!(failure instanceof NoRouteToHostException)) {
      return of(failure);
    }
    IpAddress to = target.address();
    boolean many = IpAddress.isMulticast(to.high(), to.low());
    return !many && isHostUnreachable(target, source) ? Errno.EHOSTUNREACH : Errno.ENETUNREACH;
  }

  /**
   * Whether the kernel says so to an empty datagram on the same way; without a route none leaves.
   */
  private static boolean isHostUnreachable(Endpoint target, @Nullable IpAddress source) {
    int fd = UdpSocket.open(!target.address().isV4());
    if (fd < 0) {
      return false;
    }
    try (UdpBatch batch = new UdpBatch(1)) {
      if (source != null) {
        UdpSocket.bind(fd, source.high(), source.low(), 0);
      }
      IpAddress to = target.address();
      int sent = UdpSocket.send(fd, batch, 0, 0, to.high(), to.low(), target.port());
      return sent == -Errno.EHOSTUNREACH;
    } finally {
      Linux.close(fd);
    }
  }

  private static int number(@Nullable String message) {
    Matcher matcher = NUMBER.matcher(message == null ? "" : message);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : Errno.EIO;
  }
}
