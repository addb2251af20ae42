package io.slipway.sys;

import static io.slipway.sys.LibC.INT;
import static io.slipway.sys.LibC.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The native arrays behind {@link UdpSocket}'s batched calls. One event loop owns one batch and
 * uses it for all of its sockets, one call at a time; only that loop touches it.
 *
 * <p>Two independent halves. <b>Receiving:</b> the owner lends each slot a buffer with {@link
 * #lend}, calls {@link UdpSocket#receive}, and reads what arrived by slot; the values stand until
 * the next receive. <b>Sending:</b> the owner queues datagrams with {@link #add} and calls {@link
 * UdpSocket#sendAll}; the payloads must stay where they are until then. The buffers always belong
 * to the owner; {@link #close} frees the arrays alone.
 */
public final class UdpBatch implements AutoCloseable {
  private static final long CONTROL_SIZE = 64;
  private static final long CMSG_SPACE_SHORT = 24;
  private static final long CMSG_LENGTH_SHORT = MessageHeader.CMSG_DATA + Short.BYTES;

  private final Arena arena = Arena.ofShared();
  private final int capacity;
  private final Half in;
  private final Half out;
  private final MemorySegment destination;
  private int receiveSlots;
  private int firstQueued;
  private int endQueued;

  /** The arrays of one direction, by slot. */
  private record Half(
      MemorySegment headers, MemorySegment vectors, MemorySegment names, MemorySegment controls) {
    static Half allocate(Arena arena, int capacity) {
      Half half =
          new Half(
              arena.allocate(capacity * MessageHeader.MMSG_SIZE, 8),
              arena.allocate(capacity * MessageHeader.VECTOR_SIZE, 8),
              arena.allocate(capacity * SocketAddress.SIZE, 8),
              arena.allocate(capacity * CONTROL_SIZE, 8));
      for (int i = 0; i < capacity; i++) {
        long header = i * MessageHeader.MMSG_SIZE;
        half.headers.set(LONG, header + MessageHeader.NAME, half.name(i));
        half.headers.set(
            LONG,
            header + MessageHeader.VECTORS,
            half.vectors.address() + i * MessageHeader.VECTOR_SIZE);
        half.headers.set(LONG, header + MessageHeader.VECTOR_COUNT, 1);
        half.headers.set(LONG, header + MessageHeader.CONTROL, half.control(i));
      }
      return half;
    }

    long name(int slot) {
      return names.address() + slot * SocketAddress.SIZE;
    }

    long control(int slot) {
      return controls.address() + slot * CONTROL_SIZE;
    }

    void payload(int slot, long address, int length) {
      long vector = slot * MessageHeader.VECTOR_SIZE;
      vectors.set(LONG, vector, address);
      vectors.set(LONG, vector + 8, length);
    }
  }

  /**
   * Allocates the arrays.
   *
   * @param capacity the number of datagrams per call and direction, 1..1024
   */
  public UdpBatch(int capacity) {
    if (capacity < 1 || capacity > 1024) {
      throw new IllegalArgumentException("capacity " + capacity + " is not in 1..1024");
    }
    this.capacity = capacity;
    in = Half.allocate(arena, capacity);
    out = Half.allocate(arena, capacity);
    destination = arena.allocate(SocketAddress.SIZE, 8);
  }

  /** The number of datagrams per call and direction. */
  public int capacity() {
    return capacity;
  }

  // Receiving.

  /**
   * Lends slot {@code slot} the {@code length} bytes at {@code address}. Receiving uses slots 0 up
   * to the highest one lent.
   */
  public void lend(int slot, long address, int length) {
    in.payload(slot, address, length);
    receiveSlots = Math.max(receiveSlots, slot + 1);
  }

  /** Receiving uses only the slots below {@code slots} from now on. */
  public void limit(int slots) {
    receiveSlots = slots;
  }

  int receiveSlots() {
    return receiveSlots;
  }

  /** Restores what the kernel overwrote the last time; returns the address of the first header. */
  long prepareReceive() {
    MemorySegment headers = in.headers;
    for (int i = 0; i < receiveSlots; i++) {
      long header = i * MessageHeader.MMSG_SIZE;
      headers.set(INT, header + MessageHeader.NAME_LENGTH, (int) SocketAddress.SIZE);
      headers.set(LONG, header + MessageHeader.CONTROL_LENGTH, CONTROL_SIZE);
    }
    return headers.address();
  }

  /** Bytes received in {@code slot}; of a truncated datagram, those that found room. */
  public int length(int slot) {
    return in.headers.get(INT, slot * MessageHeader.MMSG_SIZE + MessageHeader.MMSG_LENGTH);
  }

  /** Whether the datagram was longer than the buffer that was lent. */
  public boolean truncated(int slot) {
    int flags = in.headers.get(INT, slot * MessageHeader.MMSG_SIZE + MessageHeader.FLAGS);
    return (flags & MessageHeader.MSG_TRUNC) != 0;
  }

  /** The upper half of the sender's address. */
  public long sourceHigh(int slot) {
    return SocketAddress.high(in.names, slot * SocketAddress.SIZE);
  }

  /** The lower half of the sender's address, IPv4 as {@code ::ffff:a.b.c.d}. */
  public long sourceLow(int slot) {
    return SocketAddress.low(in.names, slot * SocketAddress.SIZE);
  }

  /** The sender's port, in host order. */
  public int sourcePort(int slot) {
    return SocketAddress.port(in.names, slot * SocketAddress.SIZE);
  }

  /**
   * Bytes per datagram when UDP_GRO is on and several of one sender arrived glued together (the
   * last may be shorter); 0 for a single datagram.
   */
  public int segmentSize(int slot) {
    long header = slot * MessageHeader.MMSG_SIZE;
    long end = in.headers.get(LONG, header + MessageHeader.CONTROL_LENGTH);
    long start = slot * CONTROL_SIZE;
    long found =
        MessageHeader.findControl(
            in.controls, start, start + end, UdpSocket.SOL_UDP, UdpSocket.UDP_GRO);
    return found < 0 ? 0 : in.controls.get(INT, found);
  }

  /**
   * The TTL or hop limit that the datagram came with, where the socket was told to report it
   * ({@link EchoSocket#reportHopLimit}); otherwise 0.
   */
  public int hopLimit(int slot) {
    long header = slot * MessageHeader.MMSG_SIZE;
    long start = slot * CONTROL_SIZE;
    long end = start + in.headers.get(LONG, header + MessageHeader.CONTROL_LENGTH);
    long found =
        MessageHeader.findControl(in.controls, start, end, UdpSocket.SOL_IP, UdpSocket.IP_TTL);
    if (found < 0) {
      found =
          MessageHeader.findControl(
              in.controls, start, end, UdpSocket.SOL_IPV6, EchoSocket.IPV6_HOPLIMIT);
    }
    return found < 0 ? 0 : in.controls.get(INT, found);
  }

  // Sending.

  /**
   * Queues the {@code length} bytes at {@code address} for {@link UdpSocket#sendAll}.
   *
   * @param segmentSize 0 for one datagram; otherwise the kernel cuts the payload into datagrams of
   *     so many bytes (UDP_SEGMENT, at most 64 of them)
   * @return false when the batch is full
   */
  public boolean add(long address, int length, int segmentSize, long high, long low, int port) {
    if (endQueued == capacity) {
      return false;
    }
    int slot = endQueued++;
    out.payload(slot, address, length);
    int nameLength = SocketAddress.write(out.names, slot * SocketAddress.SIZE, high, low, port);
    long header = slot * MessageHeader.MMSG_SIZE;
    out.headers.set(INT, header + MessageHeader.NAME_LENGTH, nameLength);
    out.headers.set(
        LONG, header + MessageHeader.CONTROL_LENGTH, segmentSize == 0 ? 0 : CMSG_SPACE_SHORT);
    if (segmentSize != 0) {
      long control = slot * CONTROL_SIZE;
      out.controls.set(LONG, control, CMSG_LENGTH_SHORT);
      out.controls.set(INT, control + MessageHeader.CMSG_LEVEL, UdpSocket.SOL_UDP);
      out.controls.set(INT, control + MessageHeader.CMSG_TYPE, UdpSocket.UDP_SEGMENT);
      out.controls.set(LibC.SHORT, control + MessageHeader.CMSG_DATA, (short) segmentSize);
    }
    return true;
  }

  /** The number of datagrams queued and not yet sent. */
  public int queued() {
    return endQueued - firstQueued;
  }

  /** Forgets the first queued datagram, which could not be sent. */
  public void drop() {
    if (queued() > 0) {
      sent(1);
    }
  }

  long queuedHeaders() {
    return out.headers.address() + firstQueued * MessageHeader.MMSG_SIZE;
  }

  void sent(int count) {
    firstQueued += count;
    if (firstQueued == endQueued) {
      firstQueued = 0;
      endQueued = 0;
    }
  }

  int writeDestination(long high, long low, int port) {
    return SocketAddress.write(destination, 0, high, low, port);
  }

  long destination() {
    return destination.address();
  }

  @Override
  public void close() {
    arena.close();
  }
}
