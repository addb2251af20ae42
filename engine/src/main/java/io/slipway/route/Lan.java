package io.slipway.route;

import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The guest's network as an address plan. The IPv6 part is there whole or not at all.
 *
 * @param subnet4 the guest's IPv4 subnet
 * @param gateway4 our IPv4 address, the guest's default gateway
 * @param dns4 the IPv4 address of the name service
 * @param guest4 the guest's own IPv4 address
 * @param subnet6 null when IPv6 is off
 * @param mac our Ethernet address
 * @param mtu the largest IP packet that the guest's interface takes, in bytes
 * @param search domains in which the guest looks for unqualified names
 */
public record Lan(
    Cidr subnet4,
    IpAddress gateway4,
    IpAddress dns4,
    IpAddress guest4,
    @Nullable Cidr subnet6,
    @Nullable IpAddress gateway6,
    @Nullable IpAddress dns6,
    @Nullable IpAddress guest6,
    MacAddress mac,
    int mtu,
    List<DomainName> search) {

  /** The smallest MTU that IPv6 may run on (RFC 8200 §5). */
  public static final int LEAST_MTU6 = 1280;

  /** High half of our link-local address. */
  public static final long LINK_LOCAL_HIGH = 0xFE80_0000_0000_0000L;

  /** Refuses an IPv6 part that is not whole. */
  public Lan {
    search = List.copyOf(search);
    boolean all = subnet6 != null && gateway6 != null && dns6 != null && guest6 != null;
    boolean none = subnet6 == null && gateway6 == null && dns6 == null && guest6 == null;
    if (!all && !none) {
      throw new IllegalArgumentException("an IPv6 plan needs subnet, gateway, DNS and guest");
    }
  }

  /** A plan without search domains. */
  public Lan(
      Cidr subnet4,
      IpAddress gateway4,
      IpAddress dns4,
      IpAddress guest4,
      @Nullable Cidr subnet6,
      @Nullable IpAddress gateway6,
      @Nullable IpAddress dns6,
      @Nullable IpAddress guest6,
      MacAddress mac,
      int mtu) {
    this(subnet4, gateway4, dns4, guest4, subnet6, gateway6, dns6, guest6, mac, mtu, List.of());
  }

  /** The plan with gateway 2, DNS 3 and guest 100 in each subnet. */
  public static Lan standard(Cidr subnet4, @Nullable Cidr subnet6, MacAddress mac, int mtu) {
    return new Lan(
        subnet4,
        subnet4.nth(2),
        subnet4.nth(3),
        subnet4.nth(100),
        subnet6,
        subnet6 == null ? null : subnet6.nth(2),
        subnet6 == null ? null : subnet6.nth(3),
        subnet6 == null ? null : subnet6.nth(0x100),
        mac,
        mtu);
  }

  public boolean hasV6() {
    return subnet6 != null;
  }

  /**
   * Whether a packet with this source may come from the guest: an address of its subnets, or an
   * IPv6 link-local one, that is not ours and not the subnet's own (network or broadcast).
   */
  public boolean isGuestSource(long high, long low) {
    if (IpAddress.isV4(high, low)) {
      return subnet4.contains(high, low) && !isOurs(high, low) && !isSubnetAddress4(low);
    }
    if (subnet6 == null || isOurs(high, low)) {
      return false;
    }
    return isLinkLocal6(high) || (subnet6.contains(high, low) && !subnet6.base().is(high, low));
  }

  /** The gateway's address of either family, or our IPv6 link-local address. */
  public boolean isGateway(long high, long low) {
    return gateway4.is(high, low) || isGateway6(high, low);
  }

  /** The name service's address of either family. */
  public boolean isDns(long high, long low) {
    return dns4.is(high, low) || (dns6 != null && dns6.is(high, low));
  }

  /** Whether the address is one of ours: gateway, name service, or our link-local address. */
  public boolean isOurs(long high, long low) {
    return isGateway(high, low) || isDns(high, low);
  }

  /** Whether the address is in one of the guest's subnets. */
  public boolean contains(long high, long low) {
    return subnet4.contains(high, low) || (subnet6 != null && subnet6.contains(high, low));
  }

  /** Whether the address is the directed broadcast address of the IPv4 subnet. */
  public boolean isSubnetBroadcast(long high, long low) {
    return high == 0 && subnet4.prefix() < 31 && low == broadcast4();
  }

  /** Low half of our link-local address: the modified EUI-64 of our MAC (RFC 4291 appendix A). */
  public long linkLocalLow() {
    long value = mac.value() ^ 0x0200_0000_0000L;
    return ((value >>> 24) << 40) | (0xFF_FEL << 24) | (value & 0xFF_FFFFL);
  }

  /** Our link-local IPv6 address, from which router advertisements come. */
  public IpAddress linkLocal() {
    return new IpAddress(LINK_LOCAL_HIGH, linkLocalLow());
  }

  private boolean isGateway6(long high, long low) {
    return gateway6 != null
        && (gateway6.is(high, low) || (high == LINK_LOCAL_HIGH && low == linkLocalLow()));
  }

  /** RFC 3021: a /31 has neither, and a /32 is one host. */
  private boolean isSubnetAddress4(long low) {
    return subnet4.prefix() < 31 && (low == subnet4.base().low() || low == broadcast4());
  }

  private long broadcast4() {
    return subnet4.base().low() | (0xFFFF_FFFFL >>> subnet4.prefix());
  }

  private static boolean isLinkLocal6(long high) {
    return (high >>> 54) == 0x3FA;
  }
}
