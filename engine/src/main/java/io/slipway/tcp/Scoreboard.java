package io.slipway.tcp;

import io.slipway.wire.Seq;
import java.util.Arrays;

/**
 * What is in flight, piece by piece: when each stretch of sequence numbers was last sent, and
 * whether the guest has it (RFC 2018, RFC 6675 3), or it counts as lost (RFC 8985 6.2). Owned by
 * {@link Recovery}. The pieces partition {@code [sndUna, sndMax)}; a run of segments that left
 * together is one piece until an acknowledgement splits it. Nothing is allocated once the arrays
 * have grown.
 */
final class Scoreboard {
  /**
   * So many pieces are told apart; beyond, new data joins the last piece and SACKs split no more.
   */
  static final int MAX_PIECES = 1024;

  private static final int SACKED = 1;
  private static final int LOST = 2;
  private static final int AGAIN = 4;

  private int[] starts = new int[8];
  private long[] times = new long[8];
  private byte[] flags = new byte[8];
  private int count;
  private int end;
  private int sacked;
  private int lost;
  private int firstLost;

  /** Nothing is in flight; the next byte sent has sequence number {@code seq}. */
  void begin(int seq) {
    count = 0;
    end = seq;
    sacked = 0;
    lost = 0;
    firstLost = 0;
  }

  /** Bytes that are believed to be on their way (RFC 6675's pipe). */
  int pipe() {
    return count == 0 ? 0 : end - starts[0] - sacked - lost;
  }

  int sacked() {
    return sacked;
  }

  boolean hasLost() {
    return lost > 0;
  }

  /** {@code [end of what was sent before, until)} left now, for the first time. */
  void sent(int until, long nowNanos) {
    boolean joins =
        count == MAX_PIECES || (count > 0 && flags[count - 1] == 0 && times[count - 1] == nowNanos);
    if (!joins) {
      insert(count, end, nowNanos, 0);
    }
    end = until;
  }

  /** {@code [from, until)}, within one lost piece, left again now. */
  void sentAgain(int from, int until, long nowNanos) {
    int i = split(from);
    split(until);
    clearLost(i);
    times[i] = nowNanos;
    flags[i] = (byte) ((flags[i] & ~LOST) | AGAIN);
  }

  /** The first lost piece's start; {@link #hasLost} must be true. */
  int lostStart() {
    return starts[findLost()];
  }

  /** The first lost piece's length. */
  int lostLength() {
    int i = findLost();
    return endOf(i) - starts[i];
  }

  /**
   * Everything before {@code una} has arrived.
   *
   * @return bytes of it that no SACK had told of before
   */
  int acknowledge(int una, Rack rack, long nowNanos) {
    int delivered = 0;
    int gone = 0;
    while (gone < count && Seq.before(starts[gone], una)) {
      boolean whole = Seq.beforeEq(endOf(gone), una);
      int until = whole ? endOf(gone) : una;
      int length = until - starts[gone];
      if ((flags[gone] & SACKED) != 0) {
        sacked -= length;
      } else {
        delivered += length;
        if ((flags[gone] & LOST) != 0) {
          lost -= length;
        }
        rack.delivered(times[gone], until, (flags[gone] & AGAIN) != 0, nowNanos);
      }
      if (!whole) {
        starts[gone] = una;
        break;
      }
      gone++;
    }
    remove(gone);
    return delivered;
  }

  /**
   * The guest has {@code [left, right)} (RFC 2018).
   *
   * @return bytes of it that were not known to have arrived
   */
  int sack(int left, int right, Rack rack, long nowNanos) {
    if (count == 0 || !Seq.before(left, right)) {
      return 0;
    }
    if (Seq.before(left, starts[0]) || Seq.after(right, end)) {
      return 0; // below: a duplicate (RFC 2883); beyond: of nothing that we sent
    }
    int delivered = 0;
    int i = split(left);
    split(right);
    for (; i < count && Seq.before(starts[i], right); i++) {
      boolean inside = Seq.afterEq(starts[i], left) && Seq.beforeEq(endOf(i), right);
      if (inside && (flags[i] & SACKED) == 0) {
        int length = endOf(i) - starts[i];
        clearLost(i);
        rack.delivered(times[i], endOf(i), (flags[i] & AGAIN) != 0, nowNanos);
        flags[i] = (byte) (flags[i] | SACKED);
        sacked += length;
        delivered += length;
      }
    }
    return delivered;
  }

  /**
   * RFC 8985 6.2 step 5: what was sent so long before something delivered that it must be lost.
   *
   * @return nanoseconds until more may have to be marked; 0 for none
   */
  long detectLosses(Rack rack, long reorderWindow, long nowNanos) {
    long wait = 0;
    for (int i = 0; i < count; i++) {
      if ((flags[i] & (SACKED | LOST)) == 0 && rack.sentBefore(times[i], endOf(i))) {
        long remaining = times[i] + rack.rtt() + reorderWindow - nowNanos;
        if (remaining <= 0) {
          markLost(i);
        } else {
          wait = Math.max(wait, remaining);
        }
      }
    }
    return wait;
  }

  /** The first {@code bytes} that are not known to have arrived count as lost. */
  void loseFirst(int bytes) {
    if (count > 0 && (flags[0] & (SACKED | LOST)) == 0) {
      split(Seq.min(starts[0] + bytes, endOf(0)));
      markLost(0);
    }
  }

  /**
   * The retransmission timer fired: everything not known to have arrived is lost. A guest that has
   * dropped what it had reported (its first missing byte is marked as there) is believed no more.
   */
  void loseAll() {
    boolean reneged = count > 0 && (flags[0] & SACKED) != 0;
    for (int i = 0; i < count; i++) {
      if (reneged && (flags[i] & SACKED) != 0) {
        sacked -= endOf(i) - starts[i];
        flags[i] = (byte) (flags[i] & ~SACKED);
      }
      if ((flags[i] & (SACKED | LOST)) == 0) {
        markLost(i);
      }
    }
  }

  /** What counted as lost was only late. */
  void loseNothing() {
    for (int i = 0; i < count; i++) {
      clearLost(i);
    }
  }

  /** The last piece's length when it may be sent again as a probe of the tail, else 0. */
  int tail(int mss) {
    if (count == 0 || (flags[count - 1] & SACKED) != 0) {
      return 0;
    }
    return Math.min(mss, end - starts[count - 1]);
  }

  /** Makes the last {@code bytes} a piece of its own and marks it lost, to be sent again. */
  void loseTail(int bytes) {
    int i = split(end - bytes);
    if ((flags[i] & (SACKED | LOST)) == 0) {
      markLost(i);
    }
  }

  private void markLost(int i) {
    flags[i] = (byte) (flags[i] | LOST);
    lost += endOf(i) - starts[i];
    firstLost = Math.min(firstLost, i);
  }

  private void clearLost(int i) {
    if ((flags[i] & LOST) != 0) {
      flags[i] = (byte) (flags[i] & ~LOST);
      lost -= endOf(i) - starts[i];
    }
  }

  private int findLost() {
    while ((flags[firstLost] & LOST) == 0) {
      firstLost++;
    }
    return firstLost;
  }

  private int endOf(int i) {
    return i + 1 < count ? starts[i + 1] : end;
  }

  /** The index of the piece that starts at {@code seq}, split off if it must be and may be. */
  private int split(int seq) {
    if (seq == end) {
      return count;
    }
    int low = 0;
    int high = count - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Seq.afterEq(seq, starts[middle])) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (starts[low] == seq || count >= 2 * MAX_PIECES) {
      return low;
    }
    insert(low + 1, seq, times[low], flags[low]);
    return low + 1;
  }

  private void insert(int at, int start, long time, int flag) {
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, count * 2);
      times = Arrays.copyOf(times, count * 2);
      flags = Arrays.copyOf(flags, count * 2);
    }
    System.arraycopy(starts, at, starts, at + 1, count - at);
    System.arraycopy(times, at, times, at + 1, count - at);
    System.arraycopy(flags, at, flags, at + 1, count - at);
    starts[at] = start;
    times[at] = time;
    flags[at] = (byte) flag;
    count++;
    if (firstLost >= at) {
      firstLost++;
    }
    firstLost = Math.min(firstLost, at);
  }

  private void remove(int gone) {
    if (gone > 0) {
      count -= gone;
      System.arraycopy(starts, gone, starts, 0, count);
      System.arraycopy(times, gone, times, 0, count);
      System.arraycopy(flags, gone, flags, 0, count);
      firstLost = Math.max(0, firstLost - gone);
    }
  }
}
