package io.slipway.gateway;

import io.slipway.route.Lan;
import io.slipway.wire.IpAddress;
import java.util.Arrays;

/**
 * The addresses that we answer for. Owned by one Shard's event loop; not thread-safe.
 *
 * <p>Those of the {@link Lan} are always among them; others come and go with the forwards that
 * listen on them. They are few, so they are found by looking through a list.
 */
public final class OwnAddresses {

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
