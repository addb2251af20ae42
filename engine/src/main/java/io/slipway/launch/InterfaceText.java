package io.slipway.launch;

import io.slipway.sys.TapFlags;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what iproute2 prints about one interface (ip-address(8), ip-route(8)). The plain text, not
 * the JSON: its words have been the same for decades, and it needs no parser of a foreign grammar.
 * No state.
 */
final class InterfaceText {
  private InterfaceText() {}

  /**
   * Puts the three answers together.
   *
   * @param link of {@code ip -d addr show dev NAME}, not empty
   * @param routes4 of {@code ip route show default dev NAME}
   * @param routes6 of {@code ip -6 route show default dev NAME}
   * @throws LaunchException when the device is not a TAP, or somebody else holds it
   */
  static InterfaceState parse(String name, String link, String routes4, String routes6) {
    int mtu = 0;
    String mac = null;
    TapFlags flags = null;
    List<String> addresses = new ArrayList<>();
    for (String line : link.lines().map(String::strip).toList()) {
      List<String> words = Arrays.asList(line.split("\\s+"));
      switch (words.get(0)) {
        case "link/ether" -> mac = words.get(1);
        case "tun" -> flags = tapFlags(name, words);
        case "inet", "inet6" -> addAddress(words, addresses);
        default -> {
          if (words.contains("mtu")) {
            mtu = Integer.parseInt(after(words, "mtu", "0"));
          }
        }
      }
    }
    if (flags == null) {
      throw new LaunchException(
          name + ": is not a TAP device; make one with 'ip tuntap add mode tap name NAME'");
    }
    return new InterfaceState(name, flags, mtu, mac, addresses, gateway(routes4), gateway(routes6));
  }

  private static TapFlags tapFlags(String name, List<String> words) {
    if (!after(words, "type", "").equals("tap")) {
      throw new LaunchException(
          name + ": is a TUN device, Slipway needs a TAP ('ip tuntap add mode tap name NAME')");
    }
    if (Integer.parseInt(after(words, "numqueues", "0")) > 0) {
      throw new LaunchException(GuestInterface.busy(name));
    }
    return new TapFlags(
        after(words, "pi", "").equals("on"),
        after(words, "vnet_hdr", "").equals("on"),
        words.contains("multi_queue"));
  }

  private static void addAddress(List<String> words, List<String> addresses) {
    boolean lasting = after(words, "scope", "").equals("global") && !words.contains("temporary");
    if (lasting) {
      String address = words.get(1);
      if (words.contains("peer")) {
        // "inet 10.0.0.1 peer 10.0.0.2/32": the prefix is the other end's, ours stands alone.
        address = words.get(1) + (words.get(0).equals("inet") ? "/32" : "/128");
      }
      addresses.add(address);
    }
  }

  private static @Nullable String gateway(String routes) {
    for (String line : routes.lines().toList()) {
      List<String> words = Arrays.asList(line.strip().split("\\s+"));
      if (words.contains("default") && words.contains("via")) {
        // "via inet6 fe80::1" is how an IPv4 route over an IPv6 next hop looks: not ours to serve.
        String gateway = after(words, "via", "");
        return gateway.startsWith("inet") ? null : gateway;
      }
    }
    return null;
  }

  private static String after(List<String> words, String word, String otherwise) {
    int at = words.indexOf(word);
    return at < 0 || at + 1 == words.size() ? otherwise : words.get(at + 1);
  }
}
