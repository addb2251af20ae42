package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * What is wrong with the extension headers of an IPv6 packet, and how its sender is told (RFC 8200
 * §4). Only for packets that have any: {@link Ipv6Header#walk} finds that out.
 */
public final class Ipv6Extensions {

  /** What {@link #fault} says when nothing needs to be said. */
  public static final int NONE = 0;

  /** What {@link #fault} says of a packet to be dropped in silence. */
  public static final int DISCARD = -1;

  private static final int PAD_1 = 0;
  private static final int PAD_N = 1;
  private static final int ROUTER_ALERT = 5;

  private static final int NEXT_HEADER = 6;
  private static final int OPTIONS = 2;
  private static final int ROUTING_SEGMENTS_LEFT = 3;
  private static final int ROUTING_TYPE = 2;

  private Ipv6Extensions() {}

  /**
   * Looks for the first fault in the headers before the fragment header or the transport's. Headers
   * that run beyond {@code end} are not its business.
   *
   * @param at where the packet begins
   * @param multicast whether the packet is for many: they would all complain
   * @return {@link #NONE}, {@link #DISCARD}, or the fault of a parameter problem, for {@link #code}
   *     and {@link #pointer}
   */
  public static int fault(ByteBuf frame, int at, int end, boolean multicast) {
    int nameAt = at + NEXT_HEADER;
    int headerAt = at + Ipv6Header.LENGTH;
    while (end - headerAt >= 8) {
      int protocol = frame.getUnsignedByte(nameAt);
      int length = (frame.getUnsignedByte(headerAt + 1) + 1) << 3;
      if (length > end - headerAt) {
        return NONE;
      }
      int fault = NONE;
      switch (protocol) {
        case Ipv6Header.HOP_BY_HOP -> {
          if (nameAt != at + NEXT_HEADER) {
            return problem(1, nameAt - at);
          }
          fault = options(frame, at, headerAt, headerAt + length, multicast);
        }
        case Ipv6Header.DESTINATION_OPTIONS ->
            fault = options(frame, at, headerAt, headerAt + length, multicast);
        case Ipv6Header.ROUTING -> {
          if (frame.getByte(headerAt + ROUTING_SEGMENTS_LEFT) != 0) {
            return problem(0, headerAt + ROUTING_TYPE - at);
          }
        }
        default -> {
          return NONE;
        }
      }
      if (fault != NONE) {
        return fault;
      }
      nameAt = headerAt;
      headerAt += length;
    }
    return NONE;
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

  /**
   * RFC 8200 §4.2: the two highest bits of an option say what becomes of it where it is unknown.
   */
  private static int options(ByteBuf frame, int at, int headerAt, int end, boolean multicast) {
    int place = headerAt + OPTIONS;
    while (place < end) {
      int kind = frame.getUnsignedByte(place);
      if (kind == PAD_1) {
        place++;
        continue;
      }
      if (place + 2 > end || place + 2 + frame.getUnsignedByte(place + 1) > end) {
        return DISCARD;
      }
      int action = kind == PAD_N || kind == ROUTER_ALERT ? 0 : kind >>> 6;
      if (action == 1 || (action == 3 && multicast)) {
        return DISCARD;
      }
      if (action != 0) {
        return problem(2, place - at);
      }
      place += 2 + frame.getUnsignedByte(place + 1);
    }
    return NONE;
  }
}
