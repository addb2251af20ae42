package io.slipway.flow;

import io.slipway.route.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * Finds a flow by what a packet says. Owned by the event loop of its {@code Shard}. Open addressing
 * with linear probing; the keys are plain fields of the flows, beside them only their hashes, so
 * that a lookup allocates nothing and usually touches one flow.
 *
 * <p>A TCP flow is found by both endpoints. A UDP flow is found by the guest's endpoint alone (RFC
 * 4787 4.1, endpoint-independent mapping): its remote address and port are zero. So is that of
 * echo, whose port is the identifier. No two flows share a key.
 */
final class FlowTable {
  private static final int SMALLEST = 64;

  private final long seed;
  private @Nullable Flow[] flows = new @Nullable Flow[SMALLEST];
  private int[] hashes = new int[SMALLEST];
  private int size;

  /** The seed, drawn at random, keeps a guest from choosing ports that collide. */
  FlowTable(long seed) {
    this.seed = seed;
  }

  int size() {
    return size;
  }

  @Nullable Flow find(
      Protocol protocol,
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    int hash = hash(protocol, guestHigh, guestLow, guestPort, remoteHigh, remoteLow, remotePort);
    int mask = flows.length - 1;
    for (int i = hash & mask; ; i = (i + 1) & mask) {
      Flow flow = flows[i];
      if (flow == null) {
        return null;
      }
      if (hashes[i] == hash
          && flow.guestLow == guestLow
          && flow.remoteLow == remoteLow
          && flow.guestPort == guestPort
          && flow.remotePort == remotePort
          && flow.protocol == protocol
          && flow.guestHigh == guestHigh
          && flow.remoteHigh == remoteHigh) {
        return flow;
      }
    }
  }

  /** Adds a flow whose key is not in the table. */
  void add(Flow flow) {
    if (size >= flows.length - flows.length / 4) {
      resize(flows.length * 2);
    }
    insert(flow, hashOf(flow));
    size++;
  }

  /** Removes this very flow; does nothing when it is not there. */
  void remove(Flow flow) {
    int mask = flows.length - 1;
    for (int i = hashOf(flow) & mask; flows[i] != null; i = (i + 1) & mask) {
      if (flows[i] == flow) {
        closeGap(i, mask);
        size--;
        if (flows.length > SMALLEST && size < flows.length / 8) {
          resize(flows.length / 2);
        }
        return;
      }
    }
  }

  /** The flows of this moment, for closing them all. */
  Flow[] toArray() {
    Flow[] all = new Flow[size];
    int n = 0;
    for (Flow flow : flows) {
      if (flow != null) {
        all[n++] = flow;
      }
    }
    return all;
  }

  /** Moves later flows of the probe run back, so that no tombstone is needed. */
  private void closeGap(int at, int mask) {
    int gap = at;
    for (int i = (at + 1) & mask; flows[i] != null; i = (i + 1) & mask) {
      int home = hashes[i] & mask;
      if (((i - home) & mask) >= ((i - gap) & mask)) {
        flows[gap] = flows[i];
        hashes[gap] = hashes[i];
        gap = i;
      }
    }
    flows[gap] = null;
  }

  private void resize(int capacity) {
    @Nullable Flow[] before = flows;
    int[] beforeHashes = hashes;
    flows = new @Nullable Flow[capacity];
    hashes = new int[capacity];
    for (int i = 0; i < before.length; i++) {
      Flow flow = before[i];
      if (flow != null) {
        insert(flow, beforeHashes[i]);
      }
    }
  }

  private void insert(Flow flow, int hash) {
    int mask = flows.length - 1;
    int i = hash & mask;
    while (flows[i] != null) {
      i = (i + 1) & mask;
    }
    flows[i] = flow;
    hashes[i] = hash;
  }

  private int hashOf(Flow f) {
    return hash(
        f.protocol, f.guestHigh, f.guestLow, f.guestPort, f.remoteHigh, f.remoteLow, f.remotePort);
  }

  private int hash(
      Protocol protocol,
      long guestHigh,
      long guestLow,
      int guestPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    long ports = ((long) guestPort << 32) | ((long) remotePort << 8) | protocol.number();
    long h = mix(seed ^ guestLow);
    h = mix(h ^ remoteLow);
    h = mix(h ^ ports);
    h = mix(h ^ guestHigh ^ Long.rotateLeft(remoteHigh, 32));
    return (int) (h >>> 32);
  }

  private static long mix(long value) {
    long h = value * 0x9E3779B97F4A7C15L;
    h ^= h >>> 32;
    h *= 0xD6E8FEB86659FD93L;
    return h ^ (h >>> 29);
  }
}
