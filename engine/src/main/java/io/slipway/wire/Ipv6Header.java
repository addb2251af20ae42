package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The IPv6 header and the walk along its extension headers (RFC 8200 §3, §4). */
public final class Ipv6Header {

  /** Bytes of the fixed header. */
  public static final int LENGTH = 40;

  /** Bytes of a fragment header. */
  public static final int FRAGMENT_LENGTH = 8;

  public static final int HOP_BY_HOP = 0;
  public static final int ROUTING = 43;
  public static final int FRAGMENT = 44;
  public static final int NO_NEXT_HEADER = 59;
  public static final int DESTINATION_OPTIONS = 60;

  /** Where in the header the payload's length stands. */
  public static final int PAYLOAD_LENGTH = 4;

  /** Where in the header the byte is that names what follows; a parameter problem says so. */
  public static final int NEXT_HEADER = 6;

  /** Result of {@link #walk}: an extension header runs beyond the end. */
  public static final long TRUNCATED = -1;

  /** Result of {@link #walk}: more extension headers than any honest packet has. */
  public static final long TOO_MANY = -2;

  /** Result of {@link #walk}: hop-by-hop options that do not directly follow the fixed header. */
  public static final long MISPLACED = -3;

  /** Result of {@link #walk}: a routing header with segments left (RFC 8200 §4.4, RFC 5095). */
  public static final long SOURCE_ROUTED = -4;

  /** Linux has no such bound; this one is beyond what any honest packet has. */
  private static final int MOST_EXTENSIONS = 128;

  private static final int VERSION = 0;

  private static final int HOP_LIMIT = 7;
  private static final int SOURCE = 8;
  private static final int DESTINATION = 24;

  private static final int EXTENSION_LENGTH = 1;
  private static final int ROUTING_SEGMENTS_LEFT = 3;
  private static final int FRAGMENT_OFFSET = 2;
  private static final int FRAGMENT_ID = 4;

  private Ipv6Header() {}

  /**
   * Whether the fixed header lies within {@code [at, end)}. That {@link #payloadLength} stays
   * within the frame is the decoder's next question.
   */
  public static boolean fits(ByteBuf frame, int at, int end) {
    return end - at >= LENGTH && frame.writerIndex() >= end;
  }

  public static int version(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + VERSION) >>> 4;
  }

  /** DSCP and ECN. */
  public static int trafficClass(ByteBuf frame, int at) {
    return (frame.getUnsignedShort(at + VERSION) >>> 4) & 0xFF;
  }

  public static int flowLabel(ByteBuf frame, int at) {
    return frame.getInt(at + VERSION) & 0xF_FFFF;
  }

  /** Bytes after the fixed header. */
  public static int payloadLength(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + PAYLOAD_LENGTH);
  }

  public static int nextHeader(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + NEXT_HEADER);
  }

  public static int hopLimit(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + HOP_LIMIT);
  }

  public static long sourceHigh(ByteBuf frame, int at) {
    return frame.getLong(at + SOURCE);
  }

  public static long sourceLow(ByteBuf frame, int at) {
    return frame.getLong(at + SOURCE + 8);
  }

  public static long destinationHigh(ByteBuf frame, int at) {
    return frame.getLong(at + DESTINATION);
  }

  public static long destinationLow(ByteBuf frame, int at) {
    return frame.getLong(at + DESTINATION + 8);
  }

  /** Writes the first eight bytes; the flow label is 0. */
  public static void set(
      ByteBuf frame, int at, int trafficClass, int payloadLength, int nextHeader, int hopLimit) {
    frame.setInt(at + VERSION, 0x6000_0000 | (trafficClass << 20));
    frame.setInt(
        at + PAYLOAD_LENGTH, (payloadLength << 16) | (nextHeader << 8) | (hopLimit & 0xFF));
  }

  /** Writes both addresses. */
  public static void setAddresses(
      ByteBuf frame,
      int at,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow) {
    frame.setLong(at + SOURCE, sourceHigh);
    frame.setLong(at + SOURCE + 8, sourceLow);
    frame.setLong(at + DESTINATION, destinationHigh);
    frame.setLong(at + DESTINATION + 8, destinationLow);
  }

  /** Changes the payload length only. */
  public static void setPayloadLength(ByteBuf frame, int at, int payloadLength) {
    frame.setShort(at + PAYLOAD_LENGTH, payloadLength);
  }

  // ---- fragment header (RFC 8200 §4.5); `at` is where it begins

  public static int fragmentNextHeader(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at);
  }

  /** Where this fragment's payload belongs, in bytes. */
  public static int fragmentOffset(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + FRAGMENT_OFFSET) & 0xFFF8;
  }

  public static boolean moreFragments(ByteBuf frame, int at) {
    return (frame.getUnsignedShort(at + FRAGMENT_OFFSET) & 1) != 0;
  }

  /** RFC 6946: whether the packet is the whole, however its header came to be there. */
  public static boolean isAtomicFragment(ByteBuf frame, int at) {
    return (frame.getUnsignedShort(at + FRAGMENT_OFFSET) & 0xFFF9) == 0;
  }

  public static int fragmentId(ByteBuf frame, int at) {
    return frame.getInt(at + FRAGMENT_ID);
  }

  /**
   * Writes a fragment header.
   *
   * @param offset in bytes, a multiple of 8
   */
  public static void setFragment(
      ByteBuf frame, int at, int nextHeader, int offset, boolean more, int id) {
    frame.setShort(at, nextHeader << 8);
    frame.setShort(at + FRAGMENT_OFFSET, offset | (more ? 1 : 0));
    frame.setInt(at + FRAGMENT_ID, id);
  }

  // ---- the walk

  /**
   * Follows the extension headers of the packet at {@code at}, which ends at {@code end}, to the
   * transport header, or to a fragment header, where it stops: what follows that is a header only
   * in the first fragment.
   *
   * @return a packed result for {@link #protocol}, {@link #transportAt} and {@link #nextHeaderAt},
   *     or one of the negative constants
   */
  public static long walk(ByteBuf frame, int at, int end) {
    return walk(frame, at + NEXT_HEADER, at + LENGTH, end, true);
  }

  /** Goes on behind the fragment header at {@code fragmentAt}, for an atomic or first fragment. */
  public static long walkAfterFragment(ByteBuf frame, int fragmentAt, int end) {
    return walk(frame, fragmentAt, fragmentAt + FRAGMENT_LENGTH, end, false);
  }

  /** The protocol that a walk ended at; {@link #FRAGMENT} for a fragment header. */
  public static int protocol(long walked) {
    return (int) (walked & 0xFF);
  }

  /** Where that protocol's header begins. */
  public static int transportAt(long walked) {
    return (int) (walked >>> 8) & 0xFF_FFFF;
  }

  /** Where the byte is that named the protocol: RFC 8200 §4.5 rewrites it when reassembling. */
  public static int nextHeaderAt(long walked) {
    return (int) (walked >>> 32) & 0xFF_FFFF;
  }

  private static long walk(ByteBuf frame, int nameAt, int from, int end, boolean first) {
    int headerNameAt = nameAt;
    int at = from;
    for (int extensions = 0; extensions <= MOST_EXTENSIONS; extensions++) {
      int protocol = frame.getUnsignedByte(headerNameAt);
      boolean skipped =
          protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION_OPTIONS;
      if (!skipped) {
        boolean cut = protocol == FRAGMENT && end - at < FRAGMENT_LENGTH;
        return cut ? TRUNCATED : pack(protocol, at, headerNameAt);
      }
      if (protocol == HOP_BY_HOP && !(first && extensions == 0)) {
        return MISPLACED;
      }
      if (end - at < 8) {
        return TRUNCATED;
      }
      int length = (frame.getUnsignedByte(at + EXTENSION_LENGTH) + 1) << 3;
      if (length > end - at) {
        return TRUNCATED;
      }
      if (protocol == ROUTING && frame.getByte(at + ROUTING_SEGMENTS_LEFT) != 0) {
        return SOURCE_ROUTED;
      }
      headerNameAt = at;
      at += length;
    }
    return TOO_MANY;
  }

  private static long pack(int protocol, int at, int nameAt) {
    return ((long) nameAt << 32) | ((long) at << 8) | protocol;
  }
}
