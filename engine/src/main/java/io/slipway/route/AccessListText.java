package io.slipway.route;

import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry of an {@link AccessList} out of its text. Cold code. */
final class AccessListText {

  private AccessListText() {}

  /** Reads one entry and adds what it stands for: several blocks when a name has several. */
  static void parse(String text, AccessList.Names names, List<AccessList.Entry> into) {
    int scheme = text.indexOf("://");
    Protocol protocol = scheme < 0 ? null : protocol(text.substring(0, scheme), text);
    String rest = scheme < 0 ? text : text.substring(scheme + 3);
    String host = rest;
    String ports = null;
    if (rest.startsWith("[")) {
      int close = rest.indexOf(']');
      boolean good = close == rest.length() - 1 || (close > 0 && rest.charAt(close + 1) == ':');
      if (!good) {
        throw new IllegalArgumentException(
            "\"" + text + "\": expected [ADDRESS] or [ADDRESS]:PORT");
      }
      host = rest.substring(1, close);
      ports = close == rest.length() - 1 ? null : rest.substring(close + 2);
    } else if (rest.indexOf(':') == rest.lastIndexOf(':') && rest.indexOf(':') >= 0) {
      host = rest.substring(0, rest.indexOf(':'));
      ports = rest.substring(rest.indexOf(':') + 1);
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("\"" + text + "\" names no address");
    }
    if (ports != null && protocol == Protocol.ICMP) {
      throw new IllegalArgumentException("\"" + text + "\": icmp has no ports");
    }
    Ports range = ports == null || ports.isEmpty() ? Ports.ALL : Ports.parseRange(ports, text);
    add(host, protocol, range, text, names, into);
  }

  private static void add(
      String host,
      @Nullable Protocol protocol,
      Ports ports,
      String text,
      AccessList.Names names,
      List<AccessList.Entry> into) {
    if (host.indexOf(':') >= 0 || host.indexOf('/') >= 0 || isNumeric(host)) {
      try {
        into.add(new AccessList.Entry(protocol, Cidr.parse(host), ports));
      } catch (IllegalArgumentException e) {
        throw host.equals(text) ? e : new IllegalArgumentException(quoted(text, e), e);
      }
      return;
    }
    try {
      for (IpAddress address : names.resolve(host)) {
        into.add(new AccessList.Entry(protocol, Cidr.of(address), ports));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(quoted(text, e), e);
    }
  }

  private static String quoted(String text, IllegalArgumentException cause) {
    return "\"" + text + "\": " + cause.getMessage();
  }

  private static @Nullable Protocol protocol(String scheme, String text) {
    for (Protocol protocol : Protocol.values()) {
      if (protocol.toString().equals(scheme)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\": \"" + scheme + "\" is not one of tcp, udp, icmp");
  }

  /** Digits and dots only: an address, even if a wrong one, and never asked for as a name. */
  private static boolean isNumeric(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c != '.' && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }
}
