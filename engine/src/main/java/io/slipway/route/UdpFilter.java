package io.slipway.route;

/** Whose datagrams a mapping lets in (RFC 4787 §5). */
public enum UdpFilter {
  /** Anybody's: endpoint-independent filtering. */
  ENDPOINT,
  /** Those of hosts that the guest's endpoint has sent to: address-dependent filtering. */
  ADDRESS
}
