package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * The virtio network header that a TAP with IFF_VNET_HDR puts before each frame (virtio 1.2
 * §5.1.6.1, the form without merged buffers). Its fields are little-endian.
 */
public final class VirtioNetHeader {

  /** Bytes of the header. */
  public static final int LENGTH = 10;

  /** Flag: the checksum field holds only the pseudo-header's sum and is to be completed. */
  public static final int NEEDS_CSUM = 1;

  /** Flag: the checksum was checked by whoever received the packet. */
  public static final int DATA_VALID = 2;

  public static final int GSO_NONE = 0;
  public static final int GSO_TCPV4 = 1;
  public static final int GSO_UDP = 3;
  public static final int GSO_TCPV6 = 4;
  public static final int GSO_UDP_L4 = 5;

  /** Bit in the GSO type: the TCP segment carries CWR, to be set on the first piece only. */
  public static final int GSO_ECN = 0x80;

  private static final int FLAGS = 0;
  private static final int GSO_TYPE = 1;
  private static final int HEADER_LENGTH = 2;
  private static final int GSO_SIZE = 4;
  private static final int CSUM_START = 6;
  private static final int CSUM_OFFSET = 8;

  private VirtioNetHeader() {}

  /** Whether the header lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    return end - at >= LENGTH && frame.writerIndex() >= end;
  }

  public static int flags(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + FLAGS);
  }

  /** The GSO type with the ECN bit, if set. */
  public static int gsoType(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + GSO_TYPE);
  }

  /** Bytes of all headers from Ethernet on; a hint only. */
  public static int hdrLen(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + HEADER_LENGTH);
  }

  /** Payload bytes of each piece (the MSS, for TCP). */
  public static int gsoSize(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + GSO_SIZE);
  }

  /** Where checksumming starts, counted from the Ethernet header. */
  public static int csumStart(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + CSUM_START);
  }

  /** Where the checksum goes, counted from {@link #csumStart}. */
  public static int csumOffset(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + CSUM_OFFSET);
  }

  /** Writes the header of a frame that asks for nothing: complete checksums, no segmentation. */
  public static void clear(ByteBuf frame, int at) {
    frame.setLong(at, 0);
    frame.setShort(at + 8, 0);
  }

  /** Writes the whole header. */
  public static void set(
      ByteBuf frame,
      int at,
      int flags,
      int gsoType,
      int hdrLen,
      int gsoSize,
      int csumStart,
      int csumOffset) {
    frame.setByte(at + FLAGS, flags);
    frame.setByte(at + GSO_TYPE, gsoType);
    frame.setShortLE(at + HEADER_LENGTH, hdrLen);
    frame.setShortLE(at + GSO_SIZE, gsoSize);
    frame.setShortLE(at + CSUM_START, csumStart);
    frame.setShortLE(at + CSUM_OFFSET, csumOffset);
  }
}
