package io.slipway.route;

import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the operator wants of the router.
 *
 * @param hostLoopback whether the gateway's address reaches the host's loopback
 * @param outbound whether the guest may go where nothing else is said
 * @param allow goes, whatever {@code outbound} says
 * @param deny is refused, whatever else is said
 * @param nameService whether there is a name service at the DNS address
 * @param echo what becomes of pings that may go
 * @param source4 address that outgoing IPv4 sockets bind to; null leaves it to the host
 * @param source6 the same for IPv6
 * @param udpFilter whose datagrams may come in
 */
public record RouterConfig(
    boolean hostLoopback,
    boolean outbound,
    AccessList allow,
    AccessList deny,
    boolean nameService,
    EchoMode echo,
    @Nullable IpAddress source4,
    @Nullable IpAddress source6,
    UdpFilter udpFilter) {

  /** Outbound without exceptions, no way to the host's loopback, no name service. */
  public static final RouterConfig DEFAULT =
      new RouterConfig(
          false,
          true,
          AccessList.EMPTY,
          AccessList.EMPTY,
          false,
          EchoMode.REAL,
          null,
          null,
          UdpFilter.ENDPOINT);

  /** Refuses a source of the wrong family. */
  public RouterConfig {
    if (source4 != null && !source4.isV4()) {
      throw new IllegalArgumentException("\"" + source4 + "\" is not an IPv4 address");
    }
    if (source6 != null && source6.isV4()) {
      throw new IllegalArgumentException("\"" + source6 + "\" is not an IPv6 address");
    }
  }

  public RouterConfig withHostLoopback(boolean open) {
    return new RouterConfig(
        open, outbound, allow, deny, nameService, echo, source4, source6, udpFilter);
  }

  public RouterConfig withOutbound(boolean open) {
    return new RouterConfig(
        hostLoopback, open, allow, deny, nameService, echo, source4, source6, udpFilter);
  }

  public RouterConfig withAllow(AccessList list) {
    return new RouterConfig(
        hostLoopback, outbound, list, deny, nameService, echo, source4, source6, udpFilter);
  }

  public RouterConfig withDeny(AccessList list) {
    return new RouterConfig(
        hostLoopback, outbound, allow, list, nameService, echo, source4, source6, udpFilter);
  }

  public RouterConfig withNameService(boolean there) {
    return new RouterConfig(
        hostLoopback, outbound, allow, deny, there, echo, source4, source6, udpFilter);
  }

  public RouterConfig withEcho(EchoMode mode) {
    return new RouterConfig(
        hostLoopback, outbound, allow, deny, nameService, mode, source4, source6, udpFilter);
  }

  public RouterConfig withSources(@Nullable IpAddress v4, @Nullable IpAddress v6) {
    return new RouterConfig(
        hostLoopback, outbound, allow, deny, nameService, echo, v4, v6, udpFilter);
  }

  public RouterConfig withUdpFilter(UdpFilter filter) {
    return new RouterConfig(
        hostLoopback, outbound, allow, deny, nameService, echo, source4, source6, filter);
  }
}
