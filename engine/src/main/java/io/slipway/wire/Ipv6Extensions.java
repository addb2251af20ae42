package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * What is wrong with the extension headers of an IPv6 packet, and how its sender is told (RFC 8200
 * §4). Only for packets that have any: {@link Ipv6Header#walk} finds that out.
 *
 * <p>Where the RFCs leave a choice, it is Linux's: no more than {@value #MOST_OPTIONS} options in a
 * header, and no more than {@value #MOST_PADDING} bytes of padding in a row, all of them 0.
 */
public final class Ipv6Extensions {

  /** What {@link #fault} says when nothing needs to be said. */
  public static final int NONE = 0;

  /** What {@link #fault} says of a packet to be dropped in silence. */
  public static final int DISCARD = -1;

  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_UDP = 17;
  private static final int AUTHENTICATION = 51;

  private static final int PAD_1 = 0;
  private static final int PAD_N = 1;
  private static final int ROUTER_ALERT = 5;
  private static final int JUMBO_PAYLOAD = 0xC2;
  private static final int MOST_OPTIONS = 8;
  private static final int MOST_PADDING = 7;

  private static final int NEXT_HEADER = 6;
  private static final int OPTIONS = 2;
  private static final int ROUTING_SEGMENTS_LEFT = 3;
  private static final int ROUTING_TYPE = 2;

  /** RFC 6554 and RFC 8754: both only in networks that were made for them, and so off in Linux. */
  private static final int ROUTING_RPL = 3;

  private static final int ROUTING_SEGMENTS = 4;

  private Ipv6Extensions() {}

  /**
   * Looks at the hop-by-hop options of a packet that begins with them: they are every node's on the
   * way. Like {@link #fault}.
   */
  public static int hopByHopFault(ByteBuf frame, int at, int end, boolean multicast) {
    int headerAt = at + Ipv6Header.LENGTH;
    int headerEnd = headerEnd(frame, headerAt, end);
    return headerEnd < 0 ? DISCARD : options(frame, at, headerAt, headerEnd, multicast, true);
  }

  /**
   * Looks for the first fault in the headers before a fragment's piece or the transport's header,
   * hop-by-hop options in front excepted. A fragment header that makes no fragment of the packet is
   * passed by (RFC 6946). Headers that run beyond {@code end} are not its business.
   *
   * @param at where the packet begins
   * @param multicast whether the packet is for many: they would all complain
   * @return {@link #NONE}, {@link #DISCARD}, or the fault of a parameter problem, for {@link #code}
   *     and {@link #pointer}
   */
  public static int fault(ByteBuf frame, int at, int end, boolean multicast) {
    int nameAt = at + NEXT_HEADER;
    int headerAt = at + Ipv6Header.LENGTH;
    boolean fragmented = false;
    while (true) {
      int protocol = frame.getUnsignedByte(nameAt);
      if (protocol == Ipv6Header.FRAGMENT) {
        if (fragmented || end - headerAt < Ipv6Header.FRAGMENT_LENGTH) {
          return problem(0, headerAt - at);
        }
        if (!Ipv6Header.isAtomicFragment(frame, headerAt)) {
          return NONE;
        }
        fragmented = true;
        nameAt = headerAt;
        headerAt += Ipv6Header.FRAGMENT_LENGTH;
        continue;
      }
      int headerEnd = headerEnd(frame, headerAt, end);
      if (headerEnd < 0) {
        return NONE;
      }
      int fault =
          switch (protocol) {
            case Ipv6Header.HOP_BY_HOP ->
                nameAt == at + NEXT_HEADER ? NONE : problem(1, nameAt - at);
            case Ipv6Header.DESTINATION_OPTIONS ->
                options(frame, at, headerAt, headerEnd, multicast, false);
            case Ipv6Header.ROUTING -> routing(frame, at, headerAt);
            default -> {
              headerEnd = -1;
              yield NONE;
            }
          };
      if (fault != NONE || headerEnd < 0) {
        return fault;
      }
      nameAt = headerAt;
      headerAt = headerEnd;
    }
  }

  /**
   * RFC 7112 §5: whether a first fragment lacks a part of its headers, the transport's included.
   *
   * @param fragmentAt where its fragment header is
   */
  public static boolean isCutShort(ByteBuf frame, int fragmentAt, int end) {
    int protocol = Ipv6Header.fragmentNextHeader(frame, fragmentAt);
    int at = fragmentAt + Ipv6Header.FRAGMENT_LENGTH;
    int nameAt = at;
    while (true) {
      int needed;
      switch (protocol) {
        case Ipv6Header.HOP_BY_HOP,
            Ipv6Header.ROUTING,
            Ipv6Header.DESTINATION_OPTIONS,
            AUTHENTICATION -> {
          if (end - at < 2) {
            return true;
          }
          int length = frame.getUnsignedByte(at + 1);
          at += protocol == AUTHENTICATION ? (length + 2) << 2 : (length + 1) << 3;
          if (at > end) {
            return true;
          }
          protocol = frame.getUnsignedByte(nameAt);
          nameAt = at;
          continue;
        }
        case Ipv6Header.FRAGMENT, Ipv6Header.NO_NEXT_HEADER -> {
          return false;
        }
        case PROTOCOL_TCP -> needed = TcpHeader.LENGTH;
        case PROTOCOL_UDP -> needed = UdpHeader.LENGTH;
        case IcmpHeader.PROTOCOL_V6 -> needed = IcmpHeader.LENGTH;
        default -> needed = 1;
      }
      return end - at < needed;
    }
  }

  /** The code of the ICMPv6 parameter problem (RFC 4443 §3.4). */
  public static int code(int fault) {
    return fault >>> 24;
  }

  /** How far from the packet's start the byte is that makes no sense. */
  public static int pointer(int fault) {
    return fault & 0xFF_FFFF;
  }

  private static int problem(int code, int pointer) {
    return code << 24 | pointer;
  }

  /** Where the header at {@code headerAt} ends; -1 when that is beyond {@code end}. */
  private static int headerEnd(ByteBuf frame, int headerAt, int end) {
    if (end - headerAt < 8) {
      return -1;
    }
    int length = (frame.getUnsignedByte(headerAt + 1) + 1) << 3;
    return length > end - headerAt ? -1 : headerAt + length;
  }

  /** RFC 8200 §4.4, and for type 0 RFC 5095: a route that has an end is nothing to us. */
  private static int routing(ByteBuf frame, int at, int headerAt) {
    int type = frame.getUnsignedByte(headerAt + ROUTING_TYPE);
    if (type == ROUTING_RPL || type == ROUTING_SEGMENTS) {
      return DISCARD;
    }
    boolean left = frame.getByte(headerAt + ROUTING_SEGMENTS_LEFT) != 0;
    return left ? problem(0, headerAt + ROUTING_TYPE - at) : NONE;
  }

  /**
   * RFC 8200 §4.2: the two highest bits of an option say what becomes of it where it is unknown.
   */
  private static int options(
      ByteBuf frame, int at, int headerAt, int end, boolean multicast, boolean hopByHop) {
    int place = headerAt + OPTIONS;
    int padding = 0;
    int options = 0;
    while (place < end) {
      int kind = frame.getUnsignedByte(place);
      if (kind == PAD_1) {
        place++;
        if (++padding > MOST_PADDING) {
          return DISCARD;
        }
        continue;
      }
      int length = place + 2 > end ? -1 : frame.getUnsignedByte(place + 1);
      if (length < 0 || place + 2 + length > end) {
        return DISCARD;
      }
      if (kind == PAD_N) {
        padding += 2 + length;
        if (padding > MOST_PADDING || !isZero(frame, place + 2, length)) {
          return DISCARD;
        }
      } else {
        padding = 0;
        options++;
        int fault =
            options > MOST_OPTIONS
                ? DISCARD
                : option(frame, at, place, kind, length, multicast, hopByHop);
        if (fault != NONE) {
          return fault;
        }
      }
      place += 2 + length;
    }
    return NONE;
  }

  private static int option(
      ByteBuf frame, int at, int place, int kind, int length, boolean multicast, boolean hopByHop) {
    if (hopByHop && kind == ROUTER_ALERT) {
      return length == 2 ? NONE : DISCARD; // RFC 2711
    }
    if (hopByHop && kind == JUMBO_PAYLOAD) {
      return jumbo(frame, at, place, length);
    }
    int action = kind >>> 6;
    if (action == 0) {
      return NONE;
    }
    return action == 1 || (action == 3 && multicast) ? DISCARD : problem(2, place - at);
  }

  /** RFC 2675 §3. A jumbogram is larger than any frame of ours, so there is no good one. */
  private static int jumbo(ByteBuf frame, int at, int place, int length) {
    if (length != 4 || (place - at & 3) != 2) {
      return DISCARD;
    }
    if (Integer.compareUnsigned(frame.getInt(place + 2), 0xFFFF) <= 0) {
      return problem(0, place + 2 - at);
    }
    return Ipv6Header.payloadLength(frame, at) != 0 ? problem(0, place - at) : DISCARD;
  }

  private static boolean isZero(ByteBuf frame, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (frame.getByte(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
