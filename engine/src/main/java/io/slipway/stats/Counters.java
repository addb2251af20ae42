package io.slipway.stats;

/**
 * A plain long for every {@link Count} and every {@link Drop}. Owned by one event loop, which alone
 * writes and reads them; other threads are handed {@link #snapshot()}s. All start at zero.
 */
public final class Counters {

  private final long[] counts = new long[Count.values().length];
  private final long[] drops = new long[Drop.values().length];

  /** One more. */
  public void count(Count what) {
    counts[index(what)]++;
  }

  public void count(Count what, long amount) {
    counts[index(what)] += amount;
  }

  /** A frame of so many bytes, from Ethernet on, came from the guest. */
  public void frameIn(int bytes) {
    count(Count.FRAMES_IN);
    count(Count.BYTES_IN, bytes);
  }

  /** A frame of so many bytes, from Ethernet on, went to the guest. */
  public void frameOut(int bytes) {
    count(Count.FRAMES_OUT);
    count(Count.BYTES_OUT, bytes);
  }

  /** One more was refused. */
  public void drop(Drop reason) {
    drops[index(reason)]++;
  }

  public long get(Count what) {
    return counts[index(what)];
  }

  public long dropped(Drop reason) {
    return drops[index(reason)];
  }

  /** A copy that may leave the loop. */
  public CountersSnapshot snapshot() {
    return new CountersSnapshot(counts.clone(), drops.clone());
  }

  // The position in an array that never leaves the process; it has no meaning on any wire.
  @SuppressWarnings("EnumOrdinal")
  static int index(Enum<?> constant) {
    return constant.ordinal();
  }
}
