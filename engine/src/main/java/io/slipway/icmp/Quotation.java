package io.slipway.icmp;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Checksum;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.UdpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Writes the start of a packet that the guest once sent, for an error to quote. Owned by one {@link
 * IcmpErrors}. Every method returns the bytes written, which are never more than an error may
 * quote.
 */
final class Quotation {
  /** RFC 1812 §4.3.2.3: as much of the packet as fits 576 bytes of ICMP datagram. */
  static final int MOST_V4 = 576 - Ipv4Header.LENGTH - IcmpHeader.LENGTH;

  /** RFC 4443 §2.4 c: as much as fits the minimum IPv6 MTU. */
  static final int MOST_V6 = 1280 - Ipv6Header.LENGTH - IcmpHeader.LENGTH;

  private static final int HOP_LIMIT = 64;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  private final ByteBuf message;
  private final int at;

  /** Quotations in {@code message} from {@code at} on. */
  Quotation(ByteBuf message, int at) {
    this.message = message;
    this.at = at;
  }

  /** A datagram, or what is known of it. */
  int udp(
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      @Nullable ByteBuf payload,
      int offset,
      int length) {
    int carried = payload == null ? 0 : length;
    int datagram = UdpHeader.LENGTH + carried;
    int udpAt = ip(guestHigh, guestLow, remoteHigh, remoteLow, PROTOCOL_UDP, datagram);
    UdpHeader.set(message, udpAt, guestPort, remotePort, datagram, 0);
    if (payload != null) {
      // as the guest's kernel computed it: whoever compares the quotation with what it sent is to
      // recognize it
      long sum =
          Checksum.pseudo(guestHigh, guestLow, remoteHigh, remoteLow, PROTOCOL_UDP, datagram);
      sum = Checksum.add(sum, Checksum.sum(message, udpAt, UdpHeader.LENGTH));
      sum = Checksum.add(sum, Checksum.sum(payload, offset, carried));
      UdpHeader.setChecksum(message, udpAt, Checksum.finishUdp(sum));
    }
    return body(udpAt + UdpHeader.LENGTH, payload, offset, carried);
  }

  /** A SYN without its options, which nobody looks at. */
  int tcp(
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int seq) {
    int tcpAt = ip(guestHigh, guestLow, remoteHigh, remoteLow, PROTOCOL_TCP, TcpHeader.LENGTH);
    TcpHeader.set(message, tcpAt, guestPort, remotePort, seq, 0, TcpHeader.LENGTH, 0, 0);
    return tcpAt + TcpHeader.LENGTH - at;
  }

  /** An echo request that begins with its ICMP header. */
  int echo(
      long guestHigh,
      long guestLow,
      long remoteHigh,
      long remoteLow,
      ByteBuf request,
      int offset,
      int length) {
    boolean v6 = !IpAddress.isV4(guestHigh, guestLow);
    int protocol = v6 ? IcmpHeader.PROTOCOL_V6 : IcmpHeader.PROTOCOL;
    int icmpAt = ip(guestHigh, guestLow, remoteHigh, remoteLow, protocol, length);
    return body(icmpAt, request, offset, length);
  }

  /** The IP header of a packet with {@code length} bytes behind it; returns where those begin. */
  private int ip(
      long guestHigh, long guestLow, long remoteHigh, long remoteLow, int protocol, int length) {
    if (!IpAddress.isV4(guestHigh, guestLow)) {
      Ipv6Header.set(message, at, 0, length, protocol, HOP_LIMIT);
      Ipv6Header.setAddresses(message, at, guestHigh, guestLow, remoteHigh, remoteLow);
      return at + Ipv6Header.LENGTH;
    }
    int total = Ipv4Header.LENGTH + length;
    int guest = IpAddress.v4(guestLow);
    int remote = IpAddress.v4(remoteLow);
    Ipv4Header.set(message, at, 0, total, 0, 0, HOP_LIMIT, protocol, guest, remote);
    return at + Ipv4Header.LENGTH;
  }

  private int body(int bodyAt, @Nullable ByteBuf body, int offset, int length) {
    boolean v6 = message.getUnsignedByte(at) >>> 4 == 6;
    int quoted = Math.min(length, (v6 ? MOST_V6 : MOST_V4) - (bodyAt - at));
    if (body != null) {
      message.setBytes(bodyAt, body, offset, quoted);
    }
    return bodyAt + quoted - at;
  }
}
