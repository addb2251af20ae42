package io.slipway.cli;

import io.slipway.launch.InterfaceState;
import io.slipway.route.Lan;
import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Decides which addresses the guest's network has: an explicit option wins, then what was found on
 * the device, then slirp4netns's plan (gateway .2, DNS .3, guest .100). Pure.
 */
final class LanPlan {
  private static final int DEFAULT_MTU = 1500;
  private static final Cidr DEFAULT4 = Cidr.parse("10.0.2.0/24");
  private static final Cidr DEFAULT6 = Cidr.parse("fd00::/64");
  private static final int GATEWAY = 2;
  private static final int DNS = 3;
  private static final int GUEST4 = 100;
  private static final int GUEST6 = 0x100;

  /** The longest prefix of IPv6 that has addresses for gateway, DNS server and guest. */
  private static final int SMALLEST6 = 126;

  /** RFC 4291 §2.4: addresses that mean something else than a machine of a network. */
  private static final List<Cidr> SPECIAL6 =
      List.of(Cidr.parse("::/80"), Cidr.parse("fe80::/10"), Cidr.parse("ff00::/8"));

  /** What resolv.conf(5) promised for long, and what one option of DHCP holds. */
  private static final int MOST_SEARCHED = 6;

  private static final int MOST_SEARCH_BYTES = 255;

  /** The gateway's link address: locally administered, and the same for every guest. */
  private static final MacAddress MAC = MacAddress.parse("02:5c:1f:57:a9:02");

  /** What one address family looks like: in the guest, or as planned. */
  record Family(Cidr subnet, IpAddress guest, IpAddress gateway, IpAddress dns) {}

  /** What a device has of one family. */
  private record FoundFamily(Cidr subnet, IpAddress guest, @Nullable IpAddress gateway) {}

  private final Given given;
  private final @Nullable InterfaceState found;
  private final List<DomainName> hostSearch;

  private LanPlan(Given given, @Nullable InterfaceState found, List<DomainName> hostSearch) {
    this.hostSearch = hostSearch;
    this.given = given;
    this.found = found;
  }

  /**
   * The guest's network.
   *
   * @param state the device as it was found, or absent
   * @throws UsageException when the options contradict each other
   */
  static Lan of(Given given, InterfaceState state) {
    return of(given, state, List.of());
  }

  /**
   * The same where the host itself looks for unqualified names in {@code hostSearch}, of which the
   * guest gets as many as can be told to it unless the options name others.
   */
  static Lan of(Given given, InterfaceState state, List<DomainName> hostSearch) {
    return new LanPlan(given, state.created() ? null : state, hostSearch).plan();
  }

  private Lan plan() {
    int mtu = given.value(Options.MTU, found == null ? DEFAULT_MTU : found.mtu());
    Family four = family(given.value(Options.CIDR), foundFamily(true), true);
    @Nullable Family six =
        wantsIpv6(mtu) ? family(given.value(Options.CIDR6), foundFamily(false), false) : null;
    return new Lan(
        four.subnet(),
        four.gateway(),
        four.dns(),
        four.guest(),
        six == null ? null : six.subnet(),
        six == null ? null : six.gateway(),
        six == null ? null : six.dns(),
        six == null ? null : six.guest(),
        MAC,
        mtu,
        search());
  }

  private List<DomainName> search() {
    List<DomainName> domains = given.values(Options.SEARCH).stream().distinct().toList();
    if (domains.isEmpty()) {
      return fitting(hostSearch);
    }
    int bytes = domains.stream().mapToInt(DomainName::encodedLength).sum();
    if (domains.size() > MOST_SEARCHED || bytes > MOST_SEARCH_BYTES) {
      throw new UsageException(
          "--search: at most "
              + MOST_SEARCHED
              + " domains of "
              + MOST_SEARCH_BYTES
              + " bytes together can be told to the guest");
    }
    return domains;
  }

  private static List<DomainName> fitting(List<DomainName> domains) {
    List<DomainName> told = new ArrayList<>();
    int bytes = 0;
    for (DomainName domain : domains) {
      bytes += domain.encodedLength();
      if (told.size() < MOST_SEARCHED && bytes <= MOST_SEARCH_BYTES && !told.contains(domain)) {
        told.add(domain);
      }
    }
    return told;
  }

  private boolean wantsIpv6(int mtu) {
    if (mtu < Lan.LEAST_MTU6 || given.flag(Options.NO_IPV6)) {
      return false;
    }
    return given.has(Options.CIDR6)
        || found == null
        || found.addresses().isEmpty()
        || foundFamily(false) != null;
  }

  /** The family's first address on the device, its network and its default route; or none. */
  private @Nullable FoundFamily foundFamily(boolean v4) {
    if (found == null) {
      return null;
    }
    @Nullable String gateway = v4 ? found.gateway4() : found.gateway6();
    for (String text : found.addresses()) {
      IpAddress address = IpAddress.parse(text.substring(0, text.indexOf('/')));
      if (address.isV4() == v4) {
        return new FoundFamily(
            Cidr.parse(text), address, gateway == null ? null : IpAddress.parse(gateway));
      }
    }
    return null;
  }

  private Family family(@Nullable Cidr asked, @Nullable FoundFamily onDevice, boolean v4) {
    boolean planned = asked != null || onDevice == null;
    Cidr subnet =
        asked != null ? asked : onDevice != null ? onDevice.subnet() : v4 ? DEFAULT4 : DEFAULT6;
    @Nullable IpAddress guest = override(Options.GUEST, subnet, v4, planned);
    @Nullable IpAddress gateway = override(Options.GATEWAY, subnet, v4, planned);
    @Nullable IpAddress dns = override(Options.DNS, subnet, v4, planned);
    if (asked != null && !v4) {
      checkNetwork6(asked, guest != null && gateway != null && dns != null);
    }
    if (guest == null) {
      guest =
          onDevice != null && subnet.contains(onDevice.guest())
              ? onDevice.guest()
              : v4 ? nth(subnet, GUEST4, Options.GUEST) : guest6(subnet, gateway, dns);
    }
    if (gateway == null) {
      gateway =
          onDevice != null && onDevice.gateway() != null && asked == null
              ? onDevice.gateway()
              : free(subnet, GATEWAY, planned, Options.GATEWAY, guest);
    }
    if (dns == null) {
      @Nullable IpAddress third = firstFree(subnet, DNS, guest, gateway);
      dns = third != null ? third : planned ? nth(subnet, DNS, Options.DNS) : gateway;
    }
    if (guest.equals(gateway) || guest.equals(dns)) {
      throw new UsageException(
          "--guest: '" + guest + "' is the address of the gateway or the DNS server, too");
    }
    return new Family(subnet, guest, gateway, dns);
  }

  private static void checkNetwork6(Cidr subnet, boolean allGiven) {
    if (subnet.prefix() > SMALLEST6 && !allGiven) {
      throw new UsageException(
          "--cidr6: '"
              + subnet
              + "' is too small for gateway, DNS server and guest; a /"
              + SMALLEST6
              + " is the smallest");
    }
    for (Cidr special : SPECIAL6) {
      if (special.contains(subnet) || subnet.contains(special)) {
        throw new UsageException(
            "--cidr6: '" + subnet + "' overlaps " + special + ", where no guest can be");
      }
    }
  }

  /** The planned address, or in a network that is too small for it, the first that is free. */
  private static IpAddress guest6(
      Cidr subnet, @Nullable IpAddress gateway, @Nullable IpAddress dns) {
    if (contains(subnet, GUEST6)) {
      return subnet.nth(GUEST6);
    }
    IpAddress gatewayToBe = gateway == null ? nth(subnet, GATEWAY, Options.GATEWAY) : gateway;
    IpAddress dnsToBe = dns == null ? nth(subnet, DNS, Options.DNS) : dns;
    return LongStream.concat(LongStream.range(DNS + 1L, GUEST6), LongStream.rangeClosed(1, DNS))
        .filter(n -> contains(subnet, n))
        .mapToObj(subnet::nth)
        .filter(address -> !address.equals(gatewayToBe) && !address.equals(dnsToBe))
        .findFirst()
        .orElseThrow(() -> noAddress(subnet, DNS + 1, Options.GUEST));
  }

  private @Nullable IpAddress override(
      Option<IpAddress> option, Cidr subnet, boolean v4, boolean planned) {
    List<IpAddress> ofFamily =
        given.values(option).stream().filter(address -> address.isV4() == v4).toList();
    if (ofFamily.isEmpty()) {
      return null;
    }
    if (ofFamily.size() > 1) {
      throw new UsageException(
          option.name() + ": '" + ofFamily.get(1) + "' is the second one of its family");
    }
    IpAddress address = ofFamily.getFirst();
    if (!isUsable(subnet, address) && (planned || !option.equals(Options.GATEWAY))) {
      throw new UsageException(
          option.name() + ": '" + address + "' is not an address for a machine of " + subnet);
    }
    return address;
  }

  /**
   * RFC 1122 §3.2.1.3: a subnet's first and last address are nobody's own (RFC 3021: but for /31).
   */
  private static boolean isUsable(Cidr subnet, IpAddress address) {
    if (!subnet.contains(address)) {
      return false;
    }
    boolean tiny = subnet.prefix() >= (subnet.base().isV4() ? 31 : 127);
    boolean last = subnet.base().isV4() && address.equals(subnet.last());
    return tiny || !(address.equals(subnet.base()) || last);
  }

  private static IpAddress free(
      Cidr subnet, int from, boolean planned, Option<?> option, IpAddress taken) {
    @Nullable IpAddress address = firstFree(subnet, from, taken, taken);
    if (address != null) {
      return address;
    }
    if (planned) {
      throw noAddress(subnet, from, option);
    }
    throw new UsageException(
        "--gateway: "
            + subnet
            + " on the device has no default route and no room for a gateway;"
            + " give one");
  }

  /** Counts on from the planned number past addresses that are taken. */
  private static @Nullable IpAddress firstFree(
      Cidr subnet, int from, IpAddress taken, IpAddress alsoTaken) {
    return LongStream.range(from, from + 3L)
        .filter(n -> contains(subnet, n))
        .mapToObj(subnet::nth)
        .filter(address -> isUsable(subnet, address))
        .filter(address -> !address.equals(taken) && !address.equals(alsoTaken))
        .findFirst()
        .orElse(null);
  }

  private static IpAddress nth(Cidr subnet, int n, Option<?> option) {
    if (!contains(subnet, n) || !isUsable(subnet, subnet.nth(n))) {
      throw noAddress(subnet, n, option);
    }
    return subnet.nth(n);
  }

  private static boolean contains(Cidr subnet, long n) {
    int hostBits = (subnet.base().isV4() ? 32 : 128) - subnet.prefix();
    return hostBits >= Long.SIZE - 1 || n < 1L << hostBits;
  }

  private static UsageException noAddress(Cidr subnet, int n, Option<?> option) {
    return new UsageException(
        (subnet.base().isV4() ? "--cidr: '" : "--cidr6: '")
            + subnet
            + "' has no address number "
            + n
            + ", which is planned; give "
            + option.name());
  }
}
