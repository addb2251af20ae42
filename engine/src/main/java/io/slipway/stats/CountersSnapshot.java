package io.slipway.stats;

import java.util.Arrays;

/** The values of one or several loops' {@link Counters} at a moment. Immutable. */
public final class CountersSnapshot {

  /** Nothing has happened. */
  public static final CountersSnapshot ZERO =
      new CountersSnapshot(new long[Count.values().length], new long[Drop.values().length]);

  private final long[] counts;
  private final long[] drops;

  /** Takes ownership of both arrays. */
  CountersSnapshot(long[] counts, long[] drops) {
    this.counts = counts;
    this.drops = drops;
  }

  public long get(Count what) {
    return counts[Counters.index(what)];
  }

  public long dropped(Drop reason) {
    return drops[Counters.index(reason)];
  }

  /** Drops for all reasons together. */
  public long droppedInAll() {
    long sum = 0;
    for (long drop : drops) {
      sum += drop;
    }
    return sum;
  }

  /** Flows that have been opened and not yet closed. */
  public long flowsOpen() {
    return get(Count.FLOWS_OPENED) - get(Count.FLOWS_CLOSED);
  }

  /** The sums of both. */
  public CountersSnapshot plus(CountersSnapshot other) {
    return new CountersSnapshot(sum(counts, other.counts), sum(drops, other.drops));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CountersSnapshot that
        && Arrays.equals(counts, that.counts)
        && Arrays.equals(drops, that.drops);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(counts) + Arrays.hashCode(drops);
  }

  /** Every value that is not zero, one {@code NAME=value} after another. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Count what : Count.values()) {
      append(text, what.name(), get(what));
    }
    for (Drop reason : Drop.values()) {
      append(text, reason.name(), dropped(reason));
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String name, long value) {
    if (value != 0) {
      text.append(text.isEmpty() ? "" : " ").append(name).append('=').append(value);
    }
  }

  private static long[] sum(long[] a, long[] b) {
    long[] sums = a.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += b[i];
    }
    return sums;
  }
}
