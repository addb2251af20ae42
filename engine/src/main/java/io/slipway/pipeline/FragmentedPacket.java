package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.slipway.clock.Timer;
import io.slipway.stats.Drop;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * One packet of which fragments have come, and its reassembly timer. Owned and reused by one {@link
 * FragmentReassembler}.
 *
 * <p>Fragments are copied to their place, so that no frame is kept. Ranges {@code [starts[i],
 * ends[i])} are what is there, in order, never touching each other. A packet that is refused stays
 * as long as its timer, without its bytes, so that fragments still to come are refused too (RFC
 * 5722 §4).
 */
final class FragmentedPacket extends Timer {

  /** Where the payload begins in the buffer: the longest IPv4 header fits before it. */
  private static final int PAYLOAD_AT = 60;

  private static final int MOST_RANGES = 64;
  private static final int LEAST_CAPACITY = 4096;
  private static final int MOST_BYTES = 65_535;
  private static final int UNKNOWN = -1;

  private final FragmentReassembler owner;
  private final int[] starts = new int[MOST_RANGES];
  private final int[] ends = new int[MOST_RANGES];
  private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
  private int ranges;
  private int total;
  private int headerLength;
  private long begunNanos;
  private boolean inUse;
  private boolean refused;

  private boolean v6;
  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;
  private int id;
  private int keyProtocol;
  private int protocol;
  private int hopLimit;
  private int trafficClass;
  private long sourceMac;
  private long destinationMac;

  FragmentedPacket(FragmentReassembler owner) {
    this.owner = owner;
  }

  boolean isInUse() {
    return inUse;
  }

  /** When its first fragment came, whichever that was. */
  long begunNanos() {
    return begunNanos;
  }

  /** Bytes of memory held for this packet. */
  int held() {
    return buffer.capacity();
  }

  /** RFC 791 tells packets apart by protocol, too; RFC 8200 does not. */
  boolean isOf(Packet packet, int packetId, int packetProtocol) {
    return inUse
        && id == packetId
        && v6 == packet.isV6()
        && sourceLow == packet.sourceLow()
        && destinationLow == packet.destinationLow()
        && sourceHigh == packet.sourceHigh()
        && destinationHigh == packet.destinationHigh()
        && (v6 || keyProtocol == packetProtocol);
  }

  /** Takes this object into use for the packet that the fragment at hand belongs to. */
  void begin(Packet packet, int packetId, int packetProtocol, long nowNanos) {
    inUse = true;
    begunNanos = nowNanos;
    refused = false;
    ranges = 0;
    total = UNKNOWN;
    headerLength = UNKNOWN;
    v6 = packet.isV6();
    sourceHigh = packet.sourceHigh();
    sourceLow = packet.sourceLow();
    destinationHigh = packet.destinationHigh();
    destinationLow = packet.destinationLow();
    id = packetId;
    keyProtocol = packetProtocol;
    protocol = packetProtocol;
  }

  /** Bytes by which {@link #accept} of this fragment would grow the buffer. */
  int growth(int offset, int length) {
    return Math.max(0, capacityFor(offset + length) - buffer.capacity());
  }

  /**
   * Puts a fragment in its place; a repeated one changes nothing.
   *
   * @param packet the fragment: its IP header and, as transport part, its piece of the payload
   * @param fragmentProtocol what it says the payload is
   * @return why the whole packet is refused from now on, or null
   */
  @Nullable Drop accept(
      Packet packet, int fragmentProtocol, int offset, boolean more, ByteBufAllocator allocator) {
    if (refused) {
      return Drop.FRAGMENT_OVERLAP;
    }
    int length = packet.transportLength();
    int end = offset + length;
    boolean contradicts =
        more ? total != UNKNOWN && end > total : total != UNKNOWN ? end != total : end < seen();
    if (contradicts) {
      return Drop.FRAGMENT_MALFORMED;
    }
    Drop reason = checkOverlap(packet, offset, end);
    if (reason != null || covers(offset, end)) {
      return reason;
    }
    if (!insert(offset, end)) {
      return Drop.FRAGMENT_LIMIT;
    }
    reserve(end, allocator);
    buffer.setBytes(PAYLOAD_AT + offset, packet.frame(), packet.transportAt(), length);
    total = more ? total : end;
    sourceMac = packet.sourceMac();
    destinationMac = packet.destinationMac();
    if (offset == 0) {
      first(packet, fragmentProtocol);
    }
    return isComplete() && packetLength() > MOST_BYTES ? Drop.FRAGMENT_MALFORMED : null;
  }

  /** The first fragment says what the header of the whole looks like. */
  private void first(Packet packet, int fragmentProtocol) {
    protocol = fragmentProtocol;
    hopLimit = packet.hopLimit();
    trafficClass = packet.trafficClass();
    headerLength = v6 ? Ipv6Header.LENGTH : packet.ipHeaderLength();
    if (!v6) {
      buffer.setBytes(PAYLOAD_AT - headerLength, packet.frame(), packet.ipAt(), headerLength);
    }
  }

  boolean isComplete() {
    return !refused && ranges == 1 && starts[0] == 0 && ends[0] == total;
  }

  /** Whether the first fragment is there, so that an error can quote the packet. */
  boolean canBeQuoted() {
    return !refused && ranges > 0 && starts[0] == 0;
  }

  /**
   * Shows what has been put together, from its IP header on, through {@code packet}: the whole, or,
   * when it is not complete, as far as there is no gap. The buffer stays ours.
   */
  void show(Packet packet) {
    int length = ends[0];
    int at = PAYLOAD_AT - headerLength;
    if (v6) {
      Ipv6Header.set(buffer, at, trafficClass, length, protocol, hopLimit);
      Ipv6Header.setAddresses(buffer, at, sourceHigh, sourceLow, destinationHigh, destinationLow);
    } else {
      Ipv4Header.refit(buffer, at, headerLength + length, id, 0);
    }
    buffer.setIndex(at, PAYLOAD_AT + length);
    packet.reset(buffer, PAYLOAD_AT + length);
    packet.reassembled();
    int type = packet.etherType();
    packet.ethernet(sourceMac, destinationMac, type, at);
    packet.ip(v6, at, headerLength, headerLength + length);
    packet.source(sourceHigh, sourceLow);
    packet.destination(destinationHigh, destinationLow);
    packet.handling(hopLimit, trafficClass);
    packet.transport(protocol, PAYLOAD_AT, length);
  }

  /** Lets go of the bytes and refuses what still comes. */
  void refuse() {
    refused = true;
    ranges = 0;
    release();
  }

  /** Frees this object for another packet. */
  void end() {
    inUse = false;
    release();
  }

  private void release() {
    buffer.release();
    buffer = Unpooled.EMPTY_BUFFER;
  }

  @Override
  protected void expire(long nowNanos) {
    owner.expired(this, nowNanos);
  }

  /** Where the last range ends. */
  private int seen() {
    return ranges == 0 ? 0 : ends[ranges - 1];
  }

  private int packetLength() {
    return v6 ? total : headerLength + total;
  }

  private boolean covers(int offset, int end) {
    for (int i = 0; i < ranges; i++) {
      if (starts[i] <= offset && end <= ends[i]) {
        return true;
      }
    }
    return false;
  }

  /** RFC 8200 §4.5: an exact repetition may be ignored, any other overlap refuses the packet. */
  private @Nullable Drop checkOverlap(Packet packet, int offset, int end) {
    for (int i = 0; i < ranges; i++) {
      if (offset < ends[i] && starts[i] < end) {
        boolean repeated =
            starts[i] <= offset
                && end <= ends[i]
                && ByteBufUtil.equals(
                    buffer,
                    PAYLOAD_AT + offset,
                    packet.frame(),
                    packet.transportAt(),
                    end - offset);
        return repeated ? null : Drop.FRAGMENT_OVERLAP;
      }
    }
    return null;
  }

  /** Adds a range that overlaps none, joined with its neighbours; false when there are too many. */
  private boolean insert(int start, int end) {
    int at = 0;
    while (at < ranges && ends[at] < start) {
      at++;
    }
    if (at < ranges && ends[at] == start) {
      ends[at] = end;
      if (at + 1 < ranges && starts[at + 1] == end) {
        ends[at] = ends[at + 1];
        remove(at + 1);
      }
      return true;
    }
    if (at < ranges && starts[at] == end) {
      starts[at] = start;
      return true;
    }
    if (ranges == MOST_RANGES) {
      return false;
    }
    System.arraycopy(starts, at, starts, at + 1, ranges - at);
    System.arraycopy(ends, at, ends, at + 1, ranges - at);
    starts[at] = start;
    ends[at] = end;
    ranges++;
    return true;
  }

  private void remove(int at) {
    ranges--;
    System.arraycopy(starts, at + 1, starts, at, ranges - at);
    System.arraycopy(ends, at + 1, ends, at, ranges - at);
  }

  private void reserve(int payloadEnd, ByteBufAllocator allocator) {
    int capacity = capacityFor(payloadEnd);
    if (buffer.capacity() == 0) {
      buffer = allocator.directBuffer(capacity, PAYLOAD_AT + MOST_BYTES);
    } else if (buffer.capacity() < capacity) {
      buffer.capacity(capacity);
    }
    // Netty copies and compares only what the writer index covers.
    buffer.setIndex(0, buffer.capacity());
  }

  private static int capacityFor(int payloadEnd) {
    int capacity = LEAST_CAPACITY;
    while (capacity < PAYLOAD_AT + payloadEnd) {
      capacity <<= 1;
    }
    return Math.min(capacity, PAYLOAD_AT + MOST_BYTES);
  }
}
