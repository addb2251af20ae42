package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.tcp.TcpState.Event;
import io.slipway.wire.Gather;
import io.slipway.wire.Packet;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import org.jspecify.annotations.Nullable;

/**
 * One connection with the guest, seen from the side that the guest talks to (RFC 9293 3.10). Owned
 * by its {@link TcpUser} on the event loop of their {@code Shard}; not thread-safe. Knows no
 * sockets and reads no clock: segments and time are handed in, segments leave through {@link
 * TcpOutput}.
 */
public final class TcpConnection {
  /** What a guest on this machine needs; more would only wait longer in the processor's caches. */
  private static final int QUEUE = 2 << 20;

  private final TcpLoop loop;
  private final TcpOutput output;
  private final TcpUser user;
  private final boolean v6;
  private final TcpTimers timers;
  private final SendSide sending;
  private final ReceiveSide receiving;
  private final Timestamps stamps;
  private final ChallengeAck challenges = new ChallengeAck();
  private final Arrivals arrivals;
  private @Nullable Opening opening;
  private TcpState state = TcpState.CLOSED;
  private long lastHeard;
  private int unansweredProbes;

  /**
   * A connection in state CLOSED.
   *
   * @param mtu of the guest's link, in bytes
   * @param iss our initial sequence number, from {@link InitialSequence}
   */
  public TcpConnection(TcpLoop loop, TcpOutput output, TcpUser user, boolean v6, int mtu, int iss) {
    this.loop = loop;
    this.output = output;
    this.user = user;
    this.v6 = v6;
    timers = new TcpTimers(this, loop.wheel);
    stamps = new Timestamps(iss);
    sending = new SendSide(this, loop, iss);
    receiving = new ReceiveSide(loop);
    arrivals = new Arrivals(this, loop, user, sending, receiving, stamps);
    int largest = mtu - (v6 ? 60 : 40);
    opening = new Opening(this, loop, output, sending, receiving, stamps, v6, largest, iss);
  }

  public TcpState state() {
    return state;
  }

  /** Bytes queued for the guest: not sent yet, or not acknowledged yet. */
  public int queued() {
    return sending.queue().bytes();
  }

  /** Memory that this connection's queues hold, in bytes. */
  public int held() {
    return sending.queue().held() + receiving.held();
  }

  /** Memory that the bytes on their way to the guest hold: what pausing the host can lower. */
  public int heldForGuest() {
    return sending.queue().held();
  }

  /**
   * Bytes for the guest that are worth holding here: enough to keep the path full, and at least
   * {@link #QUEUE}.
   */
  public int worthHolding() {
    return Math.max(sending.worthQueueing(), QUEUE);
  }

  /** Bytes that one segment to the guest carries at most, or one frame of several segments. */
  public int largestPayload() {
    return sending.largestPayload();
  }

  /** Sequence number of the SYN that is held; what an ICMP error about it must quote. */
  public int heldSyn() {
    return opening().irs();
  }

  Timestamps stamps() {
    return stamps;
  }

  TcpTimers timers() {
    return timers;
  }

  // ---- what the user asks -------------------------------------------------------------------

  /** Takes in a guest's SYN and keeps it, unanswered, until {@link #accept} or {@link #refuse}. */
  public void hold(Packet syn, long nowNanos) {
    opening().readSyn(syn, nowNanos);
    move(Event.SYN_HELD);
    timers.life(opening().givesUpAt());
  }

  /** The host has connected: answers the held SYN. */
  public void accept(long nowNanos) {
    move(Event.SYN_ACK_SENT);
    opening().sendSyn(nowNanos);
  }

  /** The host did not accept: RST to the guest. */
  public void refuse(CloseReason reason, long nowNanos) {
    opening().refuse();
    end(reason, nowNanos);
  }

  /** Begins a connection to the guest's server: sends a SYN. */
  public void connect(long nowNanos) {
    move(Event.SYN_SENT);
    opening().sendSyn(nowNanos);
  }

  /** Queues bytes for the guest, takes ownership; whole segments leave at once. */
  public void send(ByteBuf data, long nowNanos) {
    sending.add(data);
    if (state.maySend()) {
      sending.push(false, nowNanos);
    }
  }

  /** The host's batch is over: a last short segment leaves too. */
  public void flush(long nowNanos) {
    if (state.maySend()) {
      sending.push(true, nowNanos);
    }
  }

  /** Ends our stream: FIN after the last queued byte. */
  public void finish(long nowNanos) {
    sending.finish();
    flush(nowNanos);
  }

  /** Ends the connection at once: RST to the guest where it knows of us. */
  public void abort(CloseReason reason, long nowNanos) {
    switch (state) {
      case CLOSED -> {}
      case HELD -> refuse(reason, nowNanos);
      case TIME_WAIT, SYN_SENT -> end(reason, nowNanos);
      default -> {
        emit(sending.acceptableSeq(), TcpHeader.RST | TcpHeader.ACK, null, nowNanos);
        end(reason, nowNanos);
      }
    }
  }

  /** Ends the connection without a word to the guest. */
  public void drop(CloseReason reason, long nowNanos) {
    if (state != TcpState.CLOSED) {
      end(reason, nowNanos);
    }
  }

  /** The host took {@code bytes} of the guest's stream; the window may reopen. */
  public void consumed(int bytes) {
    receiving.consumed(bytes);
    if (state.mayReceive() && receiving.isUpdateDue()) {
      receiving.acknowledgeNow();
    }
  }

  /** At most so many bytes may wait for the host from now on. */
  public void receiveLimit(int bytes) {
    receiving.limit(bytes);
  }

  /** The end of a batch of segments, or of host events: the acknowledgement, if one is due. */
  public void acknowledge(long nowNanos) {
    if (!receiving.isOwing() || !state.isSynchronized()) {
      return;
    }
    receiving.batchEnd(nowNanos);
    long patience = receiving.patience();
    if (patience == 0) {
      emit(sending.acceptableSeq(), TcpHeader.ACK, null, nowNanos);
    } else if (!timers.isAcknowledgeArmed()) {
      timers.acknowledge(nowNanos + patience);
    }
  }

  /**
   * Whether a SYN may take this connection's place. RFC 9293 3.6.1: in TIME-WAIT, when its sequence
   * number is beyond the old connection's; RFC 6191: or its timestamp is.
   */
  public boolean yieldsTo(Packet syn, long nowNanos) {
    if (state != TcpState.TIME_WAIT) {
      return state == TcpState.CLOSED;
    }
    ByteBuf frame = syn.frame();
    int at = syn.transportAt();
    loop.received.parse(frame, at + TcpHeader.LENGTH, at + TcpHeader.dataOffset(frame, at));
    return !stamps.isOld(loop.received, nowNanos)
        && (Seq.after(TcpHeader.seq(frame, at), receiving.rcvNxt())
            || stamps.isNewer(loop.received));
  }

  /**
   * RFC 9293 3.6.1: the initial sequence number of the connection that takes this one's place lies
   * beyond all that this one sent, so that nothing of the past is taken for new; like Linux by more
   * than an unscaled window.
   *
   * @param iss the number that it would have otherwise
   */
  public int nextIss(int iss) {
    return Seq.max(iss, sending.sndNxt() + 65537);
  }

  // ---- what the guest sends -----------------------------------------------------------------

  /** RFC 9293 3.10.7: a segment of this connection arrived, its length and checksum verified. */
  public void onSegment(Packet packet, long nowNanos) {
    lastHeard = nowNanos;
    unansweredProbes = 0;
    int flags = TcpHeader.flags(packet.frame(), packet.transportAt());
    switch (state) {
      case CLOSED -> {}
      case HELD -> opening().onSegmentHeld(packet, flags, nowNanos);
      case SYN_SENT -> opening().onSegmentInSynSent(packet, flags, nowNanos);
      case SYN_RECEIVED -> {
        if (opening().onSegmentInSynReceived(packet, flags, nowNanos)) {
          arrivals.onFirstText(packet, flags, nowNanos);
        }
      }
      case TIME_WAIT -> arrivals.onSegmentInTimeWait(packet, flags, nowNanos);
      default -> arrivals.onSegment(packet, flags, nowNanos);
    }
  }

  /** TIME-WAIT begins, or begins anew. */
  void waitOut(long nowNanos) {
    timers.send(TcpTimers.OFF);
    timers.life(nowNanos + loop.config.timeWait());
  }

  /**
   * RFC 1191 6, RFC 8201 5.2: packets of more than {@code mtu} bytes do not get through. Believed
   * only for a sequence number that is in flight (RFC 5927 4.1).
   */
  public void onTooBig(int seq, int mtu, long nowNanos) {
    if (state.isSynchronized()) {
      sending.onTooBig(seq, mtu - (v6 ? 60 : 40) - stamps.length(), v6, nowNanos);
    }
  }

  // ---- timers -------------------------------------------------------------------------------

  void onAcknowledgeTimer(long nowNanos) {
    if (receiving.isOwing() && state.isSynchronized()) {
      emit(sending.acceptableSeq(), TcpHeader.ACK, null, nowNanos);
    }
  }

  void onSendTimer(long nowNanos) {
    if (state == TcpState.CLOSED || state == TcpState.TIME_WAIT) {
      return;
    }
    if (!sending.onTimer(nowNanos)) {
      if (state.isSynchronized()) {
        abort(CloseReason.GUEST_TIMEOUT, nowNanos);
      } else {
        abort(CloseReason.HANDSHAKE_TIMEOUT, nowNanos);
      }
    }
  }

  void onLifeTimer(long nowNanos) {
    switch (state) {
      case HELD -> {
        if (opening().givesUpAt() <= nowNanos) {
          end(CloseReason.GUEST_GAVE_UP, nowNanos);
        } else {
          timers.life(opening().givesUpAt());
        }
      }
      case TIME_WAIT -> end(CloseReason.FINISHED, nowNanos);
      default -> keepAlive(nowNanos);
    }
  }

  /** RFC 9293 3.8.4: a silent guest is asked whether it still lives. */
  private void keepAlive(long nowNanos) {
    long idle = loop.config.keepalive();
    if (idle <= 0 || !state.isSynchronized()) {
      return;
    }
    if (nowNanos - lastHeard < idle) {
      timers.life(lastHeard + idle);
      return;
    }
    if (unansweredProbes++ >= 4) {
      abort(CloseReason.GUEST_TIMEOUT, nowNanos);
      return;
    }
    sending.probeAlive(nowNanos);
    timers.life(nowNanos + Math.max(idle / 4, loop.config.minRto()));
  }

  // ---- what leaves --------------------------------------------------------------------------

  /** Sends one segment with the current acknowledgement and window. */
  void emit(int seq, int flags, @Nullable Gather payload, long nowNanos) {
    boolean bare = payload == null;
    int end = 0;
    if (stamps.isOn()) {
      end = stamps.write(loop.options, end, nowNanos);
    }
    if (bare) {
      int[] edges = end > 0 ? loop.sackEdgesBesideStamps : loop.sackEdges;
      int blocks = receiving.sackBlocks(edges);
      if (blocks > 0) {
        end = TcpOptions.writeSack(loop.options, end, edges, blocks);
      }
    }
    int window = receiving.advertise(bare);
    if (!receiving.isOwing()) {
      timers.acknowledge(TcpTimers.OFF);
    }
    output.segment(
        seq, receiving.rcvNxt(), flags, window, loop.options, end, payload, sending.mss());
  }

  /**
   * RFC 9293 3.10.7.1: the reset for a segment with these flags and this acknowledgement, whose
   * text and flags end at {@code end}.
   */
  void reset(int flags, int ack, int end) {
    loop.options.clear();
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    output.segment(
        acknowledges ? ack : 0,
        acknowledges ? 0 : end,
        acknowledges ? TcpHeader.RST : TcpHeader.RST | TcpHeader.ACK,
        0,
        loop.options,
        0,
        null,
        sending.mss());
  }

  /** Nobody has acknowledged our SYN. */
  void repeatSyn(long nowNanos) {
    opening().sendSyn(nowNanos);
  }

  void onFinSent() {
    move(Event.FIN_SENT);
  }

  /** RFC 5961: an acknowledgement for what may be forged, unless there were too many. */
  void challenge(long nowNanos) {
    if (challenges.allowed(nowNanos)) {
      emit(sending.acceptableSeq(), TcpHeader.ACK, null, nowNanos);
    }
  }

  // ---- the one door to a state --------------------------------------------------------------

  /** Our SYN is acknowledged, {@code window} in bytes. */
  void establish(int seq, int ack, int window, long nowNanos) {
    long roundTrip = sending.onSynAcked(seq, ack, window, nowNanos);
    receiving.established(roundTrip, nowNanos);
    opening = null;
    move(Event.SYN_ACKED);
    if (loop.config.keepalive() > 0) {
      timers.life(nowNanos + loop.config.keepalive());
    } else {
      timers.life(TcpTimers.OFF);
    }
    user.onEstablished(nowNanos);
  }

  private Opening opening() {
    Opening now = opening;
    if (now == null) {
      throw new AssertionError("the handshake is over in " + state);
    }
    return now;
  }

  void move(Event event) {
    state = state.next(event);
  }

  void end(CloseReason reason, long nowNanos) {
    move(Event.END);
    timers.cancel();
    sending.release();
    receiving.release();
    user.onClosed(reason, nowNanos);
  }
}
