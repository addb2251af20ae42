package io.slipway.bench.load;

import java.util.Arrays;

/** Durations in nanoseconds, every one kept: percentiles are exact. Owned by one thread. */
final class Latencies {
  private long[] values = new long[1 << 16];
  private int count;
  private boolean sorted;

  void add(long nanos) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = nanos;
    sorted = false;
  }

  void clear() {
    count = 0;
  }

  int count() {
    return count;
  }

  /** The longest; 0 of none. */
  long max() {
    return percentile(100);
  }

  /**
   * The nearest rank: the smallest value that at least {@code percent} of all do not exceed; 0 of
   * none.
   */
  long percentile(double percent) {
    if (count == 0) {
      return 0;
    }
    if (!sorted) {
      Arrays.sort(values, 0, count);
      sorted = true;
    }
    int rank = (int) Math.ceil(percent / 100 * count);
    return values[Math.clamp(rank, 1, count) - 1];
  }
}
