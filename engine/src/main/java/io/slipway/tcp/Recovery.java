package io.slipway.tcp;

import io.slipway.wire.Seq;
import io.slipway.wire.TcpOptions;

/**
 * What is in flight, what of it is lost, and how much more may follow: SACK-based loss recovery
 * (RFC 6675) with losses found by time (RACK-TLP, RFC 8985), the window reduced in proportion (PRR,
 * RFC 9937). Owned by its {@link SendSide}. With a guest that offers no SACK, duplicate ACKs stand
 * for the missing reports (RFC 6582).
 *
 * <p>It decides; {@link SendSide} sends.
 */
final class Recovery {
  private static final int DUPLICATES = 3;

  /** Like Linux: what a lone segment waits longer before it is probed for. */
  private static final long TAIL_ALONE = 200_000_000;

  /** No probe sooner than this: the timer wheel is coarse, and the guest may be busy. */
  private static final long TAIL_LEAST = 10_000_000;

  private final Scoreboard board = new Scoreboard();
  private final Rack rack = new Rack();
  private final RttEstimator rtt;
  private final Prr prr = new Prr();
  private final Undo undo = new Undo();
  private CongestionControl congestion = new Cubic(536);
  private int mss = 536;
  private boolean sack;
  private int sndUna;
  private int duplicates;
  private boolean recovering;
  private boolean afterTimeout;
  private int recover;
  private int repairNow;
  private long waitForLate;
  private int probeEnd;
  private boolean probing;
  private boolean probeRepeated;

  Recovery(RttEstimator rtt) {
    this.rtt = rtt;
  }

  /** The handshake is over; the next byte has sequence number {@code seq}. */
  void begin(int seq, int segmentSize, boolean sackPermitted) {
    sndUna = seq;
    mss = segmentSize;
    sack = sackPermitted;
    congestion = new Cubic(segmentSize);
    board.begin(seq);
    rack.begin(seq);
  }

  // ---- what may be sent ---------------------------------------------------------------------

  /** Bytes that may be sent now as far as the network is concerned; may be negative. */
  int room() {
    int window = recovering && !afterTimeout ? prr.window() : congestion.window();
    return Math.max(window - pipe(), repairNow);
  }

  /** The window that growth is measured against. */
  int window() {
    return congestion.window();
  }

  boolean hasLost() {
    return board.hasLost();
  }

  int lostStart() {
    return board.lostStart();
  }

  int lostLength() {
    return board.lostLength();
  }

  /** New data, or a FIN, up to {@code until} has left. */
  void sent(int until, int bytes, long nowNanos) {
    board.sent(until, nowNanos);
    prr.onSent(bytes);
  }

  /**
   * {@code [from, until)} has left again.
   *
   * @param timestamps whether it bore a timestamp
   * @param stamp that timestamp
   */
  void sentAgain(int from, int until, boolean timestamps, int stamp, long nowNanos) {
    board.sentAgain(from, until, nowNanos);
    undo.onRepeated(until - from, timestamps, stamp);
    prr.onSent(until - from);
    repairNow = 0;
  }

  private int pipe() {
    int gone = sack ? 0 : duplicates * mss;
    return Math.max(0, board.pipe() - gone);
  }

  // ---- what the guest says ------------------------------------------------------------------

  /**
   * An acknowledgement that is neither old nor of the unsent.
   *
   * @param options of the segment, read; SACK blocks count when they were negotiated
   * @param duplicate whether the segment only repeats the last acknowledgement
   * @param limited whether the window was what stopped us from sending more
   */
  void onAck(
      int ack, int sndMax, TcpOptions options, boolean duplicate, boolean limited, long nowNanos) {
    int advance = ack - sndUna;
    int sackedBefore = board.sacked();
    int delivered = board.acknowledge(ack, rack, nowNanos);
    sndUna = ack;
    boolean needless = false;
    boolean late = advance > 0 && recovering && undo.isForOriginal(options);
    if (sack) {
      for (int i = 0; i < options.sackCount(); i++) {
        int left = options.sackLeft(i);
        int right = options.sackRight(i);
        if (i == 0 && isNeedless(left, right, ack, options)) {
          needless = true;
          rack.onNeedless();
          late |= undo.isAllNeedless(right - left);
        } else {
          delivered += board.sack(left, right, rack, nowNanos);
        }
      }
    } else if (duplicate) {
      duplicates++;
      delivered += mss;
    } else if (advance > 0) {
      duplicates = 0;
    }
    long sample = rack.takeSample();
    if (sample >= 0) {
      rtt.sample(sample);
    }
    onProbeAnswered(ack, needless || duplicate, sndMax, nowNanos);
    if (late) {
      giveBack();
    }
    int flight = sndMax - ack + advance - sackedBefore;
    findLosses(sndMax, advance, flight, nowNanos);
    if (recovering) {
      advanceRecovery(ack, sndMax, advance, delivered, nowNanos);
    } else if (limited && advance > 0) {
      congestion.onAcknowledged(advance, rtt.smoothed(), nowNanos);
    }
  }

  /** RFC 4015, RFC 9438 4.9: nothing was lost, and the window is what it would have been. */
  private void giveBack() {
    undo.end();
    congestion.undo();
    board.loseNothing();
    rack.onNeedless();
    recovering = false;
    afterTimeout = false;
    duplicates = 0;
    repairNow = 0;
  }

  /** RFC 2883 4: the first block tells of what had arrived before. */
  private static boolean isNeedless(int left, int right, int ack, TcpOptions options) {
    if (Seq.beforeEq(right, ack)) {
      return true;
    }
    return options.sackCount() > 1
        && Seq.afterEq(left, options.sackLeft(1))
        && Seq.beforeEq(right, options.sackRight(1));
  }

  private void findLosses(int sndMax, int advance, int flight, long nowNanos) {
    waitForLate = 0;
    if (sack) {
      boolean enough = recovering || board.sacked() >= DUPLICATES * mss;
      long window = rack.reorderWindow(enough, rtt.smoothed());
      if (board.sacked() > 0 || recovering) {
        waitForLate = board.detectLosses(rack, window, nowNanos);
      }
    } else if (duplicates >= DUPLICATES && !recovering) {
      board.loseFirst(mss);
    } else if (recovering && !afterTimeout && advance > 0 && Seq.before(sndUna, recover)) {
      board.loseFirst(mss); // RFC 6582 3.2 step 3: a partial acknowledgement
    }
    if (board.hasLost() && !recovering) {
      enter(sndMax, flight, nowNanos);
    }
  }

  private void enter(int sndMax, int flight, long nowNanos) {
    recovering = true;
    afterTimeout = false;
    recover = sndMax;
    undo.begin();
    congestion.onCongestion(Math.max(flight, mss), nowNanos);
    prr.begin(Math.max(flight, mss), congestion.threshold(), mss);
  }

  private void advanceRecovery(int ack, int sndMax, int advance, int delivered, long nowNanos) {
    if (Seq.afterEq(ack, recover) && !board.hasLost()) {
      recovering = false;
      duplicates = 0;
      repairNow = 0;
      if (!afterTimeout) {
        congestion.onRecovered(sndMax - ack);
      }
      afterTimeout = false;
      return;
    }
    if (afterTimeout) {
      // slow start over what was lost
      congestion.onAcknowledged(advance, rtt.smoothed(), nowNanos);
      return;
    }
    prr.allowance(delivered, pipe(), advance > 0);
    // RFC 6582 3.2 step 3: a partial acknowledgement is answered by the next missing segment
    repairNow = !sack && advance > 0 ? mss : 0;
  }

  // ---- time ---------------------------------------------------------------------------------

  /** Nanoseconds until late segments count as lost; 0 when none are waited for. */
  long waitForLate() {
    return waitForLate;
  }

  /** The wait for late segments is over (RFC 8985 6.2, the reordering timer). */
  void onLate(int sndMax, long nowNanos) {
    boolean before = recovering;
    findLosses(sndMax, 0, board.pipe(), nowNanos);
    if (recovering && !before) {
      prr.allowance(1, pipe(), false); // lets the first repetition go
    }
  }

  /** RFC 6298 5.4 and RFC 8985 6.3: everything not reported counts as lost. */
  void onTimeout(int sndMax, long nowNanos) {
    if (!recovering) {
      undo.begin();
    }
    congestion.onTimeout(Math.max(sndMax - sndUna, mss), nowNanos);
    board.loseAll();
    recovering = true;
    afterTimeout = true;
    recover = sndMax;
    duplicates = 0;
    probing = false;
    waitForLate = 0;
  }

  /** Nothing was lost to congestion, but all of it must go again, in smaller segments. */
  void onTooBig(int segmentSize, int sndMax) {
    undo.end();
    mss = segmentSize;
    congestion.segmentSize(segmentSize);
    board.loseAll();
    recovering = true;
    afterTimeout = true;
    recover = sndMax;
    duplicates = 0;
    probing = false;
    waitForLate = 0;
  }

  /** RFC 8985 7.2: how long after the last departure the tail is probed; 0: not at all. */
  long probeTimeout(int sndMax) {
    if (!sack || recovering || probing || sndMax == sndUna || rtt.smoothed() < 0) {
      return 0;
    }
    long timeout = 2 * rtt.smoothed();
    if (sndMax - sndUna <= mss) {
      timeout += TAIL_ALONE; // one segment alone may wait for the guest's delayed ACK
    }
    return Math.max(timeout, TAIL_LEAST);
  }

  /** Marks the last segment to be sent again as the probe; false when there is none to send. */
  boolean probeTail() {
    int length = board.tail(mss);
    if (length == 0) {
      return false;
    }
    board.loseTail(length);
    return true;
  }

  /**
   * The probe has left: {@code repeated} says whether it was the last segment again, or new data.
   */
  void onProbeSent(int sndMax, boolean repeated) {
    probing = true;
    probeEnd = sndMax;
    probeRepeated = repeated;
  }

  /** RFC 8985 7.4.2: a probe that repaired a loss was a loss; one that was needless was none. */
  private void onProbeAnswered(int ack, boolean twice, int sndMax, long nowNanos) {
    if (!probing || !Seq.afterEq(ack, probeEnd)) {
      return;
    }
    probing = false;
    if (probeRepeated && !twice) {
      congestion.onCongestion(Math.max(sndMax - ack, mss), nowNanos);
      congestion.onRecovered(Math.max(sndMax - ack, mss));
    }
  }

  boolean isRecovering() {
    return recovering;
  }
}
