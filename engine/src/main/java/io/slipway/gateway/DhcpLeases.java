package io.slipway.gateway;

import io.slipway.route.Lan;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Who has which address of the guest's subnets. One for all shards of an engine: any thread. */
public final class DhcpLeases {

  /** How long an address is the client's. */
  static final int LEASE_SECONDS = 86_400;

  private final AddressPool pool4;
  private final @Nullable AddressPool pool6;

  /** Nobody has an address yet. */
  public DhcpLeases(Lan lan) {
    Cidr subnet6 = lan.subnet6();
    IpAddress guest6 = lan.guest6();
    this.pool4 = new AddressPool(lan, lan.subnet4(), lan.guest4());
    this.pool6 = subnet6 == null || guest6 == null ? null : new AddressPool(lan, subnet6, guest6);
  }

  AddressPool pool4() {
    return pool4;
  }

  /** Null when IPv6 is off. */
  @Nullable AddressPool pool6() {
    return pool6;
  }
}
