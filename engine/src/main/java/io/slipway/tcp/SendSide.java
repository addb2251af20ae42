package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.stats.Count;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpHeader;

/**
 * Our half of a connection: what the guest has, what is on its way, what may follow (RFC 9293 3.8).
 * Owned by its {@link TcpConnection}.
 *
 * <pre>
 *   acknowledged |   in flight        | sent before a    | not sent yet
 *                |                    | timeout          |
 *   -------------+--------------------+------------------+---------------+--> sequence
 *             sndUna               sndNxt             sndMax      sndUna + queue
 * </pre>
 */
final class SendSide {
  private static final int DUPLICATES = 3;

  /** Like Linux's min_pmtu of 552: nobody makes us send crumbs. */
  private static final int LEAST_MSS_V4 = 512;

  /** RFC 8200 5: every link carries 1280 bytes. */
  private static final int LEAST_MSS_V6 = 1220;

  private final TcpConnection connection;
  private final TcpLoop loop;
  private final SendQueue queue = new SendQueue();
  private final RttEstimator rtt;
  private CongestionControl congestion = new NewReno(536);
  private int sndUna;
  private int sndNxt;
  private int sndMax;
  private int sndWnd;
  private int sndWl1;
  private int sndWl2;
  private int largestWnd;
  private int shift;
  private int mss = 536;
  private int maxPayload = 536;
  private int duplicates;
  private int recover;
  private boolean recovering;
  private boolean windowLimited;
  private int retries;
  private int timedSeq;
  private long timedSince = -1;
  private boolean finishing;
  private boolean finSent;
  private boolean finAcked;

  SendSide(TcpConnection connection, TcpLoop loop, int iss) {
    this.connection = connection;
    this.loop = loop;
    rtt = new RttEstimator(loop.config);
    sndUna = iss;
    sndNxt = iss;
    sndMax = iss;
  }

  int sndUna() {
    return sndUna;
  }

  int sndNxt() {
    return sndNxt;
  }

  int sndMax() {
    return sndMax;
  }

  /**
   * The sequence number of a segment without text: the next one, but never beyond the guest's
   * window, or the guest discards the acknowledgement in it. Like Linux, whose guest takes a window
   * back when it runs out of memory.
   */
  int acceptableSeq() {
    int edge = sndUna + sndWnd;
    return connection.state().isSynchronized() && Seq.after(sndMax, edge) ? edge : sndMax;
  }

  SendQueue queue() {
    return queue;
  }

  int mss() {
    return mss;
  }

  /** The guest's SYN told us these. */
  void negotiated(int segmentSize, int largestPayload, int windowShift) {
    mss = segmentSize;
    maxPayload = largestPayload;
    shift = windowShift;
    congestion = new NewReno(segmentSize);
  }

  /** Our SYN or SYN-ACK went out (again). */
  void onSynSent(long nowNanos) {
    if (sndNxt == sndUna) {
      sndNxt++;
      sndMax = sndNxt;
      startTiming(sndNxt, nowNanos);
    } else {
      timedSince = -1; // Karn: an answer could be to either
    }
    armRetransmission(nowNanos);
  }

  /** Our SYN is acknowledged; {@code window} is in bytes. */
  void onSynAcked(int seq, int ack, int window, long nowNanos) {
    sndUna = ack;
    sampleRtt(ack, nowNanos);
    retries = 0;
    connection.timers().send(TcpTimers.OFF);
    takeWindow(seq, ack, window);
  }

  /** No more data will be queued: a FIN follows the last byte. */
  void finish() {
    finishing = true;
  }

  boolean isFinAcked() {
    return finAcked;
  }

  /** RFC 5961 5: an acknowledgement older than any window of the guest is not one of its own. */
  boolean isTooOld(int ack) {
    return Seq.before(ack, sndUna - largestWnd);
  }

  /** The window of a segment, in bytes. */
  int scaled(int windowField) {
    return windowField << shift;
  }

  /**
   * An acceptable acknowledgement came: {@code sndUna <= ack <= sndMax}.
   *
   * @param window in bytes
   * @param plain whether the segment carried neither data nor FIN
   */
  void onAck(int seq, int ack, int window, boolean plain, long nowNanos) {
    boolean advanced = Seq.after(ack, sndUna);
    boolean sameWindow = window == sndWnd;
    boolean wasClosed = sndWnd == 0;
    takeWindow(seq, ack, window);
    if (advanced) {
      onAdvance(ack, nowNanos);
    } else if (ack == sndUna) {
      if (sndWnd == 0) {
        retries =
            0; // the guest lives: window probes go on for as long as it answers (RFC 9293 3.8.6.1)
      } else if (wasClosed && sndMax != sndUna) {
        // what was in flight may be gone, and probing has pushed its timer far away
        rtt.resetBackoff();
        armRetransmission(nowNanos);
      }
      if (plain && sameWindow && sndMax != sndUna) {
        onDuplicate(nowNanos);
      }
    }
  }

  private void onAdvance(int ack, long nowNanos) {
    int advance = ack - sndUna;
    if (finSent && ack == sndUna + queue.bytes() + 1) {
      finAcked = true;
      queue.drop(advance - 1);
    } else {
      queue.drop(advance);
    }
    sampleRtt(ack, nowNanos);
    rtt.resetBackoff();
    retries = 0;
    sndUna = ack;
    if (Seq.before(sndNxt, ack)) {
      sndNxt = ack;
    }
    if (recovering) {
      onAckInRecovery(advance, nowNanos);
    } else {
      duplicates = 0;
      if (windowLimited) {
        congestion.onAcknowledged(advance);
      }
    }
    // RFC 6298 5.2, 5.3
    if (sndMax == sndUna) {
      connection.timers().send(TcpTimers.OFF);
    } else {
      armRetransmission(nowNanos);
    }
  }

  private void onAckInRecovery(int advance, long nowNanos) {
    if (Seq.afterEq(sndUna, recover)) {
      recovering = false;
      duplicates = 0;
      congestion.onRecovered(sndMax - sndUna);
    } else {
      // RFC 6582 3.2 step 3, partial acknowledgement
      congestion.onPartialAck(advance);
      retransmitFirst(nowNanos);
    }
  }

  private void onDuplicate(long nowNanos) {
    duplicates++;
    if (recovering) {
      congestion.onDuplicateAck();
    } else if (duplicates == DUPLICATES) {
      congestion.onLoss(sndMax - sndUna);
      recovering = true;
      recover = sndMax;
      retransmitFirst(nowNanos);
      armRetransmission(nowNanos);
    }
  }

  private void takeWindow(int seq, int ack, int window) {
    // RFC 9293 3.10.7.4: SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)
    if (Seq.before(sndWl1, seq) || (sndWl1 == seq && Seq.beforeEq(sndWl2, ack)) || sndWnd == 0) {
      sndWnd = window;
      sndWl1 = seq;
      sndWl2 = ack;
      largestWnd = Math.max(largestWnd, window);
    }
  }

  /**
   * Sends what windows allow.
   *
   * @param all whether a last, short segment goes too; else it waits for more of the host's batch
   */
  void push(boolean all, long nowNanos) {
    while (true) {
      int end = sndUna + queue.bytes();
      if (finAcked) {
        return;
      }
      int unsent = end - sndNxt; // -1 once the FIN is out
      int usable = Math.min(congestion.window(), sndWnd) - (sndNxt - sndUna);
      if (unsent <= 0) {
        if (unsent == 0 && finishing) {
          emit(
              0, true,
              nowNanos); // RFC 9293 gives a FIN no regard to the window; Linux sends it too
        }
        windowLimited = false;
        return;
      }
      int length = Math.min(unsent, Math.min(usable, maxPayload));
      if (length < unsent) {
        length = worthSending(length, usable);
        windowLimited = congestion.window() <= sndWnd;
      } else if (!all && !finishing && length % mss != 0) {
        length -= length % mss;
        if (length == 0) {
          return;
        }
      }
      if (length <= 0) {
        probeLater(nowNanos);
        return;
      }
      emit(length, finishing && length == unsent, nowNanos);
    }
  }

  /** RFC 9293 3.8.6.2.1: whole segments, or at least half of the largest window ever offered. */
  private int worthSending(int length, int usable) {
    if (length >= mss) {
      return length - length % mss;
    }
    boolean half = usable > 0 && usable >= Math.min(largestWnd / 2, mss);
    return half ? length : 0;
  }

  private void probeLater(long nowNanos) {
    if (sndNxt == sndUna && !connection.timers().isSendArmed()) {
      connection.timers().send(nowNanos + rtt.rto());
    }
  }

  private void emit(int length, boolean fin, long nowNanos) {
    int seq = sndNxt;
    boolean again = Seq.before(seq, sndMax);
    boolean alone = sndMax == sndUna;
    transmit(seq, length, fin);
    sndNxt = seq + length + (fin ? 1 : 0);
    if (fin && !finSent) {
      finSent = true;
      connection.onFinSent();
    }
    if (again) {
      loop.counters.count(Count.TCP_RETRANSMITS);
    } else if (timedSince < 0) {
      startTiming(sndNxt, nowNanos);
    }
    if (Seq.after(sndNxt, sndMax)) {
      sndMax = sndNxt;
    }
    if (alone) {
      rtt.resetBackoff(); // what is armed or backed off was the persist timer's
    }
    if (alone || !connection.timers().isSendArmed()) {
      armRetransmission(nowNanos);
    }
  }

  private void transmit(int seq, int length, boolean fin) {
    int flags = TcpHeader.ACK | (fin ? TcpHeader.FIN : 0);
    int from = seq - sndUna;
    if (length > 0 && from + length == queue.bytes()) {
      flags |= TcpHeader.PSH;
    }
    loop.gather.clear();
    if (length > 0) {
      queue.gather(from, length, loop.gather);
    }
    connection.emit(seq, flags, length > 0 ? loop.gather : null, mss);
  }

  private void retransmitFirst(long nowNanos) {
    timedSince = -1;
    int length = Math.min(queue.bytes(), mss);
    boolean fin = finSent && !finAcked && length == queue.bytes();
    if (length > 0 || fin) {
      loop.counters.count(Count.TCP_RETRANSMITS);
      transmit(sndUna, length, fin);
      armRetransmission(nowNanos);
    }
  }

  /**
   * The retransmission timer, or the persist timer, fired.
   *
   * @return false when the guest has been silent for too long
   */
  boolean onTimer(long nowNanos) {
    int limit =
        connection.state().isSynchronized() ? loop.config.retries() : loop.config.synRetries();
    if (++retries > limit) {
      return false;
    }
    rtt.backOff();
    if (!connection.state().isSynchronized()) {
      connection.sendSyn(nowNanos);
      return true;
    }
    if (sndMax == sndUna || sndWnd == 0) {
      probe(nowNanos);
      return true;
    }
    // RFC 6298 5.4..5.6, RFC 5681 3.1; RFC 6582 4: leave recovery, remember how far we were
    congestion.onTimeout(sndMax - sndUna);
    recovering = false;
    duplicates = 0;
    timedSince = -1;
    sndNxt = sndUna;
    // the earliest segment goes whatever the window became: it was inside when it was first sent
    int length = Math.min(queue.bytes(), mss);
    emit(length, finSent && length == queue.bytes(), nowNanos);
    armRetransmission(nowNanos);
    return true;
  }

  /** RFC 9293 3.8.6.1. Like Linux: data as far as the window goes, else an old, empty segment. */
  private void probe(long nowNanos) {
    int length = Math.min(queue.bytes(), Math.min(sndWnd, mss));
    if (length > 0 && sndMax == sndUna) {
      emit(length, false, nowNanos);
    } else if (finSent && queue.bytes() == 0) {
      loop.counters.count(Count.TCP_RETRANSMITS);
      transmit(sndUna, 0, true); // a FIN needs no window
    } else {
      connection.emit(sndUna - 1, TcpHeader.ACK, null, mss);
    }
    armRetransmission(nowNanos);
  }

  /** What is in flight leaves again, in segments of at most {@code segmentSize} bytes. */
  void onTooBig(int seq, int segmentSize, boolean v6, long nowNanos) {
    int least = v6 ? LEAST_MSS_V6 : LEAST_MSS_V4;
    int smaller = Math.max(segmentSize, least);
    if (Seq.before(seq, sndUna) || !Seq.before(seq, sndMax) || smaller >= mss) {
      return;
    }
    mss = smaller;
    maxPayload -= maxPayload % smaller;
    congestion.segmentSize(smaller);
    recovering = false;
    duplicates = 0;
    timedSince = -1;
    sndNxt = sndUna;
    push(true, nowNanos);
  }

  /** A segment that only says where we are. */
  void probeAlive() {
    connection.emit(sndUna - 1, TcpHeader.ACK, null, mss);
  }

  private void armRetransmission(long nowNanos) {
    connection.timers().send(nowNanos + rtt.rto());
  }

  private void startTiming(int seq, long nowNanos) {
    timedSeq = seq;
    timedSince = nowNanos;
  }

  private void sampleRtt(int ack, long nowNanos) {
    if (timedSince >= 0 && Seq.afterEq(ack, timedSeq)) {
      rtt.sample(nowNanos - timedSince);
      timedSince = -1;
    }
  }

  /** Takes ownership. */
  void add(ByteBuf data) {
    queue.add(data);
  }

  void release() {
    queue.release();
  }
}
