package io.slipway.launch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a new interface is to look like. Immutable.
 *
 * @param name of the device
 * @param mtu in bytes
 * @param address4 {@code 10.0.2.100/24}, or null for no IPv4
 * @param gateway4 next hop of the IPv4 default route, or null for none
 * @param address6 {@code fd00::100/64}, or null for no IPv6
 * @param gateway6 next hop of the IPv6 default route, or null for none
 */
public record InterfacePlan(
    String name,
    int mtu,
    @Nullable String address4,
    @Nullable String gateway4,
    @Nullable String address6,
    @Nullable String gateway6) {

  /**
   * Lines for {@code ip -batch}. Those for IPv6 are last, see {@link #firstIpv6Line}, because a
   * namespace may have IPv6 switched off. IPv6 addresses skip duplicate address detection (RFC
   * 4862, 5.4), so that they can be used at once: nobody else is on this link.
   */
  List<String> commands() {
    List<String> lines = new ArrayList<>();
    lines.add("link set lo up");
    lines.add("link set " + name + " mtu " + mtu + " up");
    if (address4 != null) {
      lines.add("addr add " + address4 + " dev " + name);
    }
    if (gateway4 != null) {
      lines.add("route add default via " + gateway4 + " dev " + name);
    }
    if (address6 != null) {
      lines.add("addr add " + address6 + " dev " + name + " nodad");
    }
    if (gateway6 != null) {
      lines.add("route add default via " + gateway6 + " dev " + name);
    }
    return List.copyOf(lines);
  }

  /** The number, from 1, of the first line that is about IPv6. */
  int firstIpv6Line() {
    return 3 + (address4 == null ? 0 : 1) + (gateway4 == null ? 0 : 1);
  }
}
