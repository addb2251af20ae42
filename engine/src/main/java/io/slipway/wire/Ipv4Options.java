package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * The options of an IPv4 header (RFC 791 §3.1, RFC 2113). Nothing in them is acted on; what is
 * wrong with them is found as Linux finds it.
 */
public final class Ipv4Options {

  /** What {@link #fault} says of options that are in order. */
  public static final int NONE = -1;

  /** What {@link #fault} says of a source route, which RFC 7126 §4.3 wants no host to follow. */
  public static final int SOURCE_ROUTE = -2;

  private static final int END = 0;
  private static final int NOP = 1;
  private static final int RECORD_ROUTE = 7;
  private static final int TIMESTAMP = 68;
  private static final int LOOSE_ROUTE = 131;
  private static final int STRICT_ROUTE = 137;
  private static final int ROUTER_ALERT = 148;

  private static final int ADDRESS = 4;

  private Ipv4Options() {}

  /**
   * Looks for what is wrong with the options of the header at {@code at}.
   *
   * @param headerLength bytes of the header with its options
   * @return {@link #NONE}, {@link #SOURCE_ROUTE}, or how far from the header's start the byte is
   *     that makes no sense: the pointer of an ICMP parameter problem
   */
  public static int fault(ByteBuf frame, int at, int headerLength) {
    int place = Ipv4Header.LENGTH;
    boolean routed = false;
    boolean recorded = false;
    boolean stamped = false;
    while (place < headerLength) {
      int kind = frame.getUnsignedByte(at + place);
      if (kind == END) {
        break;
      }
      if (kind == NOP) {
        place++;
        continue;
      }
      int left = headerLength - place;
      int length = left < 2 ? 0 : frame.getUnsignedByte(at + place + 1);
      if (length < 2 || length > left) {
        return place;
      }
      int wrong = fault(frame, at + place, kind, length);
      if (wrong > 0) {
        return place + wrong;
      }
      boolean again =
          switch (kind) {
            case LOOSE_ROUTE, STRICT_ROUTE -> routed;
            case RECORD_ROUTE -> recorded;
            case TIMESTAMP -> stamped;
            default -> false;
          };
      if (again) {
        return place; // RFC 791 §3.1: each of them appears at most once
      }
      recorded |= kind == RECORD_ROUTE;
      stamped |= kind == TIMESTAMP;
      routed |= kind == LOOSE_ROUTE || kind == STRICT_ROUTE;
      place += length;
    }
    return routed ? SOURCE_ROUTE : NONE;
  }

  /** Which byte of one option makes no sense; 0 for none. */
  private static int fault(ByteBuf frame, int at, int kind, int length) {
    return switch (kind) {
      case RECORD_ROUTE -> length < 3 ? 1 : pointerFault(frame, at, length, 4, ADDRESS);
      case LOOSE_ROUTE, STRICT_ROUTE -> length < 3 ? 1 : pointerFault(frame, at, 0, 4, ADDRESS);
      case TIMESTAMP -> length < 4 ? 1 : timestampFault(frame, at, length);
      case ROUTER_ALERT -> length < 4 ? 1 : 0;
      default -> 0;
    };
  }

  /** RFC 791: the pointer counts from 1, and between it and the end is room for a step, or none. */
  private static int pointerFault(ByteBuf frame, int at, int length, int least, int step) {
    int pointer = frame.getUnsignedByte(at + 2);
    boolean full = pointer > length;
    return pointer < least || (!full && pointer + step - 1 > length) ? 2 : 0;
  }

  private static int timestampFault(ByteBuf frame, int at, int length) {
    int overflowAndFlag = frame.getUnsignedByte(at + 3);
    int pointer = frame.getUnsignedByte(at + 2);
    if (pointer > length) {
      return overflowAndFlag >>> 4 == 15 ? 3 : 0; // nobody more can be counted
    }
    int step = (overflowAndFlag & 0x0F) == 0 ? 4 : 8; // times alone, or with addresses
    return pointerFault(frame, at, length, 5, step);
  }
}
