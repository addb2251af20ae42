package io.slipway.pipeline;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Frames as a guest writes them, byte by byte, without any help of {@code wire}. Ethernet goes from
 * {@link #GUEST_MAC} to {@link #OUR_MAC}; checksums are right.
 */
public final class GuestFrames {

  public static final long GUEST_MAC = 0x0A11_2233_4455L;
  public static final long OUR_MAC = 0x5255_0A00_0202L;
  public static final String GUEST4 = "10.0.2.100";
  public static final String REMOTE4 = "198.51.100.7";
  public static final String GUEST6 = "fd00::100";
  public static final String REMOTE6 = "2001:db8::7";

  private GuestFrames() {}

  public static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** {@code length} bytes of which neighbours differ. */
  public static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + i / 251);
    }
    return bytes;
  }

  public static byte[] join(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  public static byte[] ethernet(long destination, long source, int type, byte[] payload) {
    return ByteBuffer.allocate(14 + payload.length)
        .putShort((short) (destination >>> 32))
        .putInt((int) destination)
        .putShort((short) (source >>> 32))
        .putInt((int) source)
        .putShort((short) type)
        .put(payload)
        .array();
  }

  /** A frame with an IP packet of either version to our Ethernet address. */
  public static byte[] frame(byte[] ip) {
    return ethernet(OUR_MAC, GUEST_MAC, (ip[0] & 0xF0) == 0x40 ? 0x0800 : 0x86DD, ip);
  }

  private static byte[] address(String text) {
    try {
      return InetAddress.getByName(text).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  public static byte[] ipv4(String source, String destination, int protocol, byte[] payload) {
    return ipv4(source, destination, protocol, 0x1234, 0, new byte[0], payload);
  }

  /** An IPv4 packet; {@code place} is the flags and offset word. */
  public static byte[] ipv4(
      String source,
      String destination,
      int protocol,
      int id,
      int place,
      byte[] options,
      byte[] payload) {
    int header = 20 + options.length;
    ByteBuffer packet = ByteBuffer.allocate(header + payload.length);
    packet.put((byte) (0x40 | header / 4)).put((byte) 0x12);
    packet.putShort((short) (header + payload.length)).putShort((short) id);
    packet.putShort((short) place).put((byte) 63).put((byte) protocol).putShort((short) 0);
    packet.put(address(source)).put(address(destination)).put(options).put(payload);
    return mendIpv4(packet.array());
  }

  /** Computes the header checksum anew. */
  public static byte[] mendIpv4(byte[] packet) {
    packet[10] = 0;
    packet[11] = 0;
    set16(packet, 10, ~sum(0, packet, 0, (packet[0] & 15) * 4));
    return packet;
  }

  public static byte[] ipv6(String source, String destination, int next, byte[] payload) {
    return ipv6(source, destination, next, 63, payload);
  }

  public static byte[] ipv6(
      String source, String destination, int next, int hopLimit, byte[] payload) {
    ByteBuffer packet = ByteBuffer.allocate(40 + payload.length);
    packet.putInt(0x6120_0000).putShort((short) payload.length);
    packet.put((byte) next).put((byte) hopLimit);
    return packet.put(address(source)).put(address(destination)).put(payload).array();
  }

  /** An IPv6 fragment header and its part of the payload. */
  public static byte[] fragment6(int next, int offset, boolean more, int id, byte[] part) {
    return ByteBuffer.allocate(8 + part.length)
        .put((byte) next)
        .put((byte) 0)
        .putShort((short) (offset | (more ? 1 : 0)))
        .putInt(id)
        .put(part)
        .array();
  }

  /** A datagram with its checksum for these addresses. */
  public static byte[] udp(
      String source, int sourcePort, String destination, int destinationPort, byte[] payload) {
    byte[] datagram =
        ByteBuffer.allocate(8 + payload.length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putShort((short) (8 + payload.length))
            .putShort((short) 0)
            .put(payload)
            .array();
    return withChecksum(source, destination, 17, datagram, 6);
  }

  /** A segment with its checksum for these addresses. */
  public static byte[] tcp(
      String source,
      int sourcePort,
      String destination,
      int destinationPort,
      int seq,
      int flags,
      byte[] payload) {
    byte[] segment =
        ByteBuffer.allocate(20 + payload.length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putInt(seq)
            .putInt(0)
            .putShort((short) (0x5000 | flags))
            .putShort((short) 0x7210)
            .putInt(0)
            .put(payload)
            .array();
    return withChecksum(source, destination, 6, segment, 16);
  }

  /** An ICMP message with its checksum; ICMPv6 when the addresses are. */
  public static byte[] icmp(
      String source, String destination, int type, int code, int rest, byte[] payload) {
    byte[] message =
        ByteBuffer.allocate(8 + payload.length)
            .put((byte) type)
            .put((byte) code)
            .putShort((short) 0)
            .putInt(rest)
            .put(payload)
            .array();
    if (address(source).length == 16) {
      return withChecksum(source, destination, 58, message, 2);
    }
    set16(message, 2, ~sum(0, message, 0, message.length));
    return message;
  }

  public static byte[] arp(
      int operation, long senderMac, String sender, long targetMac, String target) {
    return ByteBuffer.allocate(28)
        .putInt(0x0001_0800)
        .putShort((short) 0x0604)
        .putShort((short) operation)
        .putShort((short) (senderMac >>> 32))
        .putInt((int) senderMac)
        .put(address(sender))
        .putShort((short) (targetMac >>> 32))
        .putInt((int) targetMac)
        .put(address(target))
        .array();
  }

  /** A virtio header, and the frame behind it. */
  public static byte[] virtio(
      int flags, int gsoType, int gsoSize, int start, int offset, byte[] frame) {
    return join(
        bytes(flags, gsoType, 54, 0, gsoSize, gsoSize >> 8, start, start >> 8, offset, offset >> 8),
        frame);
  }

  private static byte[] withChecksum(
      String source, String destination, int protocol, byte[] transport, int at) {
    byte[] from = address(source);
    byte[] to = address(destination);
    long pseudo = protocol + (long) transport.length;
    pseudo += sum(0, from, 0, from.length);
    pseudo += sum(0, to, 0, to.length);
    int value = ~sum(pseudo, transport, 0, transport.length) & 0xFFFF;
    set16(transport, at, protocol == 17 && value == 0 ? 0xFFFF : value);
    return transport;
  }

  private static int sum(long start, byte[] bytes, int from, int to) {
    long words = start;
    for (int at = from; at < to; at += 2) {
      words += (bytes[at] & 0xFF) << 8;
      words += at + 1 < to ? bytes[at + 1] & 0xFF : 0;
    }
    while (words > 0xFFFF) {
      words = (words & 0xFFFF) + (words >>> 16);
    }
    return (int) words;
  }

  private static void set16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }
}
