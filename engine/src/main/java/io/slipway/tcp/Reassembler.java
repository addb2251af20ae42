package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.wire.Seq;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of the guest that came before their turn (RFC 9293 3.10.7.4, "queue for later"). Owned by
 * its {@link ReceiveSide}, made when the first gap appears. Holds copies in order of sequence,
 * without overlaps: what came first stays. Bounded by the receive window and by a number of pieces;
 * beyond that a segment is not kept, and the guest sends it again.
 *
 * <p>A piece that continues another gets room for as much again, so that a stretch of many segments
 * is few pieces, and at least half of what they occupy is bytes of the guest (but for the first).
 */
final class Reassembler {
  /** So many pieces are kept: enough for a large window of which every tenth segment is lost. */
  static final int MAX_PIECES = 1024;

  private static final int SMALLEST_PIECE = 512;
  private static final int LARGEST_ROOM = 64 * 1024;

  private int[] starts = new int[8];
  private @Nullable ByteBuf[] pieces = new @Nullable ByteBuf[8];
  private int count;
  private int bytes;

  /** Memory kept, in bytes. */
  int bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /**
   * Keeps a copy of those bytes of the segment that are not here yet.
   *
   * @return whether anything new was kept
   */
  boolean insert(int seq, ByteBuf data, int offset, int length, ByteBufAllocator allocator) {
    boolean kept = false;
    int from = seq;
    int end = seq + length;
    int i = count;
    while (i > 0 && Seq.after(endOf(i - 1), from)) {
      i--; // from the far end: most segments continue what came last
    }
    while (from != end) {
      while (i < count && Seq.beforeEq(endOf(i), from)) {
        i++;
      }
      if (i < count && Seq.beforeEq(starts[i], from)) {
        from = Seq.min(end, endOf(i));
        continue;
      }
      int until = i < count ? Seq.min(end, starts[i]) : end;
      if (!keep(i, from, data, offset + (from - seq), until - from, allocator)) {
        return kept;
      }
      kept = true;
      from = until;
    }
    return kept;
  }

  /**
   * The stretches that are here, adjoining pieces joined (RFC 2018 4), as left and right edges in
   * turn.
   *
   * @param latest a sequence number of the segment that came last: its stretch goes first
   * @param edges receives at most {@code edges.length / 2} stretches, from {@code from} on
   * @return stretches in {@code edges}, those before {@code from} included
   */
  int blocks(int latest, int[] edges, int from) {
    int most = edges.length / 2;
    int blocks = from;
    for (int pass = 0; pass < 2; pass++) {
      // from the far end, where what the guest has not heard of yet is likely to be
      for (int i = count - 1; i >= 0 && blocks < most; i--) {
        int right = endOf(i);
        while (i > 0 && endOf(i - 1) == starts[i]) {
          i--;
        }
        int left = starts[i];
        boolean first = Seq.beforeEq(left, latest) && Seq.before(latest, right);
        if (first == (pass == 0)) {
          edges[2 * blocks] = left;
          edges[2 * blocks + 1] = right;
          blocks++;
        }
      }
    }
    return blocks;
  }

  /** The sequence number behind the last piece; there must be one. */
  int end() {
    return endOf(count - 1);
  }

  /** The piece that continues the stream at {@code rcvNxt}, or -1. Pieces before it are dropped. */
  int ready(int rcvNxt) {
    while (count > 0 && Seq.beforeEq(endOf(0), rcvNxt)) {
      removeFirst();
    }
    return count > 0 && Seq.beforeEq(starts[0], rcvNxt) ? 0 : -1;
  }

  /** The first piece; {@link #ready} has said that it is next. */
  ByteBuf first() {
    return at(0);
  }

  /** Sequence number of the first piece's first byte. */
  int firstStart() {
    return starts[0];
  }

  /** Drops the first piece. */
  void removeFirst() {
    ByteBuf piece = at(0);
    bytes -= piece.capacity();
    piece.release();
    count--;
    System.arraycopy(starts, 1, starts, 0, count);
    System.arraycopy(pieces, 1, pieces, 0, count);
    pieces[count] = null;
  }

  /** Gives everything back. */
  void release() {
    for (int i = 0; i < count; i++) {
      at(i).release();
    }
    Arrays.fill(pieces, null);
    count = 0;
    bytes = 0;
  }

  private boolean keep(
      int index, int start, ByteBuf data, int offset, int length, ByteBufAllocator allocator) {
    int room = SMALLEST_PIECE;
    if (index > 0 && endOf(index - 1) == start) {
      ByteBuf before = at(index - 1);
      if (before.writableBytes() >= length) {
        before.writeBytes(data, offset, length);
        return true;
      }
      room = Math.clamp(2L * before.capacity(), SMALLEST_PIECE, LARGEST_ROOM);
    }
    if (count == MAX_PIECES) {
      return false;
    }
    int capacity = Math.max(length, room);
    ByteBuf copy = allocator.directBuffer(capacity, capacity);
    copy.writeBytes(data, offset, length);
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, count * 2);
      pieces = Arrays.copyOf(pieces, count * 2);
    }
    System.arraycopy(starts, index, starts, index + 1, count - index);
    System.arraycopy(pieces, index, pieces, index + 1, count - index);
    starts[index] = start;
    pieces[index] = copy;
    count++;
    bytes += copy.capacity();
    return true;
  }

  private int endOf(int i) {
    return starts[i] + at(i).readableBytes();
  }

  private ByteBuf at(int i) {
    ByteBuf piece = pieces[i];
    if (piece == null) {
      throw new AssertionError("every piece below count is present");
    }
    return piece;
  }
}
