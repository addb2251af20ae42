package io.slipway.launch;

import io.slipway.wire.Cidr;
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
   * The guest's congestion control for what goes through this device, as ip-route(8) takes it: one
   * that every kernel has, and that does not pace. The path of the guest's TCP ends in our memory,
   * one hop away; what it has to heed is the window that we advertise. A control that paces, such
   * as BBR where that is the default, spends half of the guest's processor time on its timers. A
   * program that chooses its own (TCP_CONGESTION) keeps it.
   */
  private static final String CONGESTION = " congctl reno";

  /**
   * Frames that may wait in the device. The kernel's 1000 are few for several hundred connections
   * with windows of 16 frames of 64 KiB each: it drops what does not fit, and the guest would have
   * to send it again.
   */
  private static final int QUEUE_LENGTH = 4096;

  /** Of the route that the kernel makes for an IPv6 address (IP6_RT_PRIO_ADDRCONF). */
  private static final int METRIC6 = 256;

  /**
   * Lines for {@code ip -batch}. Those for IPv6 are last, see {@link #firstIpv6Line}, because a
   * namespace may have IPv6 switched off. IPv6 addresses skip duplicate address detection (RFC
   * 4862, 5.4), so that they can be used at once: nobody else is on this link.
   */
  List<String> commands() {
    List<String> lines = new ArrayList<>();
    lines.add("link set lo up");
    lines.add("link set " + name + " mtu " + mtu + " txqueuelen " + QUEUE_LENGTH + " up");
    if (address4 != null) {
      lines.add("addr add " + address4 + " dev " + name);
      String source = address4.substring(0, address4.indexOf('/'));
      lines.add(
          ("route change " + Cidr.parse(address4) + " dev " + name)
              + (" proto kernel scope link src " + source + CONGESTION));
    }
    if (gateway4 != null) {
      lines.add("route add default via " + gateway4 + " dev " + name + CONGESTION);
    }
    if (address6 != null) {
      lines.add("addr add " + address6 + " dev " + name + " nodad");
      lines.add(
          ("route change " + Cidr.parse(address6) + " dev " + name)
              + (" proto kernel metric " + METRIC6 + CONGESTION));
    }
    if (gateway6 != null) {
      lines.add("route add default via " + gateway6 + " dev " + name + CONGESTION);
    }
    return List.copyOf(lines);
  }

  /** The number, from 1, of the first line that is about IPv6. */
  int firstIpv6Line() {
    return 3 + (address4 == null ? 0 : 2) + (gateway4 == null ? 0 : 1);
  }
}
