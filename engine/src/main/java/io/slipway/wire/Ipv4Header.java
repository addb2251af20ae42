package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The IPv4 header (RFC 791 §3.1). Addresses are ints in network order. */
public final class Ipv4Header {

  /** Bytes of a header without options. */
  public static final int LENGTH = 20;

  /** Flag of {@link #flagsAndOffset}: do not fragment. */
  public static final int DONT_FRAGMENT = 0x4000;

  /** Flag of {@link #flagsAndOffset}: another fragment follows. */
  public static final int MORE_FRAGMENTS = 0x2000;

  private static final int OFFSET_MASK = 0x1FFF;

  private static final int VERSION = 0;
  private static final int SERVICE = 1;
  private static final int TOTAL_LENGTH = 2;
  private static final int ID = 4;
  private static final int FRAGMENT = 6;
  private static final int TIME_TO_LIVE = 8;
  private static final int PROTOCOL = 9;
  private static final int CHECKSUM = 10;
  private static final int SOURCE = 12;
  private static final int DESTINATION = 16;

  private Ipv4Header() {}

  /**
   * Whether a header without options lies within {@code [at, end)}. That {@link #headerLength} and
   * {@link #totalLength} stay within the frame is the decoder's next question.
   */
  public static boolean fits(ByteBuf frame, int at, int end) {
    return end - at >= LENGTH && frame.writerIndex() >= end;
  }

  public static int version(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + VERSION) >>> 4;
  }

  /** Bytes of the header with its options. */
  public static int headerLength(ByteBuf frame, int at) {
    return (frame.getByte(at + VERSION) & 0x0F) << 2;
  }

  /** DSCP and ECN. */
  public static int trafficClass(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + SERVICE);
  }

  /** Bytes of header and payload. */
  public static int totalLength(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + TOTAL_LENGTH);
  }

  public static int id(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + ID);
  }

  /** The 16 bits of flags and fragment offset. */
  public static int flagsAndOffset(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + FRAGMENT);
  }

  public static boolean dontFragment(ByteBuf frame, int at) {
    return (flagsAndOffset(frame, at) & DONT_FRAGMENT) != 0;
  }

  public static boolean moreFragments(ByteBuf frame, int at) {
    return (flagsAndOffset(frame, at) & MORE_FRAGMENTS) != 0;
  }

  /** Where this fragment's payload belongs, in bytes. */
  public static int fragmentOffset(ByteBuf frame, int at) {
    return (flagsAndOffset(frame, at) & OFFSET_MASK) << 3;
  }

  /** Whether the packet is only a part of a datagram. */
  public static boolean isFragment(ByteBuf frame, int at) {
    return (flagsAndOffset(frame, at) & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
  }

  public static int timeToLive(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + TIME_TO_LIVE);
  }

  public static int protocol(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + PROTOCOL);
  }

  public static int checksum(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + CHECKSUM);
  }

  public static int source(ByteBuf frame, int at) {
    return frame.getInt(at + SOURCE);
  }

  public static int destination(ByteBuf frame, int at) {
    return frame.getInt(at + DESTINATION);
  }

  /**
   * Writes a header without options, its checksum included.
   *
   * @param totalLength bytes of header and payload
   * @param flagsAndOffset flags, and the fragment offset in units of 8 bytes
   */
  public static void set(
      ByteBuf frame,
      int at,
      int trafficClass,
      int totalLength,
      int id,
      int flagsAndOffset,
      int timeToLive,
      int protocol,
      int source,
      int destination) {
    int first = 0x4500 | trafficClass;
    int hop = (timeToLive << 8) | protocol;
    frame.setInt(at + VERSION, (first << 16) | totalLength);
    frame.setInt(at + ID, (id << 16) | flagsAndOffset);
    frame.setShort(at + TIME_TO_LIVE, hop);
    frame.setInt(at + SOURCE, source);
    frame.setInt(at + DESTINATION, destination);
    long sum = (long) first + totalLength + (id & 0xFFFF) + flagsAndOffset + hop;
    sum += (source & 0xFFFF_FFFFL) + (destination & 0xFFFF_FFFFL);
    frame.setShort(at + CHECKSUM, Checksum.finish(sum));
  }

  /** Changes the total length, identification and fragment fields, and mends the checksum. */
  public static void refit(ByteBuf frame, int at, int totalLength, int id, int flagsAndOffset) {
    frame.setShort(at + TOTAL_LENGTH, totalLength);
    frame.setShort(at + ID, id);
    frame.setShort(at + FRAGMENT, flagsAndOffset);
    updateChecksum(frame, at);
  }

  /** Computes the checksum anew over the whole header. */
  public static void updateChecksum(ByteBuf frame, int at) {
    frame.setShort(at + CHECKSUM, 0);
    frame.setShort(at + CHECKSUM, Checksum.ipv4Header(frame, at, headerLength(frame, at)));
  }
}
