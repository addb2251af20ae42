package io.slipway.stats;

/** Every reason for which a frame, packet, segment or datagram is refused. */
public enum Drop {
  FRAME_TOO_SHORT("frame shorter than its headers"),
  FRAME_TOO_LONG("frame longer than the link allows"),
  VIRTIO_MALFORMED("virtio header that contradicts its frame"),
  VLAN_TAGGED("VLAN-tagged frame"),
  UNKNOWN_ETHERTYPE("neither IPv4, IPv6 nor ARP"),
  NOT_FOR_US("frame to another station"),
  SOURCE_MAC_INVALID("frame from a group or our own Ethernet address"),

  ARP_MALFORMED("malformed ARP packet"),
  ARP_NOT_FOR_US("ARP packet that needs no answer"),
  NDP_MALFORMED("malformed neighbour discovery message"),
  NDP_NOT_FOR_US("neighbour discovery message that needs no answer"),
  NDP_RATE_LIMIT("router solicitation that comes too soon"),
  DHCP_MALFORMED("malformed DHCP message"),
  DHCP_NOT_FOR_US("DHCP message to another server"),
  DHCP_NO_ADDRESS("DHCP client for whom no address is left"),

  DNS_MALFORMED("DNS message that is no query, or too large"),
  DNS_LIMIT("DNS query beyond the bound on those under way"),
  DNS_UNANSWERED("DNS query that no resolver answered"),

  IPV4_BAD_VERSION("IPv4 frame with another version number"),
  IPV4_BAD_HEADER_LENGTH("IPv4 header length out of bounds"),
  IPV4_BAD_TOTAL_LENGTH("IPv4 total length out of bounds"),
  IPV4_BAD_CHECKSUM("IPv4 header checksum wrong"),
  IPV4_BAD_OPTION("IPv4 option malformed"),
  IPV4_SOURCE_ROUTED("IPv4 packet with a source route"),
  IPV6_BAD_VERSION("IPv6 frame with another version number"),
  IPV6_BAD_PAYLOAD_LENGTH("IPv6 payload length out of bounds"),
  IPV6_BAD_EXTENSION("IPv6 extension headers malformed, misplaced or too many"),
  IPV6_SOURCE_ROUTED("IPv6 routing header with segments left"),
  IPV6_MAPPED_ADDRESS("IPv6 header with an IPv4-mapped address"),
  IPV6_OFF("IPv6 packet while IPv6 is off"),
  SOURCE_NOT_GUEST("source address outside the guest's subnets"),
  SOURCE_FORBIDDEN("loopback, multicast, broadcast or our own address as source"),
  SOURCE_BEYOND_SCOPE("link-local source, and a destination beyond the link"),
  DESTINATION_LOOPBACK("loopback address as destination"),
  HOP_LIMIT_EXCEEDED("hop limit used up"),

  FRAGMENT_MALFORMED("fragment of impossible offset or length"),
  FRAGMENT_OVERLAP("fragments overlap"),
  FRAGMENT_LIMIT("too many or too large incomplete packets"),
  FRAGMENT_TIMEOUT("packet not completed in time"),

  UNKNOWN_PROTOCOL("transport protocol that is not carried"),
  MULTICAST("multicast destination"),
  BROADCAST("broadcast destination"),

  TCP_MALFORMED("malformed TCP header"),
  TCP_BAD_CHECKSUM("TCP checksum wrong"),
  TCP_OUT_OF_WINDOW("TCP segment outside the window"),
  TCP_OUT_OF_ORDER_LIMIT("TCP segment too far ahead to keep"),
  TCP_TIMESTAMP_OLD("TCP segment with an old timestamp"),
  TCP_CHALLENGE_LIMIT("TCP challenge ACK withheld by its rate limit"),
  UDP_MALFORMED("malformed UDP header"),
  UDP_BAD_CHECKSUM("UDP checksum wrong or missing"),
  ICMP_MALFORMED("malformed ICMP message"),
  ICMP_BAD_CHECKSUM("ICMP checksum wrong"),
  ICMP_UNSUPPORTED("ICMP message that is not carried"),
  ICMP_RATE_LIMIT("ICMP error withheld by its rate limit"),

  NO_FLOW("no such conversation"),
  FLOW_LIMIT("limit of flows reached"),
  MEMORY_LIMIT("limit of memory reached"),
  DESCRIPTOR_LIMIT("limit of descriptors reached"),
  REFUSED_BY_POLICY("refused by the policy"),
  NO_ROUTE("no route to the destination"),

  HANDOVER_FULL("frame or news for another queue's loop, which is behind"),

  TAP_WRITE_FAILED("the guest's device refused the frame"),
  TAP_READ_FAILED("the guest's device failed to give a frame"),
  DATAGRAM_TOO_LONG("datagram that cannot be carried"),
  HOST_SEND_FAILED("the host refused the datagram"),
  HOST_QUEUE_FULL("the host's socket buffer is full"),
  HOST_DATAGRAM_TRUNCATED("datagram from the host cut short"),
  HOST_SOURCE_FILTERED("datagram from a host that the mapping does not admit");

  private final String text;

  Drop(String text) {
    this.text = text;
  }

  /** One line for an operator. */
  public String text() {
    return text;
  }
}
