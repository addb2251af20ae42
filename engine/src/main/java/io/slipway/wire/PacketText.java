package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import java.util.Locale;

/**
 * A frame as one line of text, much as tcpdump would print it. For tests and traces: it allocates,
 * and it looks at every length itself, so that it may be given frames that no decoder has passed.
 */
public final class PacketText {

  private static final String FLAG_LETTERS = "FSRP.UEW";

  private PacketText() {}

  /** The line for the Ethernet frame in {@code [at, end)}, which begins behind a virtio header. */
  public static String of(ByteBuf frame, int at, int end) {
    if (!EthernetHeader.fits(frame, at, end)) {
      return "short frame, length " + (end - at);
    }
    int payload = at + EthernetHeader.LENGTH;
    int type = EthernetHeader.etherType(frame, at);
    return switch (type) {
      case EthernetHeader.TYPE_IPV4, EthernetHeader.TYPE_IPV6 -> ofIp(frame, payload, end);
      case EthernetHeader.TYPE_ARP -> arp(frame, payload, end);
      default ->
          MacAddress.text(EthernetHeader.source(frame, at))
              + " > "
              + MacAddress.text(EthernetHeader.destination(frame, at))
              + String.format(Locale.ROOT, ", ethertype 0x%04x, length %d", type, end - at);
    };
  }

  /** The line for the IP packet of either version in {@code [at, end)}. */
  public static String ofIp(ByteBuf frame, int at, int end) {
    int version = end > at ? frame.getUnsignedByte(at) >>> 4 : 0;
    if (version == 4 && Ipv4Header.fits(frame, at, end)) {
      return ipv4(frame, at, end);
    }
    if (version == 6 && Ipv6Header.fits(frame, at, end)) {
      return ipv6(frame, at, end);
    }
    return "short or unknown IP packet, version " + version + ", length " + (end - at);
  }

  private static String arp(ByteBuf frame, int at, int end) {
    if (!ArpPacket.fits(frame, at, end)) {
      return "ARP, malformed, length " + (end - at);
    }
    String sender = IpAddress.of(ArpPacket.senderAddress(frame, at)).toString();
    String target = IpAddress.of(ArpPacket.targetAddress(frame, at)).toString();
    return switch (ArpPacket.operation(frame, at)) {
      case ArpPacket.REQUEST -> "ARP, Request who-has " + target + " tell " + sender;
      case ArpPacket.REPLY ->
          "ARP, Reply " + sender + " is-at " + MacAddress.text(ArpPacket.senderMac(frame, at));
      default -> "ARP, operation " + ArpPacket.operation(frame, at);
    };
  }

  private static String ipv4(ByteBuf frame, int at, int end) {
    int from = at + Ipv4Header.headerLength(frame, at);
    int stop = Math.min(end, at + Ipv4Header.totalLength(frame, at));
    String source = IpAddress.of(Ipv4Header.source(frame, at)).toString();
    String destination = IpAddress.of(Ipv4Header.destination(frame, at)).toString();
    int protocol = Ipv4Header.protocol(frame, at);
    String what;
    if (Ipv4Header.isFragment(frame, at)) {
      what =
          fragment(
              source,
              destination,
              protocol,
              Ipv4Header.id(frame, at),
              Ipv4Header.fragmentOffset(frame, at),
              Ipv4Header.moreFragments(frame, at),
              stop - from);
    } else {
      what = transport(frame, from, stop, protocol, source, destination);
    }
    return "IP " + what;
  }

  private static String ipv6(ByteBuf frame, int at, int end) {
    int stop = Math.min(end, at + Ipv6Header.LENGTH + Ipv6Header.payloadLength(frame, at));
    String source =
        IpAddress.text(Ipv6Header.sourceHigh(frame, at), Ipv6Header.sourceLow(frame, at));
    String destination =
        IpAddress.text(Ipv6Header.destinationHigh(frame, at), Ipv6Header.destinationLow(frame, at));
    long walked = Ipv6Header.walk(frame, at, stop);
    if (walked < 0) {
      return "IP6 " + source + " > " + destination + ": malformed extension headers";
    }
    int from = Ipv6Header.transportAt(walked);
    int protocol = Ipv6Header.protocol(walked);
    if (protocol == Ipv6Header.FRAGMENT) {
      return "IP6 "
          + fragment(
              source,
              destination,
              Ipv6Header.fragmentNextHeader(frame, from),
              Ipv6Header.fragmentId(frame, from),
              Ipv6Header.fragmentOffset(frame, from),
              Ipv6Header.moreFragments(frame, from),
              stop - from - Ipv6Header.FRAGMENT_LENGTH);
    }
    return "IP6 " + transport(frame, from, stop, protocol, source, destination);
  }

  private static String fragment(
      String source, String destination, int protocol, int id, int offset, boolean more, int len) {
    return String.format(
        Locale.ROOT,
        "%s > %s: frag proto %d id %d offset %d%s length %d",
        source,
        destination,
        protocol,
        id,
        offset,
        more ? "+" : "",
        len);
  }

  private static String transport(
      ByteBuf frame, int at, int end, int protocol, String from, String to) {
    if (protocol == 6 && TcpHeader.fits(frame, at, end)) {
      return from
          + "."
          + TcpHeader.sourcePort(frame, at)
          + " > "
          + to
          + "."
          + TcpHeader.destinationPort(frame, at)
          + ": "
          + tcp(frame, at, end);
    }
    if (protocol == 17 && UdpHeader.fits(frame, at, end)) {
      return from
          + "."
          + UdpHeader.sourcePort(frame, at)
          + " > "
          + to
          + "."
          + UdpHeader.destinationPort(frame, at)
          + ": UDP, length "
          + (UdpHeader.length(frame, at) - UdpHeader.LENGTH);
    }
    String what = "proto " + protocol;
    boolean icmp = protocol == IcmpHeader.PROTOCOL || protocol == IcmpHeader.PROTOCOL_V6;
    if (icmp && IcmpHeader.fits(frame, at, end)) {
      what = icmp(frame, at, protocol == IcmpHeader.PROTOCOL_V6);
    }
    return from + " > " + to + ": " + what + ", length " + (end - at);
  }

  private static String tcp(ByteBuf frame, int at, int end) {
    int flags = TcpHeader.flags(frame, at);
    int header = TcpHeader.dataOffset(frame, at);
    int length = end - at - header;
    long seq = TcpHeader.seq(frame, at) & 0xFFFF_FFFFL;
    StringBuilder text = new StringBuilder("Flags [").append(flagLetters(flags)).append("], seq ");
    text.append(seq);
    if (length > 0) {
      text.append(':').append((seq + length) & 0xFFFF_FFFFL);
    }
    if ((flags & TcpHeader.ACK) != 0) {
      text.append(", ack ").append(TcpHeader.ack(frame, at) & 0xFFFF_FFFFL);
    }
    text.append(", win ").append(TcpHeader.window(frame, at));
    if (header > TcpHeader.LENGTH) {
      text.append(", options [")
          .append(options(frame, at + TcpHeader.LENGTH, at + header))
          .append(']');
    }
    return text.append(", length ").append(length).toString();
  }

  private static String flagLetters(int flags) {
    StringBuilder text = new StringBuilder(8);
    for (int bit : new int[] {1, 0, 2, 3, 5, 6, 7, 4}) {
      if ((flags & (1 << bit)) != 0) {
        text.append(FLAG_LETTERS.charAt(bit));
      }
    }
    return text.isEmpty() ? "none" : text.toString();
  }

  private static String options(ByteBuf frame, int from, int to) {
    TcpOptions options = new TcpOptions();
    boolean whole = options.parse(frame, from, to);
    StringBuilder text = new StringBuilder();
    if (options.mss() >= 0) {
      text.append(",mss ").append(options.mss());
    }
    if (options.windowScale() >= 0) {
      text.append(",wscale ").append(options.windowScale());
    }
    if (options.sackPermitted()) {
      text.append(",sackOK");
    }
    if (options.hasTimestamps()) {
      text.append(",TS val ").append(options.tsVal() & 0xFFFF_FFFFL);
      text.append(" ecr ").append(options.tsEcr() & 0xFFFF_FFFFL);
    }
    for (int i = 0; i < options.sackCount(); i++) {
      text.append(",sack ").append(options.sackLeft(i) & 0xFFFF_FFFFL);
      text.append(':').append(options.sackRight(i) & 0xFFFF_FFFFL);
    }
    if (!whole) {
      text.append(",malformed");
    }
    return text.isEmpty() ? "" : text.substring(1);
  }

  private static String icmp(ByteBuf frame, int at, boolean v6) {
    int type = IcmpHeader.type(frame, at);
    boolean request = type == (v6 ? IcmpHeader.ECHO_REQUEST_V6 : IcmpHeader.ECHO_REQUEST);
    boolean reply = type == (v6 ? IcmpHeader.ECHO_REPLY_V6 : IcmpHeader.ECHO_REPLY);
    String name = v6 ? "ICMP6" : "ICMP";
    if (request || reply) {
      return String.format(
          Locale.ROOT,
          "%s echo %s, id %d, seq %d",
          name,
          request ? "request" : "reply",
          IcmpHeader.id(frame, at),
          IcmpHeader.seq(frame, at));
    }
    return name + " type " + type + " code " + IcmpHeader.code(frame, at);
  }
}
