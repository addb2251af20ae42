package io.slipway.host;

import io.slipway.route.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Our endpoints as the JDK's; never a name lookup. No state. */
final class SocketAddresses {
  private SocketAddresses() {}

  static InetSocketAddress of(Endpoint endpoint) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(endpoint.address().bytes()), endpoint.port());
    } catch (UnknownHostException e) {
      throw new AssertionError("an IP address has 4 or 16 bytes", e);
    }
  }
}
