package io.slipway.launch;

import io.slipway.sys.TapFlags;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The guest's interface before we touched it. Immutable.
 *
 * @param name the device's name in the guest's namespace
 * @param flags how the TAP was made; null when there is no such device, so that it will be created
 * @param mtu in bytes, without the Ethernet header; 0 when there is no such device
 * @param mac its hardware address, {@code 02:00:00:00:00:01}; null when there is no such device
 * @param addresses those of global scope, IPv4 first, with prefix length: {@code 10.0.2.100/24}
 * @param gateway4 the default route's next hop through this device, or null
 * @param gateway6 the same for IPv6, or null
 */
public record InterfaceState(
    String name,
    @Nullable TapFlags flags,
    int mtu,
    @Nullable String mac,
    List<String> addresses,
    @Nullable String gateway4,
    @Nullable String gateway6) {

  /** Takes a copy of the list. */
  public InterfaceState {
    addresses = List.copyOf(addresses);
  }

  /** The state of a device that does not exist. */
  public static InterfaceState absent(String name) {
    return new InterfaceState(name, null, 0, null, List.of(), null, null);
  }

  /** Whether there is no such device yet, so that we create and configure it. */
  public boolean created() {
    return flags == null;
  }
}
