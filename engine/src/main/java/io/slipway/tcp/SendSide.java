package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.stats.Count;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;

/**
 * Our half of a connection: what the guest has, what is on its way, what may follow (RFC 9293 3.8).
 * Owned by its {@link TcpConnection}.
 *
 * <pre>
 *   acknowledged |      in flight (Recovery)       | not sent yet |
 *   -------------+---------------------------------+--------------+--> sequence
 *             sndUna                            sndNxt     sndUna + queue
 * </pre>
 */
final class SendSide {
  /** What the one timer of this side is armed for. */
  private enum Wait {
    RETRANSMIT,
    PERSIST,
    /** For segments that are late, or lost (RFC 8985 6.2). */
    LATE,
    /** For an answer to the last segment (RFC 8985 7). */
    TAIL
  }

  /** Like Linux's min_pmtu of 552: nobody makes us send crumbs. */
  private static final int LEAST_MSS_V4 = 512;

  /** RFC 8200 5: every link carries 1280 bytes. */
  private static final int LEAST_MSS_V6 = 1220;

  private final TcpConnection connection;
  private final TcpLoop loop;
  private final SendQueue queue = new SendQueue();
  private final RttEstimator rtt;
  private final Recovery recovery;
  private Wait wait = Wait.RETRANSMIT;
  private int sndUna;
  private int sndNxt;
  private int sndWnd;
  private int sndWl1;
  private int sndWl2;
  private int largestWnd;
  private int acknowledged;
  private int shift;
  private int mss = 536;
  private int maxPayload = 536;
  private boolean sack;
  private boolean windowLimited;
  private int retries;
  private long synSent = -1;
  private boolean finishing;
  private boolean finSent;
  private boolean finAcked;

  SendSide(TcpConnection connection, TcpLoop loop, int iss) {
    this.connection = connection;
    this.loop = loop;
    rtt = new RttEstimator(loop.config);
    recovery = new Recovery(rtt);
    sndUna = iss;
    sndNxt = iss;
  }

  int sndUna() {
    return sndUna;
  }

  /** The sequence number after the last one sent. */
  int sndNxt() {
    return sndNxt;
  }

  /**
   * The sequence number of a segment without text: the next one, but never beyond the guest's
   * window, or the guest discards the acknowledgement in it. Like Linux, whose guest takes a window
   * back when it runs out of memory.
   */
  int acceptableSeq() {
    int edge = sndUna + sndWnd;
    return connection.state().isSynchronized() && Seq.after(sndNxt, edge) ? edge : sndNxt;
  }

  SendQueue queue() {
    return queue;
  }

  int mss() {
    return mss;
  }

  int largestPayload() {
    return maxPayload;
  }

  /** The guest's SYN told us these; {@code segmentSize} is payload, options are taken off. */
  void negotiated(int segmentSize, int largestPayload, int windowShift, boolean sackPermitted) {
    mss = segmentSize;
    maxPayload = largestPayload;
    shift = windowShift;
    sack = sackPermitted;
  }

  /** Our SYN or SYN-ACK went out (again). */
  void onSynSent(long nowNanos) {
    if (sndNxt == sndUna) {
      sndNxt++;
      synSent = nowNanos;
    } else {
      synSent = -1; // Karn: an answer could be to either
    }
    armRetransmission(nowNanos);
  }

  /**
   * Our SYN is acknowledged.
   *
   * @param window in bytes
   * @return nanoseconds that it took; -1 when it was sent more than once
   */
  long onSynAcked(int seq, int ack, int window, long nowNanos) {
    sndUna = ack;
    long roundTrip = synSent >= 0 ? nowNanos - synSent : -1;
    if (roundTrip >= 0) {
      rtt.sample(roundTrip);
    }
    recovery.begin(ack, mss, sack);
    retries = 0;
    connection.timers().send(TcpTimers.OFF);
    takeWindow(seq, ack, window);
    return roundTrip;
  }

  /**
   * Bytes worth having in the queue: twice what is in flight, so that the host is read while the
   * path is full.
   */
  int worthQueueing() {
    return 2 * (sndNxt - sndUna);
  }

  /** No more data will be queued: a FIN follows the last byte. */
  void finish() {
    finishing = true;
  }

  boolean isFinAcked() {
    return finAcked;
  }

  /**
   * RFC 5961 5: an acknowledgement older than any window of the guest is not one of its own; nor,
   * like Linux, one of what it never had to acknowledge.
   */
  boolean isTooOld(int ack) {
    return Seq.before(ack, sndUna - Math.min(largestWnd, acknowledged));
  }

  /** The window of a segment, in bytes. */
  int scaled(int windowField) {
    return windowField << shift;
  }

  /**
   * An acceptable acknowledgement came: {@code sndUna <= ack <= sndNxt}.
   *
   * @param window in bytes
   * @param plain whether the segment carried neither data nor FIN
   * @param options of the segment, read
   */
  void onAck(int seq, int ack, int window, boolean plain, TcpOptions options, long nowNanos) {
    boolean advanced = Seq.after(ack, sndUna);
    boolean sameWindow = window == sndWnd;
    boolean wasClosed = sndWnd == 0;
    takeWindow(seq, ack, window);
    boolean duplicate = !advanced && plain && sameWindow && sndNxt != sndUna;
    if (advanced) {
      int bytes = ack - sndUna;
      finAcked = finSent && bytes == queue.bytes() + 1;
      queue.drop(finAcked ? bytes - 1 : bytes);
      sndUna = ack;
      acknowledged = Math.min(acknowledged + bytes, 1 << 30); // the largest window there is
      rtt.resetBackoff();
      retries = 0;
    } else if (sndWnd == 0) {
      retries = 0; // the guest lives: window probes go on while it answers (RFC 9293 3.8.6.1)
    } else if (wasClosed && sndNxt != sndUna) {
      // what was in flight may be gone, and probing has pushed its timer far away
      rtt.resetBackoff();
      armRetransmission(nowNanos);
    }
    recovery.onAck(ack, sndNxt, options, duplicate, windowLimited, nowNanos);
    if (sndNxt == sndUna) {
      connection.timers().send(TcpTimers.OFF); // RFC 6298 5.2
    } else if (advanced || recovery.waitForLate() > 0) {
      arm(nowNanos); // RFC 6298 5.3
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
   * Sends what windows allow: first what is lost, then what is new.
   *
   * @param all whether a last, short segment goes too; else it waits for more of the host's batch
   */
  void push(boolean all, long nowNanos) {
    if (finAcked) {
      return;
    }
    while (recovery.hasLost()) {
      if (!repair(recovery.room(), nowNanos)) {
        windowLimited = true;
        return;
      }
    }
    boolean more = true;
    while (more) {
      more = pushNew(all, nowNanos);
    }
  }

  private boolean pushNew(boolean all, long nowNanos) {
    int unsent = sndUna + queue.bytes() - sndNxt; // -1 once the FIN is out
    if (unsent <= 0) {
      windowLimited = false;
      if (unsent == 0 && finishing) {
        // RFC 9293 gives a FIN no regard to the window; Linux sends it too
        emit(0, true, nowNanos);
      }
      return false;
    }
    int usable = Math.min(recovery.room(), sndUna + sndWnd - sndNxt);
    int length = Math.min(unsent, Math.min(usable, maxPayload));
    if (length < unsent) {
      length = worthSending(length, usable);
      windowLimited = recovery.window() <= sndWnd;
    } else if (!all && !finishing && length % mss != 0) {
      length -= length % mss;
      if (length == 0) {
        return false;
      }
    }
    if (length <= 0) {
      probeLater(nowNanos);
      return false;
    }
    emit(length, finishing && length == unsent, nowNanos);
    return true;
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
      armFor(Wait.PERSIST, nowNanos + rtt.rto());
    }
  }

  private void emit(int length, boolean fin, long nowNanos) {
    boolean alone = sndNxt == sndUna;
    transmit(sndNxt, length, fin, nowNanos);
    sndNxt += length + (fin ? 1 : 0);
    recovery.sent(sndNxt, length, nowNanos);
    if (fin) {
      finSent = true;
      connection.onFinSent();
    }
    if (alone) {
      rtt.resetBackoff(); // what is armed or backed off was the persist timer's
    }
    if (alone || wait == Wait.TAIL || !connection.timers().isSendArmed()) {
      arm(nowNanos);
    }
  }

  /**
   * Sends the first lost segments again.
   *
   * @param room bytes that may leave now
   * @return false when there is no room for them
   */
  private boolean repair(int room, long nowNanos) {
    int from = recovery.lostStart();
    int length = Math.min(recovery.lostLength(), maxPayload);
    int least = Math.min(length, mss);
    boolean inside = from == sndUna || Seq.beforeEq(from + least, sndUna + sndWnd);
    if (room < least || !inside) {
      return false;
    }
    if (length > room) {
      length = Math.max(least, room - room % mss);
    }
    int payload = Math.min(length, sndUna + queue.bytes() - from);
    loop.counters.count(Count.TCP_RETRANSMITS);
    transmit(from, payload, payload < length, nowNanos);
    Timestamps stamps = connection.stamps();
    recovery.sentAgain(from, from + length, stamps.isOn(), stamps.value(nowNanos), nowNanos);
    if (!connection.timers().isSendArmed()) {
      armRetransmission(nowNanos);
    }
    return true;
  }

  private void transmit(int seq, int length, boolean fin, long nowNanos) {
    int flags = TcpHeader.ACK | (fin ? TcpHeader.FIN : 0);
    int from = seq - sndUna;
    if (length > 0 && from + length == queue.bytes()) {
      flags |= TcpHeader.PSH;
    }
    loop.gather.clear();
    if (length > 0) {
      queue.gather(from, length, loop.gather);
    }
    connection.emit(seq, flags, length > 0 ? loop.gather : null, nowNanos);
  }

  // ---- time ---------------------------------------------------------------------------------

  /**
   * The timer of this side fired.
   *
   * @return false when the guest has been silent for too long
   */
  boolean onTimer(long nowNanos) {
    return switch (wait) {
      case LATE -> {
        recovery.onLate(sndNxt, nowNanos);
        push(true, nowNanos);
        arm(nowNanos);
        yield true;
      }
      case TAIL -> {
        probeTail(nowNanos);
        yield true;
      }
      case RETRANSMIT, PERSIST -> onTimeout(nowNanos);
    };
  }

  private boolean onTimeout(long nowNanos) {
    boolean open = connection.state().isSynchronized();
    if (++retries > (open ? loop.config.retries() : loop.config.synRetries())) {
      return false;
    }
    rtt.backOff();
    if (!open) {
      connection.repeatSyn(nowNanos);
    } else if (sndNxt == sndUna || sndWnd == 0) {
      probeWindow(nowNanos);
    } else {
      // RFC 6298 5.4..5.6: the earliest segment goes whatever the window became
      recovery.onTimeout(sndNxt, nowNanos);
      repair(mss, nowNanos);
      push(true, nowNanos);
      armRetransmission(nowNanos);
    }
    return true;
  }

  /** RFC 9293 3.8.6.1. Like Linux: data as far as the window goes, else an old, empty segment. */
  private void probeWindow(long nowNanos) {
    int length = Math.min(queue.bytes(), Math.min(sndWnd, mss));
    if (length > 0 && sndNxt == sndUna) {
      emit(length, false, nowNanos);
    } else if (finSent && queue.bytes() == 0) {
      loop.counters.count(Count.TCP_RETRANSMITS);
      transmit(sndUna, 0, true, nowNanos); // a FIN needs no window
    } else {
      connection.emit(sndUna - 1, TcpHeader.ACK, null, nowNanos);
    }
    armRetransmission(nowNanos);
  }

  /** RFC 8985 7.3: new data if there is any that may go, else the last segment again. */
  private void probeTail(long nowNanos) {
    int fresh = Math.min(mss, Math.min(unsent(), sndUna + sndWnd - sndNxt));
    if (fresh > 0) {
      emit(fresh, false, nowNanos);
      recovery.onProbeSent(sndNxt, false);
    } else if (recovery.probeTail()) {
      repair(mss, nowNanos);
      recovery.onProbeSent(sndNxt, true);
    }
    armRetransmission(nowNanos);
  }

  private int unsent() {
    return sndUna + queue.bytes() - sndNxt;
  }

  /** What is in flight leaves again, in segments of at most {@code segmentSize} bytes. */
  void onTooBig(int seq, int segmentSize, boolean v6, long nowNanos) {
    int smaller = Math.max(segmentSize, v6 ? LEAST_MSS_V6 : LEAST_MSS_V4);
    if (Seq.before(seq, sndUna) || !Seq.before(seq, sndNxt) || smaller >= mss) {
      return;
    }
    mss = smaller;
    maxPayload -= maxPayload % smaller;
    recovery.onTooBig(smaller, sndNxt);
    push(true, nowNanos);
  }

  /** A segment that only says where we are. */
  void probeAlive(long nowNanos) {
    connection.emit(sndUna - 1, TcpHeader.ACK, null, nowNanos);
  }

  /** Arms for whatever comes first now. */
  private void arm(long nowNanos) {
    long late = recovery.waitForLate();
    long tail = recovery.probeTimeout(sndNxt);
    if (late > 0) {
      armFor(Wait.LATE, nowNanos + late);
    } else if (tail > 0 && tail < rtt.rto()) {
      armFor(Wait.TAIL, nowNanos + tail);
    } else {
      armRetransmission(nowNanos);
    }
  }

  private void armRetransmission(long nowNanos) {
    armFor(Wait.RETRANSMIT, nowNanos + rtt.rto());
  }

  private void armFor(Wait reason, long deadlineNanos) {
    wait = reason;
    connection.timers().send(deadlineNanos);
  }

  /** Takes ownership. */
  void add(ByteBuf data) {
    queue.add(data);
  }

  void release() {
    queue.release();
  }
}
