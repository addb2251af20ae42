package io.slipway;

import io.slipway.names.NamesConfig;
import io.slipway.route.Lan;
import io.slipway.route.RouterConfig;
import java.time.Duration;

/**
 * What one guest's network looks like and how much it may take. Immutable; nothing in it is a
 * resource, so one configuration may start several engines.
 *
 * @param lan the addresses of the guest, the gateway and the DNS server, and the device's MTU
 * @param router what the guest may reach
 * @param names how the name service answers, where the router has one
 * @param udpTimeout after this long without a datagram a UDP mapping is forgotten (RFC 4787 REQ-5:
 *     five minutes unless there is a reason)
 * @param tcpKeepalive after this long without a segment a TCP connection's guest is asked whether
 *     it lives, and its host by the host's kernel; zero: never
 * @param maxFlows connections and mappings at a time; at the bound the oldest idle UDP mapping of
 *     the same event loop goes first, then new flows are refused
 * @param memoryBytes bytes that all flows together may have buffered in either direction; each flow
 *     gets a part of what is still free on its event loop, so that the sum stays below it
 */
public record EngineConfig(
    Lan lan,
    RouterConfig router,
    NamesConfig names,
    Duration udpTimeout,
    Duration tcpKeepalive,
    int maxFlows,
    long memoryBytes) {

  /** Five minutes. */
  public static final Duration DEFAULT_UDP_TIMEOUT = Duration.ofMinutes(5);

  /** As many as there are ports. */
  public static final int DEFAULT_MAX_FLOWS = 65_536;

  /** 256 MiB. */
  public static final long DEFAULT_MEMORY_BYTES = 256L << 20;

  /** Refuses bounds that serve nobody. */
  public EngineConfig {
    if (udpTimeout.isNegative() || udpTimeout.isZero()) {
      throw new IllegalArgumentException("the UDP timeout is not positive: " + udpTimeout);
    }
    if (tcpKeepalive.isNegative()) {
      throw new IllegalArgumentException("the TCP keepalive is negative: " + tcpKeepalive);
    }
    if (maxFlows < 1) {
      throw new IllegalArgumentException("an engine without flows is none: " + maxFlows);
    }
    if (memoryBytes < 1) {
      throw new IllegalArgumentException("the memory bound is not positive: " + memoryBytes);
    }
  }

  /** The usual bounds for a network. */
  public static EngineConfig of(Lan lan, RouterConfig router) {
    return new EngineConfig(
        lan,
        router,
        NamesConfig.DEFAULT,
        DEFAULT_UDP_TIMEOUT,
        Duration.ZERO,
        DEFAULT_MAX_FLOWS,
        DEFAULT_MEMORY_BYTES);
  }
}
