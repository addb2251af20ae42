package io.slipway.stats;

/** What is counted besides drops. In is from the guest, out is to the guest. */
public enum Count {
  FRAMES_IN("frames from the guest"),
  FRAMES_OUT("frames to the guest"),
  BYTES_IN("bytes of frames from the guest"),
  BYTES_OUT("bytes of frames to the guest"),
  BATCHES("batches of frames read"),

  TCP_SEGMENTS_IN("TCP segments from the guest"),
  TCP_SEGMENTS_OUT("TCP segments to the guest, before segmentation"),
  TCP_RETRANSMITS("TCP segments sent again"),
  TCP_TIMEOUTS("TCP retransmission timeouts"),
  TCP_RESETS_IN("TCP resets from the guest"),
  TCP_RESETS_OUT("TCP resets to the guest"),
  TCP_OUT_OF_ORDER("TCP segments kept because they came early"),
  TCP_DUPLICATES("TCP segments that brought nothing new"),
  TCP_ZERO_WINDOW_PROBES("TCP probes of a closed window"),
  TCP_CHALLENGE_ACKS("TCP challenge ACKs"),

  UDP_DATAGRAMS_IN("UDP datagrams from the guest"),
  UDP_DATAGRAMS_OUT("UDP datagrams to the guest"),
  ICMP_IN("ICMP messages from the guest"),
  ICMP_OUT("ICMP messages to the guest"),
  ICMP_ERRORS_OUT("ICMP errors to the guest"),
  GROUP_MESSAGES("messages about membership in multicast groups, which go no further"),
  ARP_REPLIES("ARP replies"),
  NDP_REPLIES("neighbour advertisements"),
  NDP_LEARNED("neighbour advertisements from the guest that said where it is"),
  ROUTER_ADVERTISEMENTS("router advertisements"),
  DNS_QUERIES("DNS queries"),
  DHCP_REPLIES("DHCP replies"),
  FRAGMENTS_IN("IP fragments from the guest"),
  FRAGMENTS_OUT("IP fragments to the guest"),
  REASSEMBLED("IP packets put together"),

  FLOWS_OPENED("flows opened"),
  FLOWS_CLOSED("flows closed"),
  FLOWS_REFUSED("flows refused");

  private final String text;

  Count(String text) {
    this.text = text;
  }

  /** One line for an operator. */
  public String text() {
    return text;
  }
}
