package io.slipway.tcp;

import java.util.ArrayList;
import java.util.List;

/**
 * A receiver that acknowledges as Linux does: at once while anything is missing, when a gap fills,
 * for what it had already, and for its first segments; else when more than one segment is due, or
 * after 40 ms. It knows sequence numbers and no bytes, and reads whatever arrives at once.
 *
 * <p>Positions are offsets in the stream, so that they do not wrap; what stands in the past of the
 * stream is at most 2 GiB behind.
 */
final class ModelReceiver {
  /** Like Linux's TCP_MAX_QUICKACKS. */
  private static final int QUICK_ACKS = 16;

  private static final long DELAY = 40_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  /** A SACK block: its first sequence number, and the one behind it. */
  record Block(int left, int right) {}

  /** An acknowledgement that it wants sent; the newest block first. */
  record Ack(int ack, List<Block> blocks, int tsEcr) {}

  /** Where its acknowledgements go. */
  interface Sink {
    void ack(Ack ack);
  }

  private record Range(long from, long to) {}

  private final Sink sink;
  private final int start;
  private final int mss;
  private final boolean sack;
  private final int maxBlocks;
  private final List<Range> islands = new ArrayList<>(); // the newest first
  private Range doubled = new Range(0, 0);
  private long next;
  private long acknowledged;
  private long deadline = NEVER;
  private int quick = QUICK_ACKS;
  private int tsRecent;

  /**
   * @param start sequence number of the stream's first byte
   */
  ModelReceiver(Sink sink, int start, int mss, boolean sack, boolean timestamps) {
    this.sink = sink;
    this.start = start;
    this.mss = mss;
    this.sack = sack;
    maxBlocks = timestamps ? 3 : 4;
  }

  /** Bytes that arrived in order. */
  long delivered() {
    return next;
  }

  /** When {@link #onDelay} is due. */
  long deadlineNanos() {
    return deadline;
  }

  /** A segment arrived; {@code tsVal} is 0 without timestamps. */
  void onSegment(int seq, int length, int tsVal, long nowNanos) {
    long from = next + (seq - (start + (int) next));
    long to = from + length;
    // RFC 7323 4.3: the stamp of the segment that spans the last acknowledgement
    if (from <= acknowledged) {
      tsRecent = tsVal;
    }
    if (length == 0 || to <= next) {
      seenAlready(from, to); // a window probe, or a repetition
      return;
    }
    boolean gaps = !islands.isEmpty();
    if (from <= next) {
      next = to;
      absorb();
    } else if (!add(from, to)) {
      seenAlready(from, to);
      return;
    }
    if (gaps || !islands.isEmpty() || quick > 0 || next - acknowledged > mss) {
      quick = Math.max(0, quick - 1);
      acknowledge();
    } else if (deadline == NEVER) {
      deadline = nowNanos + DELAY;
    }
  }

  /** The delayed acknowledgement. */
  void onDelay() {
    acknowledge();
  }

  /** RFC 2883 4: the first block tells what came twice. */
  private void seenAlready(long from, long to) {
    doubled = new Range(from, to);
    acknowledge();
    doubled = new Range(0, 0);
  }

  private void absorb() {
    boolean again = true;
    while (again) {
      again = false;
      for (int i = islands.size() - 1; i >= 0; i--) {
        if (islands.get(i).from() <= next) {
          next = Math.max(next, islands.remove(i).to());
          again = true;
        }
      }
    }
  }

  /** RFC 2018 4: the block with the segment that has just arrived is the first. */
  private boolean add(long from, long to) {
    long left = from;
    long right = to;
    for (int i = islands.size() - 1; i >= 0; i--) {
      Range island = islands.get(i);
      if (island.from() <= from && to <= island.to()) {
        return false;
      }
      if (island.from() <= right && left <= island.to()) {
        left = Math.min(left, island.from());
        right = Math.max(right, island.to());
        islands.remove(i);
      }
    }
    islands.add(0, new Range(left, right));
    return true;
  }

  private void acknowledge() {
    acknowledged = next;
    deadline = NEVER;
    sink.ack(new Ack(start + (int) next, sack ? blocks() : List.of(), tsRecent));
  }

  private List<Block> blocks() {
    List<Block> all = new ArrayList<>();
    if (doubled.to() > doubled.from()) {
      all.add(block(doubled));
    }
    for (int i = 0; i < islands.size() && all.size() < maxBlocks; i++) {
      all.add(block(islands.get(i)));
    }
    return all;
  }

  private Block block(Range range) {
    return new Block(start + (int) range.from(), start + (int) range.to());
  }
}
