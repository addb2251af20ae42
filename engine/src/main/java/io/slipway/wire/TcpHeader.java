package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The TCP header (RFC 9293 §3.1). */
public final class TcpHeader {

  /** Bytes of a header without options. */
  public static final int LENGTH = 20;

  /** Most bytes that options can take. */
  public static final int MAX_OPTIONS = 40;

  public static final int FIN = 0x01;
  public static final int SYN = 0x02;
  public static final int RST = 0x04;
  public static final int PSH = 0x08;
  public static final int ACK = 0x10;
  public static final int URG = 0x20;
  public static final int ECE = 0x40;
  public static final int CWR = 0x80;

  /** Where the checksum lies, counted from the header's start; for checksum offload. */
  public static final int CHECKSUM_OFFSET = 16;

  private static final int SOURCE_PORT = 0;
  private static final int DESTINATION_PORT = 2;
  private static final int SEQ = 4;
  private static final int ACKNOWLEDGEMENT = 8;
  private static final int DATA_OFFSET = 12;
  private static final int FLAGS = 13;
  private static final int WINDOW = 14;
  private static final int URGENT = 18;

  private TcpHeader() {}

  /** Whether the header with its options lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    if (end - at < LENGTH || frame.writerIndex() < end) {
      return false;
    }
    int offset = dataOffset(frame, at);
    return offset >= LENGTH && offset <= end - at;
  }

  public static int sourcePort(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + SOURCE_PORT);
  }

  public static int destinationPort(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + DESTINATION_PORT);
  }

  public static int seq(ByteBuf frame, int at) {
    return frame.getInt(at + SEQ);
  }

  public static int ack(ByteBuf frame, int at) {
    return frame.getInt(at + ACKNOWLEDGEMENT);
  }

  /** Bytes of the header with its options. */
  public static int dataOffset(ByteBuf frame, int at) {
    return (frame.getByte(at + DATA_OFFSET) & 0xF0) >>> 2;
  }

  /** The eight control bits. */
  public static int flags(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + FLAGS);
  }

  /** The window as it stands in the segment, not yet scaled. */
  public static int window(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + WINDOW);
  }

  public static int checksum(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + CHECKSUM_OFFSET);
  }

  public static int urgent(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + URGENT);
  }

  /**
   * Writes the fixed part; the checksum and the urgent pointer become 0.
   *
   * @param dataOffset bytes of the header with its options, a multiple of 4
   * @param window the 16 bits for the segment, already scaled
   */
  public static void set(
      ByteBuf frame,
      int at,
      int sourcePort,
      int destinationPort,
      int seq,
      int ack,
      int dataOffset,
      int flags,
      int window) {
    frame.setInt(at + SOURCE_PORT, (sourcePort << 16) | destinationPort);
    frame.setInt(at + SEQ, seq);
    frame.setInt(at + ACKNOWLEDGEMENT, ack);
    frame.setInt(at + DATA_OFFSET, (dataOffset << 26) | (flags << 16) | window);
    frame.setInt(at + CHECKSUM_OFFSET, 0);
  }

  public static void setSeq(ByteBuf frame, int at, int seq) {
    frame.setInt(at + SEQ, seq);
  }

  public static void setAck(ByteBuf frame, int at, int ack) {
    frame.setInt(at + ACKNOWLEDGEMENT, ack);
  }

  public static void setFlags(ByteBuf frame, int at, int flags) {
    frame.setByte(at + FLAGS, flags);
  }

  public static void setWindow(ByteBuf frame, int at, int window) {
    frame.setShort(at + WINDOW, window);
  }

  public static void setChecksum(ByteBuf frame, int at, int checksum) {
    frame.setShort(at + CHECKSUM_OFFSET, checksum);
  }

  public static void setUrgent(ByteBuf frame, int at, int urgent) {
    frame.setShort(at + URGENT, urgent);
  }
}
