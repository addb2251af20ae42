package io.slipway.udp;

import java.util.Arrays;

/**
 * The hosts that one mapping has sent to, for address-dependent filtering (RFC 4787 §5). Owned by
 * the mapping's flow on the event loop of their {@code Shard}.
 *
 * <p>Room for 4 hosts at first, doubled as needed up to 256, which are 6 KiB. Then a new host takes
 * the place of the one that was admitted first, which is admitted again when the guest sends to it
 * again. Only the doublings allocate.
 */
public final class AdmittedHosts {
  static final int MOST = 256;
  private static final int FIRST_CAPACITY = 4;
  private static final int NONE = -1;

  private long[] highs = new long[FIRST_CAPACITY];
  private long[] lows = new long[FIRST_CAPACITY];

  /** By hash, the first place of a chain. */
  private int[] heads = new int[FIRST_CAPACITY];

  /** By place, the next one of its chain. */
  private int[] nexts = new int[FIRST_CAPACITY];

  private int count;
  private int earliest;

  /** Nobody. */
  public AdmittedHosts() {
    Arrays.fill(heads, NONE);
  }

  /** Whether the guest's endpoint has sent to this host. */
  public boolean contains(long high, long low) {
    for (int place = heads[chain(high, low)]; place != NONE; place = nexts[place]) {
      if (lows[place] == low && highs[place] == high) {
        return true;
      }
    }
    return false;
  }

  /** The guest's endpoint sends to this host. */
  public void add(long high, long low) {
    if (contains(high, low)) {
      return;
    }
    if (count == highs.length && count < MOST) {
      grow();
    }
    int place = count;
    if (count == MOST) {
      place = earliest;
      earliest = (earliest + 1) % MOST;
      unlink(place);
    } else {
      count++;
    }
    highs[place] = high;
    lows[place] = low;
    link(place);
  }

  private void link(int place) {
    int chain = chain(highs[place], lows[place]);
    nexts[place] = heads[chain];
    heads[chain] = place;
  }

  private void unlink(int place) {
    int chain = chain(highs[place], lows[place]);
    if (heads[chain] == place) {
      heads[chain] = nexts[place];
      return;
    }
    int before = heads[chain];
    while (nexts[before] != place) {
      before = nexts[before];
    }
    nexts[before] = nexts[place];
  }

  private void grow() {
    int capacity = 2 * highs.length;
    highs = Arrays.copyOf(highs, capacity);
    lows = Arrays.copyOf(lows, capacity);
    nexts = new int[capacity];
    heads = new int[capacity];
    Arrays.fill(heads, NONE);
    for (int place = 0; place < count; place++) {
      link(place);
    }
  }

  private int chain(long high, long low) {
    long hash = (Long.rotateLeft(high, 29) ^ low) * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> 40) & (heads.length - 1);
  }
}
