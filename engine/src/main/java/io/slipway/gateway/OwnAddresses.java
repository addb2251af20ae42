package io.slipway.gateway;

import io.slipway.route.Lan;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.util.Arrays;

/**
 * The addresses that we answer for. Owned by one Shard's event loop; not thread-safe.
 *
 * <p>Those of the {@link Lan} are always among them; others come and go with the forwards that
 * listen on them. They are few, so they are found by looking through a list.
 */
public final class OwnAddresses {

  /** ff02::, and in it the all-nodes, the all-routers and the solicited-node addresses. */
  private static final long LINK_GROUP_HIGH = 0xFF02_0000_0000_0000L;

  private static final long ALL_NODES = 1;
  private static final long ALL_ROUTERS = 2;
  private static final long SOLICITED_NODE = 0x1_FFL;

  private final Lan lan;
  private IpAddress[] listening = {};

  /** The gateway's and the name service's addresses of {@code lan}. */
  public OwnAddresses(Lan lan) {
    this.lan = lan;
  }

  /** Whether the address is ours. */
  public boolean contains(long high, long low) {
    if (lan.isOurs(high, low)) {
      return true;
    }
    for (IpAddress address : listening) {
      if (address.is(high, low)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the IPv6 address is one that others have as well as we. */
  boolean isShared(long high, long low) {
    if (high == LINK_GROUP_HIGH) {
      return low == ALL_NODES || low == ALL_ROUTERS || isSolicitedNode(low);
    }
    Cidr subnet = lan.subnet6();
    return subnet != null && subnet.prefix() < 127 && subnet.base().is(high, low);
  }

  /** RFC 4291 §2.7.1: the group of everybody whose address ends in the same 24 bits. */
  private boolean isSolicitedNode(long low) {
    if (low >>> 24 != SOLICITED_NODE) {
      return false;
    }
    IpAddress gateway = lan.gateway6();
    IpAddress dns = lan.dns6();
    for (IpAddress address : listening) {
      if (!address.isV4() && endsLike(address.low(), low)) {
        return true;
      }
    }
    return endsLike(lan.linkLocalLow(), low)
        || (gateway != null && endsLike(gateway.low(), low))
        || (dns != null && endsLike(dns.low(), low));
  }

  private static boolean endsLike(long one, long other) {
    return ((one ^ other) & 0xFF_FFFF) == 0;
  }

  /**
   * Answers for one more address, on which a forward listens.
   *
   * @throws IllegalArgumentException when it is outside the guest's subnets or the guest's own
   */
  public void add(IpAddress address) {
    if (!lan.contains(address.high(), address.low())) {
      throw new IllegalArgumentException(address + " is not in the guest's subnets");
    }
    if (address.equals(lan.guest4()) || address.equals(lan.guest6())) {
      throw new IllegalArgumentException(address + " is the guest's own address");
    }
    if (!contains(address.high(), address.low())) {
      listening = Arrays.copyOf(listening, listening.length + 1);
      listening[listening.length - 1] = address;
    }
  }

  /** No longer answers for an address that was added. */
  public void remove(IpAddress address) {
    listening =
        Arrays.stream(listening).filter(one -> !one.equals(address)).toArray(IpAddress[]::new);
  }
}
