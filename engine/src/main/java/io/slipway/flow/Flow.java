package io.slipway.flow;

import io.slipway.route.Endpoint;
import io.slipway.route.Protocol;
import io.slipway.route.Side;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * One conversation that we carry: a guest's endpoint on one side, the host's world on the other.
 * Owned by the event loop of its {@code Shard}. The key by which {@link FlowTable} finds it is kept
 * here as plain numbers.
 */
abstract sealed class Flow permits TcpFlow, UdpFlow, EchoFlow {
  final long id;
  final Protocol protocol;
  final long guestHigh;
  final long guestLow;
  final int guestPort;
  final long remoteHigh;
  final long remoteLow;
  final int remotePort;
  private final long openedNanos;
  long bytesOut;
  long bytesIn;
  @Nullable Endpoint hostLocal;

  Flow(
      long id,
      Protocol protocol,
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      long nowNanos) {
    this.id = id;
    this.protocol = protocol;
    this.guestHigh = guestHigh;
    this.guestLow = guestLow;
    this.guestPort = guestPort;
    this.remoteHigh = remoteHigh;
    this.remoteLow = remoteLow;
    this.remotePort = remotePort;
    openedNanos = nowNanos;
  }

  boolean isV6() {
    return !IpAddress.isV4(guestHigh, guestLow);
  }

  /** Ends the flow now, both ways, with a reset where the protocol has one. */
  abstract void shutdown(long nowNanos);

  /** The flow in words, for events; {@code reason} is null while it lives. */
  FlowInfo info(@Nullable String reason, long nowNanos) {
    return new FlowInfo(
        id,
        protocol,
        Side.GUEST,
        new Endpoint(new IpAddress(guestHigh, guestLow), guestPort),
        new Endpoint(new IpAddress(remoteHigh, remoteLow), remotePort),
        hostLocal,
        reason,
        bytesOut,
        bytesIn,
        (nowNanos - openedNanos) / 1_000_000);
  }
}
