package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The UDP header (RFC 768). */
public final class UdpHeader {

  /** Bytes of the header. */
  public static final int LENGTH = 8;

  /** Where the checksum lies, counted from the header's start; for checksum offload. */
  public static final int CHECKSUM_OFFSET = 6;

  private static final int SOURCE_PORT = 0;
  private static final int DESTINATION_PORT = 2;
  private static final int LENGTH_FIELD = 4;

  private UdpHeader() {}

  /** Whether the header, and as much as its length field says, lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    if (end - at < LENGTH || frame.writerIndex() < end) {
      return false;
    }
    int length = length(frame, at);
    return length >= LENGTH && length <= end - at;
  }

  public static int sourcePort(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + SOURCE_PORT);
  }

  public static int destinationPort(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + DESTINATION_PORT);
  }

  /** Bytes of header and payload. */
  public static int length(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + LENGTH_FIELD);
  }

  /** 0 means that the sender computed none (IPv4 only). */
  public static int checksum(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + CHECKSUM_OFFSET);
  }

  /**
   * Writes the whole header.
   *
   * @param length bytes of header and payload
   */
  public static void set(
      ByteBuf frame, int at, int sourcePort, int destinationPort, int length, int checksum) {
    frame.setInt(at + SOURCE_PORT, (sourcePort << 16) | destinationPort);
    frame.setInt(at + LENGTH_FIELD, (length << 16) | checksum);
  }

  public static void setChecksum(ByteBuf frame, int at, int checksum) {
    frame.setShort(at + CHECKSUM_OFFSET, checksum);
  }
}
