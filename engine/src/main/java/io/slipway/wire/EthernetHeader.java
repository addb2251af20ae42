package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** The Ethernet II header: destination, source, type. */
public final class EthernetHeader {

  /** Bytes of the header. */
  public static final int LENGTH = 14;

  public static final int TYPE_IPV4 = 0x0800;
  public static final int TYPE_ARP = 0x0806;
  public static final int TYPE_IPV6 = 0x86DD;

  private static final int DESTINATION = 0;
  private static final int SOURCE = 6;
  private static final int TYPE = 12;

  private EthernetHeader() {}

  /** Whether the header lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    return end - at >= LENGTH && frame.writerIndex() >= end;
  }

  public static long destination(ByteBuf frame, int at) {
    return mac(frame, at + DESTINATION);
  }

  public static long source(ByteBuf frame, int at) {
    return mac(frame, at + SOURCE);
  }

  public static int etherType(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + TYPE);
  }

  /** Writes the whole header. */
  public static void set(ByteBuf frame, int at, long destination, long source, int etherType) {
    setMac(frame, at + DESTINATION, destination);
    setMac(frame, at + SOURCE, source);
    frame.setShort(at + TYPE, etherType);
  }

  static long mac(ByteBuf frame, int at) {
    return ((long) frame.getUnsignedShort(at) << 32) | frame.getUnsignedInt(at + 2);
  }

  static void setMac(ByteBuf frame, int at, long mac) {
    frame.setShort(at, (int) (mac >>> 32));
    frame.setInt(at + 2, (int) mac);
  }
}
