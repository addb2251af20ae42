package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The ICMP header: RFC 792 for IPv4, RFC 4443 for IPv6. Constants of IPv6 end in V6. */
public final class IcmpHeader {

  /** Bytes of the header, with the four bytes whose meaning the type decides. */
  public static final int LENGTH = 8;

  /** IP protocol number of ICMP. */
  public static final int PROTOCOL = 1;

  /** IP protocol number of ICMPv6. */
  public static final int PROTOCOL_V6 = 58;

  public static final int ECHO_REPLY = 0;
  public static final int UNREACHABLE = 3;
  public static final int SOURCE_QUENCH = 4;
  public static final int REDIRECT = 5;
  public static final int ECHO_REQUEST = 8;
  public static final int TIME_EXCEEDED = 11;
  public static final int PARAMETER_PROBLEM = 12;
  public static final int TIMESTAMP_REQUEST = 13;
  public static final int TIMESTAMP_REPLY = 14;

  /** Bytes of an IPv4 timestamp or its reply. */
  public static final int TIMESTAMP_LENGTH = 20;

  public static final int UNREACHABLE_V6 = 1;
  public static final int PACKET_TOO_BIG_V6 = 2;
  public static final int TIME_EXCEEDED_V6 = 3;
  public static final int PARAMETER_PROBLEM_V6 = 4;
  public static final int ECHO_REQUEST_V6 = 128;
  public static final int ECHO_REPLY_V6 = 129;

  private static final int GROUP_QUERY_V6 = 130;
  private static final int GROUP_DONE_V6 = 132;
  private static final int GROUP_REPORT_V6 = 143;

  private static final int TYPE = 0;
  private static final int CODE = 1;
  private static final int CHECKSUM = 2;
  private static final int ID = 4;
  private static final int SEQ = 6;
  private static final int RECEIVED = 12;
  private static final int TRANSMITTED = 16;

  private IcmpHeader() {}

  /** Whether the header lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    return end - at >= LENGTH && frame.writerIndex() >= end;
  }

  public static int type(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + TYPE);
  }

  public static int code(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + CODE);
  }

  public static int checksum(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + CHECKSUM);
  }

  /** Echo only. */
  public static int id(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + ID);
  }

  /** Echo only. */
  public static int seq(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + SEQ);
  }

  /** The four bytes after the checksum: id and seq, or an error's MTU or pointer. */
  public static int rest(ByteBuf frame, int at) {
    return frame.getInt(at + ID);
  }

  /** The next hop's MTU of an IPv4 "fragmentation needed" error (RFC 1191 §4). */
  public static int mtu4(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + SEQ);
  }

  /** Whether an IPv4 type is an error, about which no error may be sent (RFC 1122 §3.2.2). */
  public static boolean isError4(int type) {
    return type == UNREACHABLE
        || type == SOURCE_QUENCH
        || type == REDIRECT
        || type == TIME_EXCEEDED
        || type == PARAMETER_PROBLEM;
  }

  /** Whether an IPv6 type is an error (RFC 4443 §2.1: the first bit is 0). */
  public static boolean isError6(int type) {
    return type < 128;
  }

  /** Whether an IPv6 type is one of multicast listener discovery's (RFC 2710, RFC 9777). */
  public static boolean isGroupMessage6(int type) {
    return (type >= GROUP_QUERY_V6 && type <= GROUP_DONE_V6) || type == GROUP_REPORT_V6;
  }

  /** Writes the whole header with a checksum of 0; {@code rest} is id and seq, MTU or pointer. */
  public static void set(ByteBuf frame, int at, int type, int code, int rest) {
    frame.setInt(at + TYPE, (type << 24) | (code << 16));
    frame.setInt(at + ID, rest);
  }

  /**
   * Writes when a timestamp was received and its reply sent, in milliseconds of a clock that tells
   * no time of day (RFC 792: the highest bit says so).
   */
  public static void setReceived(ByteBuf frame, int at, long millis) {
    int time = (int) millis | 0x8000_0000;
    frame.setInt(at + RECEIVED, time);
    frame.setInt(at + TRANSMITTED, time);
  }

  public static void setType(ByteBuf frame, int at, int type) {
    frame.setByte(at + TYPE, type);
  }

  /** Echo only. */
  public static void setId(ByteBuf frame, int at, int id) {
    frame.setShort(at + ID, id);
  }

  public static void setChecksum(ByteBuf frame, int at, int checksum) {
    frame.setShort(at + CHECKSUM, checksum);
  }
}
