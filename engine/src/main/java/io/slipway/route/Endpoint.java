package io.slipway.route;

import io.slipway.wire.IpAddress;

/**
 * One end of a conversation.
 *
 * @param port 0..65535; 0 where there are no ports
 */
public record Endpoint(IpAddress address, int port) {

  /** Refuses a port that is none. */
  public Endpoint {
    if (port < 0 || port > 0xFFFF) {
      throw new IllegalArgumentException("port " + port + " is not in 0..65535");
    }
  }

  /**
   * Reads {@code 10.0.2.100:80} or {@code [fd00::1]:80}.
   *
   * @throws IllegalArgumentException quoting the text
   */
  public static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? text : text.substring(0, colon);
    boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
    if (colon < 0 || (host.indexOf(':') >= 0) != bracketed) {
      throw new IllegalArgumentException("\"" + text + "\" is not ADDRESS:PORT or [ADDRESS]:PORT");
    }
    String address = bracketed ? host.substring(1, host.length() - 1) : host;
    return new Endpoint(IpAddress.parse(address), Ports.parse(text.substring(colon + 1), text));
  }

  /** {@code 10.0.2.100:80}, or {@code [fd00::1]:80}. */
  @Override
  public String toString() {
    return address.isV4() ? address + ":" + port : "[" + address + "]:" + port;
  }
}
