package io.slipway.sys;

import static io.slipway.sys.LibC.BYTE;
import static io.slipway.sys.LibC.INT;
import static io.slipway.sys.LibC.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One entry of a socket's error queue: what went wrong with a datagram sent earlier. One event loop
 * owns one of these and reuses it; the values stand until the next {@link UdpSocket#readError}.
 *
 * <p>The layout is {@code sock_extended_err} of ip(7), followed by the address of the host or
 * router that sent the ICMP message.
 */
public final class UdpError implements AutoCloseable {
  /** The kernel itself refused, for instance EMSGSIZE: the datagram exceeds the path MTU. */
  public static final int ORIGIN_LOCAL = 1;

  /** An ICMP message, RFC 792. */
  public static final int ORIGIN_ICMP = 2;

  /** An ICMPv6 message, RFC 4443. */
  public static final int ORIGIN_ICMPV6 = 3;

  private static final int CONTROL_SIZE = 256;
  private static final int PAYLOAD_SIZE = 2048;
  private static final long ORIGIN = 4;
  private static final long TYPE = 5;
  private static final long CODE = 6;
  private static final long INFO = 8;
  private static final long OFFENDER = 16;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment header = arena.allocate(MessageHeader.SIZE, 8);
  private final MemorySegment vector = arena.allocate(MessageHeader.VECTOR_SIZE, 8);
  private final MemorySegment destination = arena.allocate(SocketAddress.SIZE, 8);
  private final MemorySegment control = arena.allocate(CONTROL_SIZE, 8);
  private final MemorySegment payload = arena.allocate(PAYLOAD_SIZE, 8);
  private long found;
  private int payloadLength;

  /** Allocates the memory for one entry, about 2.5 KiB. */
  public UdpError() {
    header.set(LONG, MessageHeader.NAME, destination.address());
    header.set(LONG, MessageHeader.VECTORS, vector.address());
    header.set(LONG, MessageHeader.VECTOR_COUNT, 1);
    header.set(LONG, MessageHeader.CONTROL, control.address());
    vector.set(LONG, 0, payload.address());
    vector.set(LONG, 8, PAYLOAD_SIZE);
  }

  /** Restores what the kernel overwrote the last time; returns the address of the header. */
  long prepare() {
    header.set(INT, MessageHeader.NAME_LENGTH, (int) SocketAddress.SIZE);
    header.set(LONG, MessageHeader.CONTROL_LENGTH, CONTROL_SIZE);
    // Should the kernel name no destination, none is reported rather than the last one's.
    destination.fill((byte) 0);
    return header.address();
  }

  /** Finds the extended error; 1, or {@code -EPROTO} when the kernel gave none we know. */
  int parse(int quoted) {
    long end = header.get(LONG, MessageHeader.CONTROL_LENGTH);
    found = MessageHeader.findControl(control, 0, end, UdpSocket.SOL_IP, UdpSocket.IP_RECVERR);
    if (found < 0) {
      found =
          MessageHeader.findControl(control, 0, end, UdpSocket.SOL_IPV6, UdpSocket.IPV6_RECVERR);
    }
    payloadLength = quoted;
    return found < 0 ? -Errno.EPROTO : 1;
  }

  /** The positive errno, such as {@link Errno#ECONNREFUSED}. */
  public int errno() {
    return control.get(INT, found);
  }

  /** {@link #ORIGIN_LOCAL}, {@link #ORIGIN_ICMP}, {@link #ORIGIN_ICMPV6}, or another of Linux's. */
  public int origin() {
    return Byte.toUnsignedInt(control.get(BYTE, found + ORIGIN));
  }

  /** The ICMP type; 0 when local. */
  public int type() {
    return Byte.toUnsignedInt(control.get(BYTE, found + TYPE));
  }

  /** The ICMP code; 0 when local. */
  public int code() {
    return Byte.toUnsignedInt(control.get(BYTE, found + CODE));
  }

  /** For EMSGSIZE the MTU in bytes; otherwise 0 or what the kernel took from the message. */
  public int info() {
    return control.get(INT, found + INFO);
  }

  /** The upper half of the address of whoever sent the ICMP message; 0 when local. */
  public long offenderHigh() {
    return SocketAddress.high(control, found + OFFENDER);
  }

  /** The lower half of that address, IPv4 as {@code ::ffff:a.b.c.d}; 0 when local. */
  public long offenderLow() {
    return SocketAddress.low(control, found + OFFENDER);
  }

  /** The upper half of the address that the offending datagram was sent to. */
  public long destinationHigh() {
    return SocketAddress.high(destination, 0);
  }

  /** The lower half of that address, IPv4 as {@code ::ffff:a.b.c.d}. */
  public long destinationLow() {
    return SocketAddress.low(destination, 0);
  }

  /** The port that the offending datagram was sent to, in host order. */
  public int destinationPort() {
    return SocketAddress.port(destination, 0);
  }

  /**
   * Where the quoted beginning of the offending datagram's payload is; valid until the next read.
   */
  public long payloadAddress() {
    return payload.address();
  }

  /** Bytes of payload quoted, often 0: routers owe us no more than the UDP header. */
  public int payloadLength() {
    return payloadLength;
  }

  @Override
  public void close() {
    arena.close();
  }
}
