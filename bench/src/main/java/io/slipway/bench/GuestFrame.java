package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.route.Lan;
import io.slipway.wire.Checksum;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import io.slipway.wire.VirtioNetHeader;

/**
 * One TCP frame as the guest's kernel writes it to the TAP, in a buffer that is used again and
 * again: what changes from segment to segment is set in place. Owned by one {@link GuestLine}.
 */
final class GuestFrame implements AutoCloseable {
  static final int GUEST_PORT = 40_000;
  static final int REMOTE_PORT = 80;
  static final IpAddress REMOTE4 = IpAddress.parse("198.51.100.7");
  static final IpAddress REMOTE6 = IpAddress.parse("2001:db8::7");
  static final int SYN_OPTIONS = 8;

  private static final long GUEST_MAC = 0x0A11_2233_4455L;
  private static final int PROTOCOL_TCP = 6;
  private static final int WINDOW = 0xFFFF;
  private static final int WINDOW_SHIFT = 7;

  private final ByteBuf buffer;
  private final int tcpAt;
  private final int dataOffset;
  private final int payload;
  private final boolean offload;
  private final long pseudo;
  private final int payloadSum;

  /**
   * A frame of the guest's first connection.
   *
   * @param offload whether it has a virtio header, which leaves the checksum to us and, above the
   *     MSS, the cutting
   * @param options bytes of TCP options: 0, or {@link #SYN_OPTIONS}
   * @param payload bytes of TCP payload
   */
  GuestFrame(Lan lan, boolean v6, boolean offload, int options, int payload) {
    this.offload = offload;
    this.payload = payload;
    dataOffset = TcpHeader.LENGTH + options;
    int virtio = offload ? VirtioNetHeader.LENGTH : 0;
    int ipAt = virtio + EthernetHeader.LENGTH;
    tcpAt = ipAt + (v6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH);
    int transport = dataOffset + payload;
    buffer = ByteBufAllocator.DEFAULT.directBuffer(tcpAt + transport);
    buffer.writeZero(tcpAt + transport);
    if (offload) {
      virtio(v6, payload);
    }
    EthernetHeader.set(
        buffer,
        virtio,
        lan.mac().value(),
        GUEST_MAC,
        v6 ? EthernetHeader.TYPE_IPV6 : EthernetHeader.TYPE_IPV4);
    IpAddress guest = guest(lan, v6);
    IpAddress remote = v6 ? REMOTE6 : REMOTE4;
    if (v6) {
      Ipv6Header.set(buffer, ipAt, 0, transport, PROTOCOL_TCP, 64);
      Ipv6Header.setAddresses(buffer, ipAt, guest.high(), guest.low(), remote.high(), remote.low());
    } else {
      Ipv4Header.set(
          buffer,
          ipAt,
          0,
          Ipv4Header.LENGTH + transport,
          7,
          Ipv4Header.DONT_FRAGMENT,
          64,
          PROTOCOL_TCP,
          guest.v4(),
          remote.v4());
    }
    if (options > 0) {
      int at = TcpOptions.writeMss(buffer, tcpAt + TcpHeader.LENGTH, GuestLine.MSS);
      TcpOptions.writeWindowScale(buffer, at, WINDOW_SHIFT);
    }
    pseudo =
        Checksum.pseudo(
            guest.high(), guest.low(), remote.high(), remote.low(), PROTOCOL_TCP, transport);
    payloadSum = Checksum.sum(buffer, tcpAt + TcpHeader.LENGTH, transport - TcpHeader.LENGTH);
  }

  private static IpAddress guest(Lan lan, boolean v6) {
    IpAddress guest6 = lan.guest6();
    return v6 && guest6 != null ? guest6 : lan.guest4();
  }

  private void virtio(boolean v6, int length) {
    int type = v6 ? VirtioNetHeader.GSO_TCPV6 : VirtioNetHeader.GSO_TCPV4;
    boolean large = length > GuestLine.MSS;
    VirtioNetHeader.set(
        buffer,
        0,
        VirtioNetHeader.NEEDS_CSUM,
        large ? type : VirtioNetHeader.GSO_NONE,
        tcpAt + dataOffset - VirtioNetHeader.LENGTH,
        large ? GuestLine.MSS : 0,
        tcpAt - VirtioNetHeader.LENGTH,
        TcpHeader.CHECKSUM_OFFSET);
  }

  /** Makes this segment of it. Without offload its checksum is right. */
  ByteBuf segment(int seq, int ack, int flags) {
    TcpHeader.set(buffer, tcpAt, GUEST_PORT, REMOTE_PORT, seq, ack, dataOffset, flags, WINDOW);
    if (!offload) {
      long header = pseudo + Checksum.sum(buffer, tcpAt, TcpHeader.LENGTH);
      TcpHeader.setChecksum(buffer, tcpAt, Checksum.finish(header + payloadSum));
    }
    return buffer;
  }

  /** Bytes of TCP payload. */
  int payload() {
    return payload;
  }

  @Override
  public void close() {
    buffer.release();
  }
}
