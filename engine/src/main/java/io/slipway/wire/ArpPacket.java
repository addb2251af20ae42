package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/** An ARP packet for IPv4 over Ethernet (RFC 826). Addresses are ints in network order. */
public final class ArpPacket {

  /** Bytes of the packet. */
  public static final int LENGTH = 28;

  public static final int REQUEST = 1;
  public static final int REPLY = 2;

  /** Hardware type Ethernet, protocol type IPv4. */
  private static final int TYPES = (1 << 16) | EthernetHeader.TYPE_IPV4;

  /** The same where the hardware type is that of all IEEE 802 networks, which Linux takes, too. */
  private static final int TYPES_802 = (6 << 16) | EthernetHeader.TYPE_IPV4;

  /** Address lengths 6 and 4. */
  private static final int LENGTHS = (6 << 8) | 4;

  private static final int TYPES_AT = 0;
  private static final int LENGTHS_AT = 4;
  private static final int OPERATION = 6;
  private static final int SENDER_MAC = 8;
  private static final int SENDER_ADDRESS = 14;
  private static final int TARGET_MAC = 18;
  private static final int TARGET_ADDRESS = 24;

  private ArpPacket() {}

  /** Whether an ARP packet for IPv4 over Ethernet lies within {@code [at, end)}. */
  public static boolean fits(ByteBuf frame, int at, int end) {
    if (end - at < LENGTH || frame.writerIndex() < end) {
      return false;
    }
    int types = frame.getInt(at + TYPES_AT);
    return (types == TYPES || types == TYPES_802)
        && frame.getUnsignedShort(at + LENGTHS_AT) == LENGTHS;
  }

  public static int operation(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + OPERATION);
  }

  public static long senderMac(ByteBuf frame, int at) {
    return EthernetHeader.mac(frame, at + SENDER_MAC);
  }

  public static int senderAddress(ByteBuf frame, int at) {
    return frame.getInt(at + SENDER_ADDRESS);
  }

  public static long targetMac(ByteBuf frame, int at) {
    return EthernetHeader.mac(frame, at + TARGET_MAC);
  }

  public static int targetAddress(ByteBuf frame, int at) {
    return frame.getInt(at + TARGET_ADDRESS);
  }

  /** Writes the whole packet. */
  public static void set(
      ByteBuf frame,
      int at,
      int operation,
      long senderMac,
      int senderAddress,
      long targetMac,
      int targetAddress) {
    frame.setInt(at + TYPES_AT, TYPES);
    frame.setShort(at + LENGTHS_AT, LENGTHS);
    frame.setShort(at + OPERATION, operation);
    EthernetHeader.setMac(frame, at + SENDER_MAC, senderMac);
    frame.setInt(at + SENDER_ADDRESS, senderAddress);
    EthernetHeader.setMac(frame, at + TARGET_MAC, targetMac);
    frame.setInt(at + TARGET_ADDRESS, targetAddress);
  }
}
