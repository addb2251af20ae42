package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.wire.Seq;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of the guest that came before their turn (RFC 9293 3.10.7.4, "queue for later"). Owned by
 * its {@link ReceiveSide}, made when the first gap appears. Holds copies in order of sequence,
 * without overlaps. Bounded by the receive window and by a number of pieces; beyond that a segment
 * is not kept, and the guest sends it again.
 *
 * <p>Of bytes that come twice and differ, the copy of the segment that begins earlier in the
 * sequence counts, and of two that begin together the longer one's: like Linux, so that nobody on
 * the way who thinks that the guest talks to Linux sees another stream than the host does.
 *
 * <p>A piece that continues another gets room for as much again, so that a stretch of many segments
 * is few pieces, and at least half of what they occupy is bytes of the guest (but for the first).
 */
final class Reassembler {
  /** So many pieces are kept: enough for a large window of which every tenth segment is lost. */
  static final int MAX_PIECES = 1024;

  /** RFC 2018 3: an acknowledgement has room for so many stretches. */
  private static final int RECENT = 4;

  private static final int SMALLEST_PIECE = 512;
  private static final int LARGEST_ROOM = 64 * 1024;

  private int[] starts = new int[8];
  private @Nullable ByteBuf[] pieces = new @Nullable ByteBuf[8];
  private int count;
  private int bytes;
  private int againLeft;
  private int againRight;

  /** A sequence number in each of the stretches that grew last, the latest first. */
  private final int[] recent = new int[RECENT];

  private int recentCount;

  /** Memory kept, in bytes. */
  int bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /**
   * Keeps a copy of the segment, or of what is new in it. What of it was here already is told by
   * {@link #againLeft} and {@link #againRight} until the next call.
   *
   * @return whether anything new was kept
   */
  boolean insert(int seq, ByteBuf data, int offset, int length, ByteBufAllocator allocator) {
    int from = seq;
    int end = seq + length;
    againLeft = seq;
    againRight = seq;
    int i = count;
    while (i > 0 && Seq.after(endOf(i - 1), from)) {
      i--; // from the far end: most segments continue what came last
    }
    if (i < count && Seq.beforeEq(starts[i], from)) {
      if (Seq.beforeEq(end, endOf(i))) {
        again(from, end);
        remember(from);
        return false;
      }
      if (starts[i] != from) {
        again(from, endOf(i));
        from = endOf(i);
        i++;
      }
    }
    int covered = i;
    while (covered < count && Seq.beforeEq(endOf(covered), end)) {
      again(starts[covered], endOf(covered));
      covered++;
    }
    if (covered > i) {
      remove(i, covered);
    } else if (count == MAX_PIECES && !continues(i, from, end - from)) {
      return false;
    }
    if (i < count && Seq.before(starts[i], end)) {
      again(starts[i], end);
      at(i).skipBytes(end - starts[i]);
      starts[i] = end;
    }
    keep(i, from, data, offset + (from - seq), end - from, allocator);
    remember(from);
    return true;
  }

  /**
   * Left edge of what of the last segment was here already. Of several such stretches, like Linux,
   * the first, because a D-SACK has room for one (RFC 2883 4).
   */
  int againLeft() {
    return againLeft;
  }

  /** Right edge of the same; equal to the left one when all was new. */
  int againRight() {
    return againRight;
  }

  private void again(int left, int right) {
    if (againLeft == againRight) {
      againLeft = left;
      againRight = right;
    } else if (left == againRight) {
      againRight = right;
    }
  }

  /**
   * The stretches that are here, adjoining pieces joined (RFC 2018 4), as left and right edges in
   * turn: those that grew last go first, the others follow from the far end.
   *
   * @param edges receives at most {@code edges.length / 2} stretches, from {@code from} on
   * @return stretches in {@code edges}, those before {@code from} included
   */
  int blocks(int[] edges, int from) {
    int most = edges.length / 2;
    int blocks = from;
    for (int k = 0; k < recentCount && blocks < most; k++) {
      int i = indexOf(recent[k]);
      if (i >= 0 && !isAmong(starts[i], edges, from, blocks)) {
        blocks = putStretch(i, edges, blocks);
      }
    }
    for (int i = count - 1; i >= 0 && blocks < most; i = firstOfStretch(i) - 1) {
      if (!isAmong(starts[i], edges, from, blocks)) {
        blocks = putStretch(i, edges, blocks);
      }
    }
    return blocks;
  }

  private int putStretch(int i, int[] edges, int blocks) {
    int last = i;
    while (last + 1 < count && starts[last + 1] == endOf(last)) {
      last++;
    }
    edges[2 * blocks] = starts[firstOfStretch(i)];
    edges[2 * blocks + 1] = endOf(last);
    return blocks + 1;
  }

  private int firstOfStretch(int i) {
    int first = i;
    while (first > 0 && endOf(first - 1) == starts[first]) {
      first--;
    }
    return first;
  }

  private static boolean isAmong(int seq, int[] edges, int from, int blocks) {
    for (int k = from; k < blocks; k++) {
      if (Seq.beforeEq(edges[2 * k], seq) && Seq.before(seq, edges[2 * k + 1])) {
        return true;
      }
    }
    return false;
  }

  /** The piece that this byte is in, or -1. */
  private int indexOf(int seq) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Seq.after(endOf(middle), seq)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low < count && Seq.beforeEq(starts[low], seq) ? low : -1;
  }

  /** The stretch that holds {@code seq} is the latest; its older mention goes. */
  private void remember(int seq) {
    int piece = indexOf(seq);
    if (recentCount > 0
        && Seq.beforeEq(starts[piece], recent[0])
        && Seq.before(recent[0], endOf(piece))) {
      return; // most segments continue what came last
    }
    int left = starts[firstOfStretch(piece)];
    int others = 0;
    for (int k = 0; k < recentCount; k++) {
      int i = indexOf(recent[k]);
      if (i >= 0 && starts[firstOfStretch(i)] != left) {
        recent[others++] = recent[k];
      }
    }
    recentCount = Math.min(others + 1, RECENT);
    System.arraycopy(recent, 0, recent, 1, recentCount - 1);
    recent[0] = seq;
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
    remove(0, 1);
  }

  private void remove(int from, int until) {
    for (int i = from; i < until; i++) {
      bytes -= at(i).capacity();
      at(i).release();
    }
    System.arraycopy(starts, until, starts, from, count - until);
    System.arraycopy(pieces, until, pieces, from, count - until);
    count -= until - from;
    Arrays.fill(pieces, count, count + until - from, null);
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

  /** Whether the piece before {@code index} ends at {@code start} and has room for this. */
  private boolean continues(int index, int start, int length) {
    return index > 0 && endOf(index - 1) == start && at(index - 1).writableBytes() >= length;
  }

  private void keep(
      int index, int start, ByteBuf data, int offset, int length, ByteBufAllocator allocator) {
    if (continues(index, start, length)) {
      at(index - 1).writeBytes(data, offset, length);
      return;
    }
    int room = SMALLEST_PIECE;
    if (index > 0 && endOf(index - 1) == start) {
      room = Math.clamp(2L * at(index - 1).capacity(), SMALLEST_PIECE, LARGEST_ROOM);
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
