package io.slipway.egress;

import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;

/**
 * Which Ethernet address has which IP address on the guest's side.
 *
 * <p>Owned by one Shard's event loop; not thread-safe. Bounded: a table of {@value #SLOTS} learned
 * addresses, where a newcomer may replace another one, so that a guest that invents sources costs
 * nothing but its own misses. Whoever is not in the table is reached at the last Ethernet address
 * that was heard, and by broadcast as long as nobody has been heard.
 */
public final class Neighbors {

  /** The Ethernet broadcast address. */
  public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

  private static final int SLOTS = 1024;
  private static final int PROBES = 4;
  private static final long GROUP_BIT = 0x0100_0000_0000L;
  private static final long HASH_FACTOR = 0x9E37_79B9_7F4A_7C15L;

  private final long[] high = new long[SLOTS];
  private final long[] low = new long[SLOTS];
  private final long[] mac = new long[SLOTS];
  private long lastHigh;
  private long lastLow;
  private long lastMac = BROADCAST;
  private News news = (addressHigh, addressLow, mac) -> {};

  /** Hears of what was learned, so that it can tell others who serve the same guest. */
  @FunctionalInterface
  public interface News {
    /** This address is at {@code mac}, which was not known before. */
    void learned(long addressHigh, long addressLow, long mac);
  }

  /** From now on, {@code listener} is told of what {@link #learn} finds to be new. */
  public void onNews(News listener) {
    news = listener;
  }

  /**
   * Notes that {@code address} was heard from {@code heardMac}. Group addresses and zero are not
   * learned.
   */
  public void learn(long addressHigh, long addressLow, long heardMac) {
    if (heardMac == lastMac && addressLow == lastLow && addressHigh == lastHigh) {
      return;
    }
    if (heardMac == 0 || (heardMac & GROUP_BIT) != 0) {
      return;
    }
    if (enter(addressHigh, addressLow, heardMac)) {
      news.learned(addressHigh, addressLow, heardMac);
    }
  }

  /** The same as others heard it, who need not be told. */
  public void note(long addressHigh, long addressLow, long heardMac) {
    enter(addressHigh, addressLow, heardMac);
  }

  /** Returns whether that was news. */
  private boolean enter(long addressHigh, long addressLow, long heardMac) {
    lastHigh = addressHigh;
    lastLow = addressLow;
    lastMac = heardMac;
    int slot = slotFor(addressHigh, addressLow);
    boolean known = mac[slot] == heardMac && low[slot] == addressLow && high[slot] == addressHigh;
    high[slot] = addressHigh;
    low[slot] = addressLow;
    mac[slot] = heardMac;
    return !known;
  }

  /** Returns the Ethernet address to send to for {@code address}; see the class for strangers. */
  public long lookup(long addressHigh, long addressLow) {
    if (addressLow == lastLow && addressHigh == lastHigh) {
      return lastMac;
    }
    int home = home(addressHigh, addressLow);
    for (int i = 0; i < PROBES; i++) {
      int slot = (home + i) & (SLOTS - 1);
      if (low[slot] == addressLow && high[slot] == addressHigh && mac[slot] != 0) {
        return mac[slot];
      }
    }
    return IpAddress.isBroadcast(addressHigh, addressLow) ? BROADCAST : lastMac;
  }

  /** The entry of this address, else a free one near its home, else its home. */
  private int slotFor(long addressHigh, long addressLow) {
    int home = home(addressHigh, addressLow);
    int free = -1;
    for (int i = 0; i < PROBES; i++) {
      int slot = (home + i) & (SLOTS - 1);
      if (mac[slot] == 0) {
        free = free < 0 ? slot : free;
      } else if (low[slot] == addressLow && high[slot] == addressHigh) {
        return slot;
      }
    }
    return free < 0 ? home : free;
  }

  private static int home(long addressHigh, long addressLow) {
    long mixed = (addressHigh * 31 + addressLow) * HASH_FACTOR;
    return (int) (mixed >>> 54);
  }

  @Override
  public String toString() {
    return "neighbours, last heard " + new MacAddress(lastMac);
  }
}
