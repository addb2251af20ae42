package io.slipway.egress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.wire.ArpPacket;
import io.slipway.wire.Checksum;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.Gather;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.MacAddress;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.UdpHeader;
import io.slipway.wire.VirtioNetHeader;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The one door through which packets leave for the guest. Owned by one Shard's event loop; not
 * thread-safe.
 *
 * <p>Every method writes the headers into the buffer that this object owns, hands the frame to the
 * sink and returns what the sink said; true means that the device has all frames. Payloads are
 * borrowed for the call. In every method the source is the remote that the guest talks to, and the
 * destination is the guest; both are of one family.
 */
public final class Egress {

  private static final int CAPACITY = 192;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;
  private static final int HOP_LIMIT = 64;
  private static final int MOST_IP_BYTES = 65_535;

  /** Datagrams that Linux takes in one frame (UDP_MAX_SEGMENTS until 6.9). */
  private static final int MOST_DATAGRAMS = 64;

  /**
   * Where the header of a datagram waits that leaves in fragments, behind all headers of a frame.
   */
  private static final int ASIDE = CAPACITY - UdpHeader.LENGTH;

  private final FrameSink sink;
  private final Neighbors neighbors;
  private final Counters counters;
  private final long ourMac;
  private final int mtu;
  private final boolean partialChecksum;
  private final boolean tso4;
  private final boolean tso6;
  private final boolean uso;
  private final int ethernetAt;
  private final int ipAt;
  private final ByteBuf header = Unpooled.directBuffer(CAPACITY, CAPACITY);
  private final Gather body = new Gather();
  private final GatherCut cut = new GatherCut();
  private boolean closed;
  private final int identificationStep;
  private int identification;

  /**
   * Opens the door to the only queue of a device.
   *
   * @param mtu the device's, in bytes of IP packet
   */
  public Egress(Lan lan, FrameSink sink, Neighbors neighbors, Counters counters, int mtu) {
    this(lan, sink, neighbors, counters, mtu, 1, 0);
  }

  /**
   * Opens the door to one of several queues of a device. Each has identifications of its own, so
   * that the guest never puts fragments of two packets together (RFC 6864 §4).
   *
   * @param mtu the device's, in bytes of IP packet
   * @param queues how many there are
   * @param own which of them, from 0 on
   */
  public Egress(
      Lan lan,
      FrameSink sink,
      Neighbors neighbors,
      Counters counters,
      int mtu,
      int queues,
      int own) {
    // A power of two, so that it stays apart when 16 bits of it wrap.
    this.identificationStep = Integer.highestOneBit(2 * queues - 1);
    this.identification = (ThreadLocalRandom.current().nextInt() & -identificationStep) | own;
    this.sink = sink;
    this.neighbors = neighbors;
    this.counters = counters;
    this.ourMac = lan.mac().value();
    this.mtu = mtu;
    this.partialChecksum = sink.offload().checksum();
    this.tso4 = sink.offload().tso4();
    this.tso6 = sink.offload().tso6();
    this.uso = sink.offload().uso();
    this.ethernetAt = sink.virtioHeaderLength();
    this.ipAt = ethernetAt + EthernetHeader.LENGTH;
    header.setZero(0, CAPACITY);
  }

  /**
   * The largest payload for one call of {@link #tcp}: full segments of {@code mss} bytes that
   * together fit an IP packet, but at least one segment.
   *
   * @param optionsLength bytes of TCP options
   */
  public static int maxTcpPayload(boolean v6, int optionsLength, int mss) {
    int room = MOST_IP_BYTES - ipLength(v6) - TcpHeader.LENGTH - optionsLength;
    return Math.max(mss, room - room % mss);
  }

  /** The MTU of the device, in bytes of IP packet. */
  public int mtu() {
    return mtu;
  }

  /**
   * Sends one segment, or the segments of a payload larger than {@code mss}: as one frame where the
   * device cuts it, otherwise cut here. FIN and PSH are on the last of them, CWR on the first.
   *
   * @param window the field as it stands on the wire, already scaled
   * @param options the options in bytes {@code [0, optionsLength)}, a multiple of four
   * @param payload at most {@link #maxTcpPayload} bytes; null for none
   * @param mss payload bytes of one segment
   */
  public boolean tcp(
      long sourceHigh,
      long sourceLow,
      int sourcePort,
      long destinationHigh,
      long destinationLow,
      int destinationPort,
      int seq,
      int ack,
      int flags,
      int window,
      ByteBuf options,
      int optionsLength,
      @Nullable Gather payload,
      int mss,
      int trafficClass) {
    if (closed) {
      return false;
    }
    int payloadLength = payload == null ? 0 : payload.total();
    int dataOffset = TcpHeader.LENGTH + optionsLength;
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    int at = ipAt + ipLength(v6);
    ip(
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow,
        PROTOCOL_TCP,
        dataOffset + payloadLength,
        HOP_LIMIT,
        trafficClass);
    TcpHeader.set(header, at, sourcePort, destinationPort, seq, ack, dataOffset, flags, window);
    // Word by word: a bulk copy between direct buffers would allocate their NIO views.
    for (int i = 0; i < optionsLength; i += 4) {
      header.setInt(at + TcpHeader.LENGTH + i, options.getInt(i));
    }
    long pseudo =
        Checksum.pseudo(
            sourceHigh, sourceLow, destinationHigh, destinationLow, PROTOCOL_TCP, dataOffset);
    if (payload == null || payloadLength <= mss) {
      return segment(v6, at, dataOffset, pseudo, payload, payloadLength, 0, flags);
    }
    if (v6 ? tso6 : tso4) {
      return segment(v6, at, dataOffset, pseudo, payload, payloadLength, mss, flags);
    }
    return segments(v6, at, dataOffset, pseudo, payload, seq, flags, mss);
  }

  /** One frame per {@code mss} bytes; the headers of the whole are in place and are changed. */
  private boolean segments(
      boolean v6,
      int at,
      int dataOffset,
      long pseudo,
      Gather payload,
      int seq,
      int flags,
      int mss) {
    int total = payload.total();
    boolean sent = true;
    cut.begin(payload);
    for (int from = 0; from < total; from += mss) {
      int length = Math.min(mss, total - from);
      boolean last = from + length == total;
      int withoutFirst = from == 0 ? flags : flags & ~TcpHeader.CWR;
      int theirs = last ? withoutFirst : withoutFirst & ~(TcpHeader.FIN | TcpHeader.PSH);
      if (v6) {
        Ipv6Header.setPayloadLength(header, ipAt, dataOffset + length);
      } else {
        int packet = Ipv4Header.LENGTH + dataOffset + length;
        Ipv4Header.refit(header, ipAt, packet, nextIdentification(), Ipv4Header.DONT_FRAGMENT);
      }
      TcpHeader.setSeq(header, at, seq + from);
      TcpHeader.setFlags(header, at, theirs);
      sent &= segment(v6, at, dataOffset, pseudo, cut.next(length), length, 0, theirs);
    }
    cut.end();
    return sent;
  }

  /** Completes the TCP and virtio headers and emits. {@code gsoSize} is 0 for a single segment. */
  private boolean segment(
      boolean v6,
      int at,
      int dataOffset,
      long pseudo,
      @Nullable Gather payload,
      int payloadLength,
      int gsoSize,
      int flags) {
    long sum = pseudo + payloadLength;
    if (partialChecksum) {
      TcpHeader.setChecksum(header, at, Checksum.fold(sum));
    } else {
      TcpHeader.setChecksum(header, at, 0);
      sum += Checksum.sum(header, at, dataOffset);
      sum += payload == null ? 0 : Checksum.sum(payload);
      TcpHeader.setChecksum(header, at, Checksum.finish(sum));
    }
    int type = VirtioNetHeader.GSO_NONE;
    if (gsoSize > 0) {
      type = v6 ? VirtioNetHeader.GSO_TCPV6 : VirtioNetHeader.GSO_TCPV4;
      type |= (flags & TcpHeader.CWR) != 0 ? VirtioNetHeader.GSO_ECN : 0;
    }
    virtio(type, at + dataOffset, gsoSize, at, TcpHeader.CHECKSUM_OFFSET);
    return emit(at + dataOffset, payload, payloadLength);
  }

  /**
   * Sends one datagram, in fragments when it is larger than the MTU.
   *
   * @param length bytes of payload, at most what an IP packet holds
   */
  public boolean udp(
      long sourceHigh,
      long sourceLow,
      int sourcePort,
      long destinationHigh,
      long destinationLow,
      int destinationPort,
      ByteBuf payload,
      int offset,
      int length,
      int hopLimit,
      int trafficClass) {
    return datagram(
        sourceHigh,
        sourceLow,
        sourcePort,
        destinationHigh,
        destinationLow,
        destinationPort,
        payload,
        offset,
        length,
        0,
        hopLimit,
        trafficClass);
  }

  /**
   * Sends datagrams of one size that lie behind each other, the last of which may be shorter: as
   * one frame where the device cuts it and they fit the MTU, otherwise one by one.
   *
   * @param length bytes of payload of all of them
   * @param size bytes of payload of each; 0 when it is only one
   */
  public boolean datagrams(
      long sourceHigh,
      long sourceLow,
      int sourcePort,
      long destinationHigh,
      long destinationLow,
      int destinationPort,
      ByteBuf payload,
      int offset,
      int length,
      int size,
      int hopLimit,
      int trafficClass) {
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    boolean together = uso && ipLength(v6) + UdpHeader.LENGTH + size <= mtu;
    int step = size == 0 ? length : together ? MOST_DATAGRAMS * size : size;
    boolean sent = true;
    int from = 0;
    do {
      int part = Math.min(step, length - from);
      sent &=
          datagram(
              sourceHigh,
              sourceLow,
              sourcePort,
              destinationHigh,
              destinationLow,
              destinationPort,
              payload,
              offset + from,
              part,
              part > size ? size : 0,
              hopLimit,
              trafficClass);
      from += part;
    } while (from < length);
    return sent;
  }

  /** With a {@code gsoSize}, datagrams of so many bytes that the device shall cut; else one. */
  private boolean datagram(
      long sourceHigh,
      long sourceLow,
      int sourcePort,
      long destinationHigh,
      long destinationLow,
      int destinationPort,
      ByteBuf payload,
      int offset,
      int length,
      int gsoSize,
      int hopLimit,
      int trafficClass) {
    if (closed) {
      return false;
    }
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    int total = UdpHeader.LENGTH + length;
    boolean whole = gsoSize > 0 || ipLength(v6) + total <= mtu;
    long sum =
        Checksum.pseudo(
            sourceHigh, sourceLow, destinationHigh, destinationLow, PROTOCOL_UDP, total);
    int at = whole ? ipAt + ipLength(v6) : ASIDE;
    UdpHeader.set(header, at, sourcePort, destinationPort, total, 0);
    if (whole && partialChecksum) {
      UdpHeader.setChecksum(header, at, Checksum.fold(sum));
    } else {
      sum += Checksum.sum(header, at, UdpHeader.LENGTH) + Checksum.sum(payload, offset, length);
      UdpHeader.setChecksum(header, at, Checksum.finishUdp(sum));
    }
    body.clear();
    if (!whole) {
      body.add(header, ASIDE, UdpHeader.LENGTH);
    }
    body.add(payload, offset, length);
    boolean sent;
    if (whole) {
      ip(
          sourceHigh,
          sourceLow,
          destinationHigh,
          destinationLow,
          PROTOCOL_UDP,
          total,
          hopLimit,
          trafficClass);
      int type = gsoSize > 0 ? VirtioNetHeader.GSO_UDP_L4 : VirtioNetHeader.GSO_NONE;
      virtio(type, at + UdpHeader.LENGTH, gsoSize, at, UdpHeader.CHECKSUM_OFFSET);
      sent = emit(at + UdpHeader.LENGTH, length == 0 ? null : body, length);
    } else {
      sent =
          fragments(
              sourceHigh,
              sourceLow,
              destinationHigh,
              destinationLow,
              PROTOCOL_UDP,
              hopLimit,
              trafficClass);
    }
    body.clear();
    return sent;
  }

  /**
   * Sends an ICMP or ICMPv6 message, by the family of the addresses, in fragments when it is larger
   * than the MTU.
   *
   * @param message from the ICMP type on; its checksum field is overwritten with the right value
   * @param trafficClass of the IP header, in IPv4 called type of service
   */
  public boolean icmp(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      ByteBuf message,
      int offset,
      int length,
      int hopLimit,
      int trafficClass) {
    if (closed) {
      return false;
    }
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    int protocol = v6 ? IcmpHeader.PROTOCOL_V6 : IcmpHeader.PROTOCOL;
    // RFC 4443 §2.3 sums a pseudo-header, RFC 792 does not.
    long sum =
        v6
            ? Checksum.pseudo(
                sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, length)
            : 0;
    IcmpHeader.setChecksum(message, offset, 0);
    sum += Checksum.sum(message, offset, length);
    IcmpHeader.setChecksum(message, offset, Checksum.finish(sum));
    body.clear();
    body.add(message, offset, length);
    boolean sent;
    if (ipLength(v6) + length <= mtu) {
      ip(
          sourceHigh,
          sourceLow,
          destinationHigh,
          destinationLow,
          protocol,
          length,
          hopLimit,
          trafficClass);
      complete();
      sent = emit(ipAt + ipLength(v6), body, length);
    } else {
      sent =
          fragments(
              sourceHigh,
              sourceLow,
              destinationHigh,
              destinationLow,
              protocol,
              hopLimit,
              trafficClass);
    }
    body.clear();
    return sent;
  }

  /**
   * Sends an ARP packet whose sender is our Ethernet address.
   *
   * @param operation {@link ArpPacket#REQUEST} or {@link ArpPacket#REPLY}
   * @param destinationMac where the frame goes, broadcast for a request
   */
  public boolean arp(
      int operation, long destinationMac, int senderAddress, long targetMac, int targetAddress) {
    if (closed) {
      return false;
    }
    EthernetHeader.set(header, ethernetAt, destinationMac, ourMac, EthernetHeader.TYPE_ARP);
    ArpPacket.set(header, ipAt, operation, ourMac, senderAddress, targetMac, targetAddress);
    complete();
    return emit(ipAt + ArpPacket.LENGTH, null, 0);
  }

  /** Sends {@link #body} in fragments (RFC 791 §3.2, RFC 8200 §4.5). */
  private boolean fragments(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int hopLimit,
      int trafficClass) {
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    int headers = v6 ? Ipv6Header.LENGTH + Ipv6Header.FRAGMENT_LENGTH : Ipv4Header.LENGTH;
    int room = (mtu - headers) & ~7;
    int total = body.total();
    identification += identificationStep;
    int id = identification;
    ip(
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow,
        v6 ? Ipv6Header.FRAGMENT : protocol,
        0,
        hopLimit,
        trafficClass);
    complete();
    boolean sent = true;
    cut.begin(body);
    for (int from = 0; from < total; from += room) {
      int length = Math.min(room, total - from);
      boolean more = from + length < total;
      if (v6) {
        Ipv6Header.setPayloadLength(header, ipAt, Ipv6Header.FRAGMENT_LENGTH + length);
        int fragmentAt = ipAt + Ipv6Header.LENGTH;
        Ipv6Header.setFragment(header, fragmentAt, protocol, from, more, id);
      } else {
        int place = (more ? Ipv4Header.MORE_FRAGMENTS : 0) | from >> 3;
        Ipv4Header.refit(header, ipAt, headers + length, id & 0xFFFF, place);
      }
      counters.count(Count.FRAGMENTS_OUT);
      sent &= emit(ipAt + headers, cut.next(length), length);
    }
    cut.end();
    return sent;
  }

  /** Writes the Ethernet and IP headers of a packet with {@code length} bytes after them. */
  private void ip(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int length,
      int hopLimit,
      int trafficClass) {
    boolean v6 = !IpAddress.isV4(destinationHigh, destinationLow);
    int headerLength = ipLength(v6);
    if (headerLength + length > MOST_IP_BYTES) {
      throw new IllegalArgumentException("an IP packet does not hold " + length + " bytes");
    }
    long mac =
        v6 && IpAddress.isMulticast(destinationHigh, destinationLow)
            ? MacAddress.multicast6(destinationLow)
            : neighbors.lookup(destinationHigh, destinationLow);
    if (v6) {
      EthernetHeader.set(header, ethernetAt, mac, ourMac, EthernetHeader.TYPE_IPV6);
      Ipv6Header.set(header, ipAt, trafficClass, length, protocol, hopLimit);
      Ipv6Header.setAddresses(header, ipAt, sourceHigh, sourceLow, destinationHigh, destinationLow);
    } else {
      EthernetHeader.set(header, ethernetAt, mac, ourMac, EthernetHeader.TYPE_IPV4);
      Ipv4Header.set(
          header,
          ipAt,
          trafficClass,
          headerLength + length,
          nextIdentification(),
          protocol == IcmpHeader.PROTOCOL ? 0 : Ipv4Header.DONT_FRAGMENT, // like Linux
          hopLimit,
          protocol,
          IpAddress.v4(sourceLow),
          IpAddress.v4(destinationLow));
    }
  }

  /** Fills the virtio header in: what the device shall finish, if it is one that does. */
  private void virtio(int type, int headersEnd, int gsoSize, int checksumFrom, int checksumAt) {
    if (partialChecksum) {
      VirtioNetHeader.set(
          header,
          0,
          VirtioNetHeader.NEEDS_CSUM,
          type,
          headersEnd - ethernetAt,
          gsoSize,
          checksumFrom - ethernetAt,
          checksumAt);
    } else {
      complete();
    }
  }

  /** Says that the frame is complete as it is. */
  private void complete() {
    if (ethernetAt > 0) {
      VirtioNetHeader.clear(header, 0);
    }
  }

  private boolean emit(int headerLength, @Nullable Gather payload, int payloadLength) {
    boolean sent = sink.emit(header, headerLength, payload);
    if (sent) {
      counters.frameOut(headerLength - ethernetAt + payloadLength);
    }
    return sent;
  }

  private static int ipLength(boolean v6) {
    return v6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
  }

  private int nextIdentification() {
    identification += identificationStep;
    return identification & 0xFFFF;
  }

  /** Shuts the door: the header buffer is freed, and whatever is sent from now on is refused. */
  public void close() {
    if (!closed) {
      closed = true;
      header.release();
    }
  }
}
