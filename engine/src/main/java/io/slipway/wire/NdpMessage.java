package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * Neighbour discovery messages (RFC 4861 §4): solicitations and advertisements of neighbours, and
 * the options that carry Ethernet addresses. {@code at} is the start of the ICMPv6 header.
 */
public final class NdpMessage {

  public static final int ROUTER_SOLICITATION = 133;
  public static final int ROUTER_ADVERTISEMENT = 134;
  public static final int NEIGHBOR_SOLICITATION = 135;
  public static final int NEIGHBOR_ADVERTISEMENT = 136;
  public static final int REDIRECT = 137;

  /** Bytes of a neighbour message without options. */
  public static final int NEIGHBOR_LENGTH = 24;

  /** Bytes of a router solicitation without options. */
  public static final int ROUTER_SOLICITATION_LENGTH = 8;

  /** Bytes of a neighbour message with one Ethernet address option. */
  public static final int NEIGHBOR_WITH_MAC_LENGTH = 32;

  /** The hop limit that every message must have, so that no router has passed it on. */
  public static final int HOP_LIMIT = 255;

  /** Flags of an advertisement. */
  public static final int ROUTER = 0x8000_0000;

  public static final int SOLICITED = 0x4000_0000;
  public static final int OVERRIDE = 0x2000_0000;

  /** Result of {@link #macOption}: an option of another length than RFC 2464 §6 has. */
  public static final long MALFORMED = -2;

  public static final int OPTION_SOURCE_MAC = 1;
  public static final int OPTION_TARGET_MAC = 2;

  private static final int FLAGS = 4;
  private static final int TARGET = 8;

  private NdpMessage() {}

  /** Whether the type is one of neighbour discovery's. */
  public static boolean isNdp(int type) {
    return type >= ROUTER_SOLICITATION && type <= REDIRECT;
  }

  /**
   * Whether a message of {@code fixedLength} bytes and well-formed options lies within {@code [at,
   * end)}. RFC 4861 §4.6: a message with an option of length zero is discarded.
   */
  public static boolean fits(ByteBuf frame, int at, int end, int fixedLength) {
    if (end - at < fixedLength || frame.writerIndex() < end) {
      return false;
    }
    int option = at + fixedLength;
    while (option < end) {
      if (end - option < 8) {
        return false;
      }
      int length = frame.getUnsignedByte(option + 1) << 3;
      if (length == 0 || length > end - option) {
        return false;
      }
      option += length;
    }
    return true;
  }

  /** The advertisement's flags, in the top bits. */
  public static int flags(ByteBuf frame, int at) {
    return frame.getInt(at + FLAGS);
  }

  public static long targetHigh(ByteBuf frame, int at) {
    return frame.getLong(at + TARGET);
  }

  public static long targetLow(ByteBuf frame, int at) {
    return frame.getLong(at + TARGET + 8);
  }

  /**
   * The Ethernet address in the first option of this kind within {@code [from, end)}, whose options
   * {@link #fits} has found well-formed; -1 when there is none, {@link #MALFORMED} when the first
   * one is not as long as an Ethernet address makes it.
   */
  public static long macOption(ByteBuf frame, int from, int end, int kind) {
    int option = from;
    while (option < end) {
      if (frame.getUnsignedByte(option) == kind) {
        boolean good = frame.getByte(option + 1) == 1;
        return good ? EthernetHeader.mac(frame, option + 2) : MALFORMED;
      }
      option += frame.getUnsignedByte(option + 1) << 3;
    }
    return -1;
  }

  /**
   * Writes a neighbour advertisement with our Ethernet address, 32 bytes, with a checksum of 0.
   *
   * @param flags of {@link #ROUTER}, {@link #SOLICITED}, {@link #OVERRIDE}
   */
  public static void setAdvertisement(
      ByteBuf frame, int at, int flags, long targetHigh, long targetLow, long mac) {
    IcmpHeader.set(frame, at, NEIGHBOR_ADVERTISEMENT, 0, flags);
    setTarget(frame, at, targetHigh, targetLow, OPTION_TARGET_MAC, mac);
  }

  /** Writes a neighbour solicitation with our Ethernet address, 32 bytes, with a checksum of 0. */
  public static void setSolicitation(
      ByteBuf frame, int at, long targetHigh, long targetLow, long mac) {
    IcmpHeader.set(frame, at, NEIGHBOR_SOLICITATION, 0, 0);
    setTarget(frame, at, targetHigh, targetLow, OPTION_SOURCE_MAC, mac);
  }

  private static void setTarget(
      ByteBuf frame, int at, long targetHigh, long targetLow, int kind, long mac) {
    frame.setLong(at + TARGET, targetHigh);
    frame.setLong(at + TARGET + 8, targetLow);
    frame.setByte(at + NEIGHBOR_LENGTH, kind);
    frame.setByte(at + NEIGHBOR_LENGTH + 1, 1);
    EthernetHeader.setMac(frame, at + NEIGHBOR_LENGTH + 2, mac);
  }
}
