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
 * @param source4 address that outgoing IPv4 sockets bind to; null leaves it to the host
 * @param source6 the same for IPv6
 */
public record RouterConfig(
    boolean hostLoopback,
    boolean outbound,
    AccessList allow,
    AccessList deny,
    boolean nameService,
    @Nullable IpAddress source4,
    @Nullable IpAddress source6) {

  /** Outbound without exceptions, no way to the host's loopback, no name service. */
  public static final RouterConfig DEFAULT =
      new RouterConfig(false, true, AccessList.EMPTY, AccessList.EMPTY, false, null, null);

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
    return new RouterConfig(open, outbound, allow, deny, nameService, source4, source6);
  }

  public RouterConfig withOutbound(boolean open) {
    return new RouterConfig(hostLoopback, open, allow, deny, nameService, source4, source6);
  }

  public RouterConfig withAllow(AccessList list) {
    return new RouterConfig(hostLoopback, outbound, list, deny, nameService, source4, source6);
  }

  public RouterConfig withDeny(AccessList list) {
    return new RouterConfig(hostLoopback, outbound, allow, list, nameService, source4, source6);
  }

  public RouterConfig withNameService(boolean there) {
    return new RouterConfig(hostLoopback, outbound, allow, deny, there, source4, source6);
  }

  public RouterConfig withSources(@Nullable IpAddress v4, @Nullable IpAddress v6) {
    return new RouterConfig(hostLoopback, outbound, allow, deny, nameService, v4, v6);
  }
}
