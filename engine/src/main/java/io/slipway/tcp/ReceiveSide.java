package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Seq;
import org.jspecify.annotations.Nullable;

/**
 * The guest's half of a connection: what came, what may come, and when we say so (RFC 9293 3.8.6,
 * RFC 1122 4.2.3). Owned by its {@link TcpConnection}.
 *
 * <pre>
 *        delivered        |  may come now         |
 *   ----------------------+-----------------------+----------------> sequence
 *   waiting for host  rcvNxt                   rcvAdv (right edge told to the guest, never retreats)
 * </pre>
 */
final class ReceiveSide {
  /**
   * Like Linux: a fresh connection acknowledges at once, so that the guest's slow start is quick.
   */
  private static final int QUICK_ACKS = 16;

  /**
   * Nanoseconds that a short request, or a FIN, waits for the host's answer to take the
   * acknowledgement along: a segment less for the guest and for us, and no delay to speak of for a
   * guest that holds its next write until the last one is acknowledged (Nagle).
   */
  private static final long BRIEFLY = 2_000_000;

  private final TcpLoop loop;
  private final ReceiveWindow window;
  private @Nullable Reassembler reassembler;
  private int rcvNxt;
  private int rcvAdv;
  private int limit;
  private int waiting;
  private int shift;
  private int mss = 536;
  private int segment = 536;
  private int acknowledged;
  private int quickAcks = QUICK_ACKS;
  private boolean onlySynTold;
  private boolean owing;
  private boolean urgent;
  private boolean sack;
  private int latestEnd;
  private int twiceLeft;
  private int twiceRight;
  private int finSeq;
  private boolean finKnown;
  private boolean finTaken;

  ReceiveSide(TcpLoop loop) {
    this.loop = loop;
    window = new ReceiveWindow(loop.config.receiveBuffer());
    limit = window.size();
  }

  /** The guest's SYN had sequence number {@code irs}; its segments will carry {@code mss} bytes. */
  void synchronize(int irs, int windowShift, int segmentSize, boolean sackPermitted) {
    sack = sackPermitted;
    rcvNxt = irs + 1;
    rcvAdv = rcvNxt;
    acknowledged = rcvNxt;
    shift = windowShift;
    mss = segmentSize;
  }

  /** The guest has acknowledged our SYN, after so many nanoseconds; negative when not known. */
  void established(long roundTrip, long nowNanos) {
    window.begin(rcvNxt, rcvAdv, roundTrip, nowNanos);
  }

  /** The next sequence number expected: all before it was delivered. */
  int rcvNxt() {
    return rcvNxt;
  }

  /** The first sequence number beyond what the guest may send. */
  int rcvAdv() {
    return rcvAdv;
  }

  /** Memory kept for bytes out of order. */
  int held() {
    return reassembler == null ? 0 : reassembler.bytes();
  }

  /** At most so many bytes may wait for the host from now on; what is granted stays granted. */
  void limit(int bytes) {
    limit = Math.min(bytes, window.size());
  }

  /** The batch is over: the window grows with what the path turns out to hold. */
  void batchEnd(long nowNanos) {
    window.arrived(rcvNxt, rcvAdv, nowNanos);
  }

  /** The window field of an unscaled segment (SYN, SYN-ACK: RFC 7323 2.2). */
  int unscaledWindow() {
    rcvAdv = rcvNxt + Math.min(limit, 65535);
    onlySynTold = true;
    return rcvAdv - rcvNxt;
  }

  /**
   * The window field of the segment being sent; moves the right edge when that is worth telling.
   *
   * @param bare whether the segment carries nothing but the acknowledgement: only then has it room
   *     to report what came early, and a report that is due stays due otherwise
   */
  int advertise(boolean bare) {
    int right = rcvNxt + Math.clamp(limit - waiting, 0, 65535 << shift);
    int gain = right - rcvAdv;
    // RFC 9293 3.8.6.2.2: at least a segment or half the buffer, or no move at all
    if (gain > 0 && gain >= Math.min(limit / 2, mss)) {
      rcvAdv = right;
    }
    int field = (rcvAdv - rcvNxt) >>> shift;
    onlySynTold = false;
    if (bare || !sack || !urgent) {
      owing = false;
      urgent = false;
    }
    acknowledged = rcvNxt;
    return field;
  }

  /** The acknowledgement number that left last. */
  int lastAcknowledged() {
    return acknowledged;
  }

  /**
   * Reports what came early, or twice (RFC 2018, RFC 2883).
   *
   * @return blocks in {@code edges}
   */
  int sackBlocks(int[] edges) {
    int blocks = 0;
    if (!sack) {
      return 0;
    }
    if (twiceLeft != twiceRight) {
      edges[0] = twiceLeft;
      edges[1] = twiceRight;
      twiceLeft = twiceRight;
      blocks = 1;
    }
    int early = reassembler == null ? blocks : reassembler.blocks(edges, blocks);
    return finKnown ? withFin(edges, blocks, early) : early;
  }

  /** Like Linux: a FIN that came early counts among what is here. Nothing lies beyond it. */
  private int withFin(int[] edges, int from, int blocks) {
    for (int i = from; i < blocks; i++) {
      if (edges[2 * i + 1] == finSeq) {
        edges[2 * i + 1]++;
        return blocks;
      }
    }
    boolean alone = reassembler == null || reassembler.isEmpty() || reassembler.end() != finSeq;
    if (!alone || blocks == edges.length / 2) {
      return blocks;
    }
    edges[2 * blocks] = finSeq;
    edges[2 * blocks + 1] = finSeq + 1;
    return blocks + 1;
  }

  /**
   * RFC 9293 3.10.7.4, first check, as Linux reads it: the segment's end has not passed yet, its
   * start lies not beyond the window (so that an ACK comes through a closed window).
   */
  boolean isAcceptable(int seq, int end) {
    return Seq.afterEq(end, rcvNxt) && Seq.beforeEq(seq, rcvAdv);
  }

  /** Text that came before, or lies beyond the window: the guest must learn where we are. */
  void onUselessText(int seq, int length) {
    if (Seq.before(seq, rcvNxt)) {
      twice(seq, Seq.min(seq + length, rcvNxt));
    }
    acknowledgeNow();
  }

  /**
   * Takes in a segment's payload: delivers what is next, keeps what is early, drops what is old or
   * beyond the window or the guest's own end.
   */
  void onPayload(int seq, ByteBuf data, int offset, int length, TcpUser user) {
    int from = Seq.max(seq, rcvNxt);
    int until = Seq.min(seq + length, finKnown ? Seq.min(finSeq, rcvAdv) : rcvAdv);
    if (!Seq.before(from, until)) {
      onUselessText(seq, length);
      return;
    }
    int start = offset + (from - seq);
    if (from != rcvNxt) {
      if (reassembler == null) {
        reassembler = new Reassembler();
      }
      latestEnd = until;
      reassembler.insert(from, data, start, until - from, loop.allocator);
      twice(reassembler.againLeft(), reassembler.againRight());
      // RFC 5681 4.2: an immediate duplicate ACK when a segment arrives out of order
      acknowledgeNow();
      return;
    }
    twice(seq, from);
    deliver(data, start, until - from, user);
    if (from != seq || until != seq + length) {
      acknowledgeNow();
    }
    if (reassembler != null && !reassembler.isEmpty()) {
      deliverEarly(reassembler, user);
      acknowledgeNow(); // RFC 5681 4.2: also when a segment fills a gap
    }
  }

  /**
   * Whether there is something to report that the report of a segment at {@code seq} would
   * displace. One acknowledgement has room for one repetition and two or three early stretches: a
   * batch may bring more.
   */
  boolean mustReportBefore(int seq) {
    if (!sack || !urgent) {
      return false;
    }
    boolean anotherGap = Seq.after(seq, rcvNxt) && seq != latestEnd;
    boolean anotherRepetition = twiceLeft != twiceRight && Seq.before(seq, rcvNxt);
    return anotherGap || anotherRepetition;
  }

  /**
   * Whether the last byte that came early, and that SACK told the guest of, is just before this.
   */
  boolean isReportedUpTo(int seq) {
    return sack && reassembler != null && !reassembler.isEmpty() && reassembler.end() == seq;
  }

  private void twice(int left, int right) {
    if (Seq.before(left, right)) {
      twiceLeft = left;
      twiceRight = right;
    }
  }

  /** The same for what follows in a segment whose text was repeated already. */
  private void twiceToo(int left, int right) {
    if (twiceLeft == twiceRight) {
      twice(left, right);
    } else if (left == twiceRight) {
      twiceRight = right;
    }
  }

  private void deliver(ByteBuf data, int offset, int length, TcpUser user) {
    rcvNxt += length;
    waiting += length;
    owing = true;
    user.onData(data, offset, length);
  }

  private void deliverEarly(Reassembler early, TcpUser user) {
    int repeated = Seq.min(early.firstStart() + early.first().readableBytes(), rcvNxt);
    if (Seq.before(early.firstStart(), repeated)) {
      twiceToo(early.firstStart(), repeated);
    }
    while (early.ready(rcvNxt) >= 0) {
      ByteBuf piece = early.first();
      int skip = rcvNxt - early.firstStart();
      deliver(piece, piece.readerIndex() + skip, piece.readableBytes() - skip, user);
      early.removeFirst();
    }
  }

  /**
   * The guest's FIN stands at {@code seq}. Like Linux, one that comes in its turn is the end, and
   * one that comes early, unless another did or text beyond it is here already.
   */
  void onFin(int seq) {
    if (finKnown && seq == finSeq) {
      twiceToo(seq, seq + 1);
    } else if (seq == rcvNxt || (!finKnown && mayEndAt(seq))) {
      finKnown = true;
      finSeq = seq;
    }
    if (rcvNxt != finSeq) {
      acknowledgeNow();
    }
  }

  private boolean mayEndAt(int seq) {
    boolean inWindow = Seq.after(seq, rcvNxt) && Seq.beforeEq(seq, rcvAdv);
    boolean textBeyond =
        reassembler != null && !reassembler.isEmpty() && Seq.after(reassembler.end(), seq);
    return inWindow && !textBeyond;
  }

  /** The FIN that was taken came again. */
  void onFinAgain(int seq) {
    if (seq == rcvNxt - 1) {
      twiceToo(seq, rcvNxt);
    }
    acknowledgeNow();
  }

  /** Whether the FIN is next; if so it is taken. */
  boolean takeFin() {
    if (!finKnown || rcvNxt != finSeq) {
      return false;
    }
    finKnown = false;
    rcvNxt++;
    rcvAdv = Seq.max(rcvAdv, rcvNxt);
    owing = true;
    finTaken = true;
    release(); // what lies beyond the end is nobody's
    return true;
  }

  /** The host took {@code bytes} of what waited. */
  void consumed(int bytes) {
    waiting -= bytes;
  }

  /** The next batch end must acknowledge. */
  void acknowledgeNow() {
    owing = true;
    urgent = true;
  }

  /** Whether the window grew so much that the guest, possibly stopped by it, should hear of it. */
  boolean isUpdateDue() {
    int open = rcvAdv - rcvNxt;
    int possible = Math.clamp(limit - waiting, 0, 65535 << shift);
    int gain = possible - open;
    if (gain < Math.min(limit / 2, mss)) {
      return false;
    }
    if (onlySynTold) {
      // the small window of the SYN does until an acknowledgement carries the real one
      return open < Math.min(possible, 65535) / 2;
    }
    return open < possible / 2 || gain >= limit / 2;
  }

  /** The guest's segments carry so many bytes on the wire; they may be smaller than our MSS. */
  void measure(int bytes) {
    if (bytes > segment) {
      segment = Math.min(bytes, mss);
    }
  }

  /** Whether something is unacknowledged. */
  boolean isOwing() {
    return owing;
  }

  /**
   * How long the acknowledgement may wait, in nanoseconds. Not at all: RFC 9293 3.8.6.3, for every
   * second full segment; for what is out of order; and for a full segment at the start of a
   * connection.
   */
  long patience() {
    int unacknowledged = rcvNxt - acknowledged;
    if (urgent || unacknowledged >= 2 * segment) {
      return 0;
    }
    if (quickAcks > 0) {
      quickAcks--;
      return unacknowledged >= segment ? 0 : BRIEFLY;
    }
    return finTaken ? BRIEFLY : loop.config.delayedAck();
  }

  void release() {
    if (reassembler != null) {
      reassembler.release();
      reassembler = null;
    }
  }
}
