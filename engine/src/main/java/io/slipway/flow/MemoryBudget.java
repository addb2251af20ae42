package io.slipway.flow;

/**
 * The memory that all flows of one loop may hold together, in bytes, and each one's fair part of
 * it. Owned by the event loop of its {@code Shard}.
 *
 * <p>A flow may hold as much as an eighth of what is still free (a dynamic threshold). One stalled
 * flow gets its largest buffer, a thousand stalled flows share what there is, and their sum stays
 * below the bound whatever their number, since each grant leaves seven eighths of the rest.
 */
public final class MemoryBudget {
  private static final int FRACTION = 8;

  private final long total;
  private final int largest;
  private long held;

  /**
   * A budget of which nothing is used.
   *
   * @param total bytes for all flows
   * @param largest bytes that one flow may hold at most
   */
  public MemoryBudget(long total, int largest) {
    this.total = total;
    this.largest = largest;
  }

  /** What one flow may hold now, between 0 and the largest. */
  int allowance() {
    return Math.clamp((total - held) / FRACTION, 0, largest);
  }

  /** A flow holds so many bytes more (or, negative, fewer). */
  void add(long bytes) {
    held += bytes;
  }

  /** Bytes held by all flows. */
  public long held() {
    return held;
  }
}
