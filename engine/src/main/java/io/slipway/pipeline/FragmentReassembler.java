package io.slipway.pipeline;

import io.netty.buffer.ByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.icmp.IcmpError;
import io.slipway.icmp.IcmpErrors;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;

/**
 * Puts fragmented IPv4 and IPv6 packets together (RFC 791 §3.2, RFC 8200 §4.5). Owned by one
 * Shard's event loop; not thread-safe.
 *
 * <p>Bounded: {@value #MOST_PACKETS} packets and {@value #MOST_BYTES} bytes in the making. When
 * there is no room the oldest gives way, so that a flood of first fragments delays others only as
 * long as it lasts. Fragments may come in any order, the last one first included.
 */
final class FragmentReassembler {

  private static final int MOST_PACKETS = 64;
  private static final int MOST_BYTES = 2 << 20;
  private static final int MOST_PAYLOAD = 65_535;

  /** Like Linux. RFC 1122 §3.3.2 would wait for 60 s or more. */
  private static final long TIMEOUT4_NANOS = 30_000_000_000L;

  /** RFC 8200 §4.5. */
  private static final long TIMEOUT6_NANOS = 60_000_000_000L;

  private final TimerWheel timers;
  private final IcmpErrors errors;
  private final Counters counters;
  private final ByteBufAllocator allocator;
  private final Packet quoted = new Packet();
  private final FragmentedPacket[] packets = new FragmentedPacket[MOST_PACKETS];

  FragmentReassembler(
      TimerWheel timers, IcmpErrors errors, Counters counters, ByteBufAllocator allocator) {
    this.timers = timers;
    this.errors = errors;
    this.counters = counters;
    this.allocator = allocator;
    for (int i = 0; i < MOST_PACKETS; i++) {
      packets[i] = new FragmentedPacket(this);
    }
  }

  /**
   * Takes a fragment.
   *
   * @param fragment its addresses, and as transport part its piece of the payload
   * @param protocol what the fragment says that the payload is
   * @param offset where the piece belongs, in bytes
   * @param more whether other pieces follow behind it
   * @return the packet that this fragment completed, to be given to {@link #finish}; null as long
   *     as there are gaps, and when the fragment is dropped, which is counted
   */
  @Nullable FragmentedPacket add(
      Packet fragment, int id, int protocol, int offset, boolean more, long nowNanos) {
    int length = fragment.transportLength();
    if (length <= 0 || (more && (length & 7) != 0) || offset + length > MOST_PAYLOAD) {
      counters.drop(Drop.FRAGMENT_MALFORMED);
      return null;
    }
    FragmentedPacket packet = find(fragment, id, protocol);
    if (packet == null) {
      packet = free();
      packet.begin(fragment, id, protocol, nowNanos);
      timers.arm(packet, nowNanos + (fragment.isV6() ? TIMEOUT6_NANOS : TIMEOUT4_NANOS));
    }
    makeRoom(packet, packet.growth(offset, length));
    Drop reason = packet.accept(fragment, protocol, offset, more, allocator);
    if (reason != null) {
      counters.drop(reason);
      packet.refuse();
      return null;
    }
    if (!packet.isComplete()) {
      return null;
    }
    timers.cancel(packet);
    counters.count(Count.REASSEMBLED);
    return packet;
  }

  /** Lets go of a packet that {@link #add} gave out. */
  void finish(FragmentedPacket packet) {
    packet.end();
  }

  /** Time is up: RFC 1122 §3.3.2, RFC 8200 §4.5 tell the sender, if its first fragment came. */
  void expired(FragmentedPacket packet, long nowNanos) {
    counters.drop(Drop.FRAGMENT_TIMEOUT);
    if (packet.canBeQuoted()) {
      packet.show(quoted);
      errors.send(IcmpError.REASSEMBLY_TIMEOUT, 0, quoted, nowNanos);
      quoted.clear();
    }
    packet.end();
  }

  private @Nullable FragmentedPacket find(Packet fragment, int id, int protocol) {
    for (FragmentedPacket packet : packets) {
      if (packet.isOf(fragment, id, protocol)) {
        return packet;
      }
    }
    return null;
  }

  private FragmentedPacket free() {
    for (FragmentedPacket packet : packets) {
      if (!packet.isInUse()) {
        return packet;
      }
    }
    FragmentedPacket oldest = oldest(null);
    if (oldest == null) {
      throw new AssertionError("all are in use, so one of them is the oldest");
    }
    evict(oldest);
    return oldest;
  }

  private void makeRoom(FragmentedPacket growing, int growth) {
    while (growth > 0 && held() + growth > MOST_BYTES) {
      FragmentedPacket oldest = oldest(growing);
      if (oldest == null) {
        return;
      }
      evict(oldest);
    }
  }

  private void evict(FragmentedPacket packet) {
    counters.drop(Drop.FRAGMENT_LIMIT);
    timers.cancel(packet);
    packet.end();
  }

  /** The packet in use that was begun first, other than {@code except}; null when there is none. */
  private @Nullable FragmentedPacket oldest(@Nullable FragmentedPacket except) {
    FragmentedPacket oldest = null;
    for (FragmentedPacket packet : packets) {
      boolean older = oldest == null || packet.begunNanos() - oldest.begunNanos() < 0;
      if (packet.isInUse() && packet != except && older) {
        oldest = packet;
      }
    }
    return oldest;
  }

  private int held() {
    int bytes = 0;
    for (FragmentedPacket packet : packets) {
      bytes += packet.held();
    }
    return bytes;
  }

  /** Bytes of memory in use, for tests and statistics. */
  int heldBytes() {
    return held();
  }

  /** Drops everything without a word. */
  void close() {
    for (FragmentedPacket packet : packets) {
      if (packet.isInUse()) {
        timers.cancel(packet);
        packet.end();
      }
    }
  }
}
