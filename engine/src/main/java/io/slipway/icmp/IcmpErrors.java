package io.slipway.icmp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Egress;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.MacAddress;
import io.slipway.wire.NdpMessage;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * Builds ICMP errors for the guest, and keeps to the rules about when not to. Owned by one Shard's
 * event loop; not thread-safe.
 */
public final class IcmpErrors {

  private static final int ERRORS_PER_SECOND = 100;
  private static final int BURST = 200;
  private static final int HOP_LIMIT = 64;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;

  /** RFC 1812 4.3.2.5: the precedence of errors. */
  private static final int INTERNETWORK_CONTROL = 0xC0;

  /** RFC 1349 §3: the bits of the type of service, without the precedence. */
  private static final int TYPE_OF_SERVICE = 0x1E;

  /** ICMPv6 code of a parameter problem that is an unknown next header (RFC 4443 §3.4). */
  private static final int UNKNOWN_NEXT_HEADER = 1;

  private static final int QUOTE_AT = IcmpHeader.LENGTH;

  private final Egress egress;
  private final Lan lan;
  private final Counters counters;
  private boolean closed;
  private final TokenBuckets buckets;
  private final ByteBuf message =
      Unpooled.directBuffer(QUOTE_AT + Quotation.MOST_V6, QUOTE_AT + Quotation.MOST_V6);
  private final Quotation quotation = new Quotation(message, QUOTE_AT);

  /**
   * Errors that leave through {@code egress}; routers' errors come from the gateway of {@code lan}.
   */
  public IcmpErrors(Egress egress, Lan lan, Counters counters) {
    this(egress, lan, counters, 1);
  }

  /**
   * The same for one of several loops that send to one guest.
   *
   * @param loops how many share the rate; each is given its part of it, one a second at least
   */
  public IcmpErrors(Egress egress, Lan lan, Counters counters, int loops) {
    this.buckets =
        new TokenBuckets(Math.max(1, ERRORS_PER_SECOND / loops), Math.max(1, BURST / loops));
    this.egress = egress;
    this.lan = lan;
    this.counters = counters;
    message.setZero(0, message.capacity());
  }

  /**
   * Tells the guest about the packet at hand.
   *
   * @param detail the MTU to report with {@link IcmpError#FRAGMENTATION_NEEDED}; of a header field
   *     that makes no sense, where it is: in the highest byte for IPv4, in all four for IPv6;
   *     otherwise 0
   * @param offender the guest's packet, with its transport part found
   * @return true when the error has left; false when the rules, the rate or the device were against
   *     it
   */
  public boolean send(IcmpError error, int detail, Packet offender, long nowNanos) {
    return send(error, detail, offender, error.isFromDestination(), nowNanos);
  }

  /** The same in the name of the router on the way, which looks at every packet, too. */
  public boolean sendAsRouter(IcmpError error, int detail, Packet offender, long nowNanos) {
    boolean ours = lan.isOurs(offender.destinationHigh(), offender.destinationLow());
    return send(error, detail, offender, ours, nowNanos);
  }

  private boolean send(
      IcmpError error, int detail, Packet offender, boolean fromDestination, long nowNanos) {
    if (closed || !mayBeAnswered(error, offender)) {
      return false;
    }
    boolean v6 = offender.isV6();
    int quoted = Math.min(offender.ipLength(), v6 ? Quotation.MOST_V6 : Quotation.MOST_V4);
    message.setBytes(QUOTE_AT, offender.frame(), offender.ipAt(), quoted);
    boolean named = v6 && error == IcmpError.PROTOCOL_UNREACHABLE && detail == 0;
    int rest = named ? nextHeaderField(offender) : detail;
    long guestHigh = offender.sourceHigh();
    long guestLow = offender.sourceLow();
    long high = offender.destinationHigh();
    long low = offender.destinationLow();
    IpAddress gateway = v6 ? lan.gateway6() : lan.gateway4();
    if ((fromDestination && !IpAddress.isMulticast(high, low)) || gateway == null) {
      return emit(
          error.type(v6),
          error.code(v6),
          rest,
          high,
          low,
          guestHigh,
          guestLow,
          quoted,
          trafficClass(offender),
          nowNanos);
    }
    boolean near = v6 && IpAddress.isLinkLocal(guestHigh, guestLow);
    return emit(
        error.type(v6),
        error.code(v6),
        rest,
        near ? Lan.LINK_LOCAL_HIGH : gateway.high(),
        near ? lan.linkLocalLow() : gateway.low(),
        guestHigh,
        guestLow,
        quoted,
        trafficClass(offender),
        nowNanos);
  }

  /**
   * RFC 1812 §4.3.2.5: an error has the type of service of its cause, and a precedence of its own.
   */
  private static int trafficClass(Packet offender) {
    return offender.isV6() ? 0 : INTERNETWORK_CONTROL | (offender.trafficClass() & TYPE_OF_SERVICE);
  }

  /**
   * Tells the guest about a packet of its that is gone: its start is written anew.
   *
   * @param mtu the MTU to report with {@link IcmpError#FRAGMENTATION_NEEDED}, otherwise 0
   * @param fromHigh who says so, together with {@code fromLow}
   * @param guestHigh the packet's source, to whom the error goes
   * @param remoteHigh the packet's destination
   * @param protocol 6 or 17
   * @param payload what the datagram carried, or null when that is not known
   * @param tcpSeq the sequence number that the segment had; TCP only
   * @return true when the error has left
   */
  public boolean sendQuoting(
      IcmpError error,
      int mtu,
      long fromHigh,
      long fromLow,
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int protocol,
      @Nullable ByteBuf payload,
      int offset,
      int length,
      int tcpSeq,
      long nowNanos) {
    if (closed) {
      return false;
    }
    boolean v6 = !IpAddress.isV4(guestHigh, guestLow);
    int quoted =
        quote(
            guestHigh,
            guestLow,
            guestPort,
            remoteHigh,
            remoteLow,
            remotePort,
            protocol,
            payload,
            offset,
            length,
            tcpSeq);
    return emit(
        error.type(v6),
        error.code(v6),
        mtu,
        fromHigh,
        fromLow,
        guestHigh,
        guestLow,
        quoted,
        nowNanos);
  }

  /**
   * Passes on what the host's network said about a packet of the guest's, with the packet as the
   * guest sent it in the quotation. The parameters are those of {@link #sendQuoting}.
   *
   * @param type of the ICMP error, in the numbers of the guest's family
   * @return false also when the error is none that concerns a guest
   */
  public boolean forward(
      int type,
      int code,
      int mtu,
      long fromHigh,
      long fromLow,
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int protocol,
      @Nullable ByteBuf payload,
      int offset,
      int length,
      int tcpSeq,
      long nowNanos) {
    boolean v6 = !IpAddress.isV4(guestHigh, guestLow);
    if (closed || !isForwarded(v6, type, code)) {
      return false;
    }
    int quoted =
        quote(
            guestHigh,
            guestLow,
            guestPort,
            remoteHigh,
            remoteLow,
            remotePort,
            protocol,
            payload,
            offset,
            length,
            tcpSeq);
    int rest = rest(v6, type, mtu);
    return emit(type, code, rest, fromHigh, fromLow, guestHigh, guestLow, quoted, nowNanos);
  }

  /**
   * The same about an echo request.
   *
   * @param request the request from its ICMP type on, as the guest sent it, or its beginning
   */
  public boolean forwardEcho(
      int type,
      int code,
      int mtu,
      long fromHigh,
      long fromLow,
      long guestHigh,
      long guestLow,
      long remoteHigh,
      long remoteLow,
      ByteBuf request,
      int offset,
      int length,
      long nowNanos) {
    boolean v6 = !IpAddress.isV4(guestHigh, guestLow);
    if (closed || !isForwarded(v6, type, code)) {
      return false;
    }
    int quoted =
        quotation.echo(guestHigh, guestLow, remoteHigh, remoteLow, request, offset, length);
    int rest = rest(v6, type, mtu);
    return emit(type, code, rest, fromHigh, fromLow, guestHigh, guestLow, quoted, nowNanos);
  }

  private int quote(
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      int protocol,
      @Nullable ByteBuf payload,
      int offset,
      int length,
      int tcpSeq) {
    return switch (protocol) {
      case PROTOCOL_TCP ->
          quotation.tcp(guestHigh, guestLow, guestPort, remoteHigh, remoteLow, remotePort, tcpSeq);
      case PROTOCOL_UDP ->
          quotation.udp(
              guestHigh,
              guestLow,
              guestPort,
              remoteHigh,
              remoteLow,
              remotePort,
              payload,
              offset,
              length);
      default -> throw new IllegalArgumentException("protocol " + protocol + " cannot be quoted");
    };
  }

  /**
   * What a router or host says about reaching a destination. A parameter problem is about the
   * header that the host's kernel wrote, unless the transport protocol was meant.
   */
  private static boolean isForwarded(boolean v6, int type, int code) {
    if (!v6) {
      return type == IcmpHeader.UNREACHABLE || type == IcmpHeader.TIME_EXCEEDED;
    }
    return type == IcmpHeader.UNREACHABLE_V6
        || type == IcmpHeader.PACKET_TOO_BIG_V6
        || type == IcmpHeader.TIME_EXCEEDED_V6
        || (type == IcmpHeader.PARAMETER_PROBLEM_V6 && code == UNKNOWN_NEXT_HEADER);
  }

  private static int rest(boolean v6, int type, int mtu) {
    return v6 && type == IcmpHeader.PARAMETER_PROBLEM_V6 ? Ipv6Header.NEXT_HEADER : mtu;
  }

  private boolean emit(
      int type,
      int code,
      int rest,
      long fromHigh,
      long fromLow,
      long guestHigh,
      long guestLow,
      int quoted,
      long nowNanos) {
    int trafficClass = IpAddress.isV4(guestHigh, guestLow) ? INTERNETWORK_CONTROL : 0;
    return emit(
        type, code, rest, fromHigh, fromLow, guestHigh, guestLow, quoted, trafficClass, nowNanos);
  }

  private boolean emit(
      int type,
      int code,
      int rest,
      long fromHigh,
      long fromLow,
      long guestHigh,
      long guestLow,
      int quoted,
      int trafficClass,
      long nowNanos) {
    if (!buckets.take(guestHigh, guestLow, nowNanos)) {
      counters.drop(Drop.ICMP_RATE_LIMIT);
      return false;
    }
    IcmpHeader.set(message, 0, type, code, rest);
    boolean sent =
        egress.icmp(
            fromHigh,
            fromLow,
            guestHigh,
            guestLow,
            message,
            0,
            QUOTE_AT + quoted,
            HOP_LIMIT,
            trafficClass);
    if (sent) {
      counters.count(Count.ICMP_ERRORS_OUT);
      counters.count(Count.ICMP_OUT);
    }
    return sent;
  }

  private static boolean mayBeAnswered(IcmpError error, Packet offender) {
    long high = offender.destinationHigh();
    long low = offender.destinationLow();
    boolean toMany =
        MacAddress.isGroup(offender.destinationMac())
            || IpAddress.isMulticast(high, low)
            || IpAddress.isBroadcast(high, low);
    // RFC 4443 §2.4 e.3: who must not skip an option says so, whoever it was for.
    if (toMany && !(offender.isV6() && error == IcmpError.UNKNOWN_OPTION)) {
      return false;
    }
    long sourceHigh = offender.sourceHigh();
    long sourceLow = offender.sourceLow();
    if (IpAddress.isUnspecified(sourceHigh, sourceLow)
        || IpAddress.isMulticast(sourceHigh, sourceLow)
        || IpAddress.isLoopback(sourceHigh, sourceLow)) {
      return false;
    }
    boolean icmp =
        offender.protocol() == (offender.isV6() ? IcmpHeader.PROTOCOL_V6 : IcmpHeader.PROTOCOL);
    if (!icmp) {
      return true;
    }
    if (offender.transportLength() < 1) {
      return false;
    }
    int type = IcmpHeader.type(offender.frame(), offender.transportAt());
    // RFC 4443 §2.4 e.2: a redirect is not answered either, although its number is no error's.
    return offender.isV6()
        ? !IcmpHeader.isError6(type) && type != NdpMessage.REDIRECT
        : !IcmpHeader.isError4(type);
  }

  /** Where in the packet the byte is that named its transport protocol (RFC 4443 §3.4). */
  private static int nextHeaderField(Packet offender) {
    int end = offender.ipAt() + offender.ipLength();
    long walked = Ipv6Header.walk(offender.frame(), offender.ipAt(), end);
    if (walked >= 0 && Ipv6Header.protocol(walked) == Ipv6Header.FRAGMENT) {
      int fragmentAt = Ipv6Header.transportAt(walked);
      walked = Ipv6Header.walkAfterFragment(offender.frame(), fragmentAt, end);
    }
    return walked < 0 ? 0 : Ipv6Header.nextHeaderAt(walked) - offender.ipAt();
  }

  /** Frees the buffer in which errors are built; whatever is sent from now on is refused. */
  public void close() {
    if (!closed) {
      closed = true;
      message.release();
    }
  }
}
