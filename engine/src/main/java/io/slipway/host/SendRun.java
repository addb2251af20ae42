package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.sys.Linux;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams of one socket to one peer that wait for the end of the batch to leave in one call, as
 * one payload that the kernel cuts (UDP_SEGMENT, udp(7)). Owned by {@link DatagramMemory}; used by
 * one socket at a time. All datagrams are of the first one's size, but the last may be shorter.
 */
final class SendRun implements AutoCloseable {
  /** Longer datagrams gain nothing by waiting for each other. */
  static final int LONGEST = 16 * 1024;

  /** What the kernel cuts at most in one call (UDP_MAX_SEGMENTS until Linux 6.9). */
  private static final int MOST = 64;

  /** Bytes that one call may carry, with room below the 65,507 of an IPv4 packet. */
  private static final int CAPACITY = 64_000;

  private final ByteBuf bytes = Unpooled.directBuffer(CAPACITY, CAPACITY);
  private @Nullable UdpHostDatagrams user;
  private long high;
  private long low;
  private int port;
  private int hopLimit;
  private boolean dontFragment;
  private int size;
  private int count;

  /** Whether {@code socket} has datagrams here that wait. */
  boolean isOf(UdpHostDatagrams socket) {
    return user == socket;
  }

  /** Whether a datagram can be added to the run that is under way. */
  boolean takes(
      UdpHostDatagrams socket,
      int length,
      long dstHigh,
      long dstLow,
      int dstPort,
      int hops,
      boolean whole) {
    return user == socket
        && low == dstLow
        && port == dstPort
        && high == dstHigh
        && hopLimit == hops
        && dontFragment == whole
        && length > 0
        && length <= size
        && bytes.writerIndex() == count * size
        && count < MOST
        && bytes.writableBytes() >= length;
  }

  /** Begins a run, which must be empty. */
  void begin(
      UdpHostDatagrams socket,
      int length,
      long dstHigh,
      long dstLow,
      int dstPort,
      int hops,
      boolean whole) {
    user = socket;
    high = dstHigh;
    low = dstLow;
    port = dstPort;
    hopLimit = hops;
    dontFragment = whole;
    size = length;
  }

  /** Keeps a copy of a datagram that the run {@link #takes}. */
  void add(ByteBuf data, int offset, int length) {
    int end = bytes.writerIndex();
    Linux.copy(data.memoryAddress() + offset, bytes.memoryAddress() + end, length);
    bytes.writerIndex(end + length);
    count++;
  }

  /** Hands what waits to its socket, which sends it now. */
  void flush() {
    UdpHostDatagrams socket = user;
    if (socket != null) {
      user = null;
      socket.send(this);
      bytes.clear();
      count = 0;
    }
  }

  /** Forgets what waits. */
  void discard() {
    user = null;
    bytes.clear();
    count = 0;
  }

  ByteBuf bytes() {
    return bytes;
  }

  /** Datagrams that wait. */
  int count() {
    return count;
  }

  /** Bytes of each, but perhaps of the last. */
  int size() {
    return size;
  }

  long high() {
    return high;
  }

  long low() {
    return low;
  }

  int port() {
    return port;
  }

  int hopLimit() {
    return hopLimit;
  }

  boolean dontFragment() {
    return dontFragment;
  }

  @Override
  public void close() {
    bytes.release();
  }
}
