package io.slipway.bench.load;

import io.slipway.wire.IpAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A datagram's other end as the system calls take it: an address in two longs, and a port. */
record Peer(long high, long low, int port) {
  static Peer of(InetSocketAddress address) {
    byte[] bytes = address.getAddress().getAddress();
    if (bytes.length == 4) {
      int v4 = ByteBuffer.wrap(bytes).getInt();
      return new Peer(0, IpAddress.mapV4(v4), address.getPort());
    }
    ByteBuffer v6 = ByteBuffer.wrap(bytes);
    return new Peer(v6.getLong(), v6.getLong(), address.getPort());
  }

  boolean isIpv6() {
    return !IpAddress.isV4(high, low);
  }
}
