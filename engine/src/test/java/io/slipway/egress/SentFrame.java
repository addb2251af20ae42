package io.slipway.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A frame as its receiver sees it, read byte by byte from the RFCs without any help of {@code
 * wire}, so that a mistake there does not excuse itself.
 */
public final class SentFrame {

  private final byte[] bytes;
  private final int ethernetAt;

  /** A frame that begins with {@code virtioLength} bytes of virtio header. */
  public SentFrame(byte[] bytes, int virtioLength) {
    this.bytes = bytes;
    this.ethernetAt = virtioLength;
  }

  public int u8(int at) {
    return bytes[at] & 0xFF;
  }

  public int u16(int at) {
    return u8(at) << 8 | u8(at + 1);
  }

  public int u32(int at) {
    return u16(at) << 16 | u16(at + 2);
  }

  private int little16(int at) {
    return u8(at) | u8(at + 1) << 8;
  }

  // ---- virtio

  public int virtioFlags() {
    return u8(0);
  }

  public int gsoType() {
    return u8(1);
  }

  public int virtioHeaderLength() {
    return little16(2);
  }

  public int gsoSize() {
    return little16(4);
  }

  public int checksumStart() {
    return little16(6);
  }

  public int checksumOffset() {
    return little16(8);
  }

  // ---- Ethernet

  /** Bytes from Ethernet on. */
  public int length() {
    return bytes.length - ethernetAt;
  }

  public String destinationMac() {
    return mac(ethernetAt);
  }

  public String sourceMac() {
    return mac(ethernetAt + 6);
  }

  private String mac(int at) {
    return HexFormat.ofDelimiter(":").formatHex(bytes, at, at + 6);
  }

  public int etherType() {
    return u16(ethernetAt + 12);
  }

  /** Index of what Ethernet carries. */
  public int ipAt() {
    return ethernetAt + 14;
  }

  // ---- IP

  public boolean isV6() {
    return u8(ipAt()) >>> 4 == 6;
  }

  public String source() {
    return address(isV6() ? ipAt() + 8 : ipAt() + 12);
  }

  public String destination() {
    return address(isV6() ? ipAt() + 24 : ipAt() + 16);
  }

  private String address(int at) {
    try {
      int length = isV6() ? 16 : 4;
      return InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + length)).getHostAddress();
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  public int protocol() {
    return isV6() ? u8(ipAt() + 6) : u8(ipAt() + 9);
  }

  public int hopLimit() {
    return isV6() ? u8(ipAt() + 7) : u8(ipAt() + 8);
  }

  public int trafficClass() {
    return isV6() ? u16(ipAt()) >>> 4 & 0xFF : u8(ipAt() + 1);
  }

  public int id() {
    return u16(ipAt() + 4);
  }

  public boolean dontFragment() {
    return (u16(ipAt() + 6) & 0x4000) != 0;
  }

  public boolean moreFragments() {
    return isV6() ? (u16(ipAt() + 42) & 1) != 0 : (u16(ipAt() + 6) & 0x2000) != 0;
  }

  public int fragmentOffset() {
    return isV6() ? u16(ipAt() + 42) & 0xFFF8 : (u16(ipAt() + 6) & 0x1FFF) * 8;
  }

  /** Where IP's payload begins. */
  public int transportAt() {
    return ipAt() + (isV6() ? 40 : 20);
  }

  /** What follows the IP header. */
  public byte[] ipPayload() {
    return Arrays.copyOfRange(bytes, transportAt(), bytes.length);
  }

  /** Everything from the index to the end. */
  public byte[] from(int at) {
    return Arrays.copyOfRange(bytes, at, bytes.length);
  }

  /** Fails unless versions, lengths and the IPv4 header checksum are right. */
  public SentFrame checkIp() {
    int ipLength = bytes.length - ipAt();
    if (isV6()) {
      check(etherType() == 0x86DD, "type");
      check(u16(ipAt() + 4) == ipLength - 40, "payload length");
    } else {
      check(etherType() == 0x0800, "type");
      check(u8(ipAt()) == 0x45, "version and header length");
      check(u16(ipAt() + 2) == ipLength, "total length");
      check(sum(0, ipAt(), ipAt() + 20) == 0xFFFF, "header checksum");
    }
    return this;
  }

  /** Fails unless IP is right and the transport checksum is complete and right. */
  public SentFrame checkComplete() {
    checkIp();
    if (ethernetAt > 0) {
      check(virtioFlags() == 0 && gsoType() == 0, "virtio header asks for something");
    }
    boolean icmp4 = protocol() == 1;
    check(sum(icmp4 ? 0 : pseudo(), transportAt(), bytes.length) == 0xFFFF, "checksum");
    return this;
  }

  /** Fails unless the checksum is partial as virtio wants it: the folded pseudo-header's sum. */
  public SentFrame checkPartial() {
    checkIp();
    int offset = protocol() == 6 ? 16 : 6;
    check((virtioFlags() & 1) != 0, "NEEDS_CSUM");
    check(checksumStart() == transportAt() - ethernetAt, "checksum start");
    check(checksumOffset() == offset, "checksum offset");
    check(u16(transportAt() + offset) == fold(pseudo()), "partial checksum");
    return this;
  }

  private long pseudo() {
    int from = isV6() ? ipAt() + 8 : ipAt() + 12;
    long words = 0;
    for (int at = from; at < from + (isV6() ? 32 : 8); at += 2) {
      words += u16(at);
    }
    return words + protocol() + (bytes.length - transportAt());
  }

  private int sum(long start, int from, int to) {
    long words = start;
    for (int at = from; at < to; at += 2) {
      words += at + 1 < to ? u16(at) : u8(at) << 8;
    }
    return fold(words);
  }

  private static int fold(long sum) {
    long folded = sum;
    while (folded > 0xFFFF) {
      folded = (folded & 0xFFFF) + (folded >>> 16);
    }
    return (int) folded;
  }

  private void check(boolean good, String what) {
    if (!good) {
      throw new AssertionError("wrong " + what + " in " + this);
    }
  }

  // ---- TCP and UDP

  public int sourcePort() {
    return u16(transportAt());
  }

  public int destinationPort() {
    return u16(transportAt() + 2);
  }

  public int seq() {
    return u32(transportAt() + 4);
  }

  public int ack() {
    return u32(transportAt() + 8);
  }

  public int flags() {
    return u8(transportAt() + 13);
  }

  public int window() {
    return u16(transportAt() + 14);
  }

  /** The payload of a TCP segment. */
  public byte[] tcpPayload() {
    return from(transportAt() + (u8(transportAt() + 12) >>> 4) * 4);
  }

  /** The payload of a UDP datagram. */
  public byte[] udpPayload() {
    return from(transportAt() + 8);
  }

  // ---- ICMP

  public int icmpType() {
    return u8(transportAt());
  }

  public int icmpCode() {
    return u8(transportAt() + 1);
  }

  /** What an ICMP error quotes. */
  public byte[] quoted() {
    return from(transportAt() + 8);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 120));
  }
}
