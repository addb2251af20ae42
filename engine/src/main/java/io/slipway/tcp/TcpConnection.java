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
  private final TcpLoop loop;
  private final TcpOutput output;
  private final TcpUser user;
  private final boolean v6;
  private final int mtu;
  private final int iss;
  private final TcpTimers timers;
  private final SendSide sending;
  private final ReceiveSide receiving;
  private final Timestamps stamps;
  private final ChallengeAck challenges = new ChallengeAck();
  private @Nullable Handshake handshake = new Handshake();
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
    this.mtu = mtu;
    this.iss = iss;
    timers = new TcpTimers(this, loop.wheel);
    stamps = new Timestamps(iss);
    sending = new SendSide(this, loop, iss);
    receiving = new ReceiveSide(loop);
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

  /** Sequence number of the SYN that is held; what an ICMP error about it must quote. */
  public int heldSyn() {
    return shaking().irs();
  }

  TcpTimers timers() {
    return timers;
  }

  // ---- what the user asks -------------------------------------------------------------------

  /** Takes in a guest's SYN and keeps it, unanswered, until {@link #accept} or {@link #refuse}. */
  public void hold(Packet syn, long nowNanos) {
    readSyn(syn, nowNanos);
    move(Event.SYN_HELD);
    timers.life(shaking().givesUpAt());
  }

  /** The host has connected: answers the held SYN. */
  public void accept(long nowNanos) {
    move(Event.SYN_ACK_SENT);
    sendSyn(nowNanos);
  }

  /** The host did not accept: RST, RFC 9293 3.10.7.1's form for a segment without ACK. */
  public void refuse(CloseReason reason, long nowNanos) {
    loop.options.clear();
    int ack = shaking().irs() + 1;
    output.segment(0, ack, TcpHeader.RST | TcpHeader.ACK, 0, loop.options, 0, null, sending.mss());
    end(reason, nowNanos);
  }

  /** Begins a connection to the guest's server: sends a SYN. */
  public void connect(long nowNanos) {
    move(Event.SYN_SENT);
    sendSyn(nowNanos);
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
    long patience = receiving.patience();
    if (patience == 0) {
      emit(sending.acceptableSeq(), TcpHeader.ACK, null, nowNanos);
    } else if (!timers.isAcknowledgeArmed()) {
      timers.acknowledge(nowNanos + patience);
    }
  }

  /**
   * Whether a SYN may take this connection's place: RFC 9293 3.6.1, a SYN in TIME-WAIT whose
   * sequence number is beyond the old connection's.
   */
  public boolean yieldsTo(int synSeq) {
    return state == TcpState.CLOSED
        || (state == TcpState.TIME_WAIT && Seq.after(synSeq, receiving.rcvNxt()));
  }

  // ---- what the guest sends -----------------------------------------------------------------

  /** RFC 9293 3.10.7: a segment of this connection arrived, its length and checksum verified. */
  public void onSegment(Packet packet, long nowNanos) {
    lastHeard = nowNanos;
    unansweredProbes = 0;
    int flags = TcpHeader.flags(packet.frame(), packet.transportAt());
    switch (state) {
      case CLOSED -> {}
      case HELD -> onSegmentHeld(packet, flags, nowNanos);
      case SYN_SENT -> onSegmentInSynSent(packet, flags, nowNanos);
      default -> onSegmentInWindow(packet, flags, nowNanos);
    }
  }

  private void onSegmentHeld(Packet packet, int flags, long nowNanos) {
    int seq = TcpHeader.seq(packet.frame(), packet.transportAt());
    if ((flags & TcpHeader.RST) != 0) {
      if (seq == shaking().irs() + 1) {
        end(CloseReason.GUEST_RESET, nowNanos);
      }
    } else if ((flags & TcpHeader.ACK) != 0) {
      // RFC 9293 3.10.7.2, second: any acknowledgment is bad here; <SEQ=SEG.ACK><CTL=RST>
      resetUnexpected(TcpHeader.ack(packet.frame(), packet.transportAt()));
    } else if ((flags & TcpHeader.SYN) != 0) {
      if (seq == shaking().irs()) {
        shaking().repeated(nowNanos);
      } else {
        readSyn(packet, nowNanos); // the guest gave up the old attempt and began anew
      }
      timers.life(shaking().givesUpAt());
    }
  }

  /** RFC 9293 3.10.7.3. */
  private void onSegmentInSynSent(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int ack = TcpHeader.ack(frame, at);
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    if (acknowledges && ack != sending.sndNxt()) {
      if ((flags & TcpHeader.RST) == 0) {
        resetUnexpected(ack);
      }
      return;
    }
    if ((flags & TcpHeader.RST) != 0) {
      if (acknowledges) {
        end(CloseReason.GUEST_REFUSED, nowNanos);
      }
      return;
    }
    if ((flags & TcpHeader.SYN) == 0) {
      return;
    }
    readSyn(packet, nowNanos);
    if (!acknowledges) {
      // simultaneous open, RFC 9293 3.5 figure 7
      move(Event.SYN_ACK_SENT);
      sendSyn(nowNanos);
      return;
    }
    agree(nowNanos);
    // RFC 7323 2.2: the window of a SYN is never scaled
    establish(TcpHeader.seq(frame, at), ack, TcpHeader.window(frame, at), nowNanos);
    receiving.acknowledgeNow();
  }

  private void onSegmentInWindow(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int dataAt = at + TcpHeader.dataOffset(frame, at);
    int length = at + packet.transportLength() - dataAt;
    int seq = TcpHeader.seq(frame, at);
    boolean syn = (flags & TcpHeader.SYN) != 0;
    boolean fin = (flags & TcpHeader.FIN) != 0;
    loop.received.parse(frame, at + TcpHeader.LENGTH, dataAt);
    if ((flags & TcpHeader.RST) != 0) {
      onReset(seq, nowNanos);
      return;
    }
    if (syn) {
      onSynInWindow(seq, flags, nowNanos);
      return;
    }
    if (!receiving.isAcceptable(seq, seq + length + (fin ? 1 : 0))) {
      // RFC 9293 3.10.7.4, first: an acknowledgment in reply, and drop the segment
      challenge(nowNanos);
      return;
    }
    if (stamps.isOld(loop.received, nowNanos)) {
      challenge(nowNanos); // RFC 7323 5.3 R1
      return;
    }
    if ((flags & TcpHeader.ACK) == 0) {
      return;
    }
    stamps.take(loop.received, seq, receiving.lastAcknowledged(), nowNanos);
    if (!onAck(packet, seq, length == 0 && !fin, nowNanos)) {
      return;
    }
    if (length > 0 && state.mayReceive()) {
      if (receiving.startsAnotherGap(seq)) {
        acknowledge(nowNanos);
      }
      receiving.measure(packet.gsoSize() > 0 ? packet.gsoSize() : length);
      receiving.onPayload(seq, frame, dataAt, length, user);
    }
    if (fin) {
      onFin(seq + length, nowNanos);
    } else if (state.mayReceive() && receiving.takeFin()) {
      finReceived(nowNanos); // a segment filled the gap before a FIN that came early
    }
  }

  /** RFC 5961 3.2: only the exact sequence number resets; one inside the window is challenged. */
  private void onReset(int seq, long nowNanos) {
    if (seq == receiving.rcvNxt()) {
      end(
          state == TcpState.SYN_RECEIVED || state == TcpState.SYN_SENT
              ? CloseReason.GUEST_REFUSED
              : CloseReason.GUEST_RESET,
          nowNanos);
    } else if (Seq.after(seq, receiving.rcvNxt()) && Seq.before(seq, receiving.rcvAdv())) {
      challenge(nowNanos);
    }
  }

  private void onSynInWindow(int seq, int flags, long nowNanos) {
    if (state == TcpState.SYN_RECEIVED
        && seq == receiving.rcvNxt() - 1
        && (flags & TcpHeader.ACK) == 0) {
      sendSyn(nowNanos); // the guest has not seen our SYN-ACK
      return;
    }
    if (state == TcpState.SYN_RECEIVED
        && seq == receiving.rcvNxt() - 1
        && (flags & TcpHeader.ACK) != 0) {
      return; // the other half of a simultaneous open; its ACK part comes again without the SYN
    }
    challenge(nowNanos); // RFC 5961 4.2
  }

  /** RFC 9293 3.10.7.4, fifth. Returns whether the segment's text is still of interest. */
  private boolean onAck(Packet packet, int seq, boolean plain, long nowNanos) {
    int at = packet.transportAt();
    int ack = TcpHeader.ack(packet.frame(), at);
    int window = sending.scaled(TcpHeader.window(packet.frame(), at));
    if (state == TcpState.SYN_RECEIVED) {
      if (ack != sending.sndNxt()) {
        resetUnexpected(ack);
        return false;
      }
      establish(seq, ack, window, nowNanos);
      return state.isSynchronized();
    }
    if (Seq.after(ack, sending.sndNxt()) || sending.isTooOld(ack)) {
      challenge(nowNanos); // it acknowledges what we never sent, or is a guess
      return false;
    }
    if (Seq.before(ack, sending.sndUna())) {
      return true; // old: nothing new in it, but its data may be
    }
    int before = sending.sndUna();
    sending.onAck(seq, ack, window, plain, loop.received, nowNanos);
    if (sending.isFinAcked()) {
      onFinAcked(nowNanos);
    }
    if (state.maySend()) {
      sending.push(true, nowNanos);
    }
    if (before != sending.sndUna() && state != TcpState.CLOSED) {
      user.onAcknowledged();
    }
    return state != TcpState.CLOSED;
  }

  private void onFinAcked(long nowNanos) {
    switch (state) {
      case FIN_WAIT_1 -> move(Event.FIN_ACKED);
      case CLOSING -> {
        move(Event.FIN_ACKED);
        waitOut(nowNanos);
      }
      case LAST_ACK -> end(CloseReason.FINISHED, nowNanos);
      default -> {}
    }
  }

  private void onFin(int seq, long nowNanos) {
    if (!state.mayReceive()) {
      receiving.acknowledgeNow(); // a repetition
      if (state == TcpState.TIME_WAIT) {
        waitOut(nowNanos);
      }
      return;
    }
    receiving.onFin(seq);
    if (receiving.takeFin()) {
      finReceived(nowNanos);
    }
  }

  private void finReceived(long nowNanos) {
    move(Event.FIN_RECEIVED);
    if (state != TcpState.CLOSE_WAIT) {
      receiving.acknowledgeNow(); // our own FIN has left: nothing follows that could carry it
    }
    if (state == TcpState.TIME_WAIT) {
      waitOut(nowNanos);
    }
    user.onFinish();
  }

  private void waitOut(long nowNanos) {
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
        if (shaking().givesUpAt() <= nowNanos) {
          end(CloseReason.GUEST_GAVE_UP, nowNanos);
        } else {
          timers.life(shaking().givesUpAt());
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

  /** A SYN, or the answer to one, for the first time or again. */
  void sendSyn(long nowNanos) {
    boolean answer = state == TcpState.SYN_RECEIVED;
    if (answer) {
      agree(nowNanos);
    }
    ByteBuf options = loop.options;
    options.clear();
    int end = TcpOptions.writeMss(options, 0, mtu - (v6 ? 60 : 40));
    // RFC 7323 2.2: in a SYN-ACK only when the SYN had it
    if (!answer || shaking().scaling()) {
      end = TcpOptions.writeWindowScale(options, end, windowShift());
    }
    if (!answer || shaking().sack()) {
      end = TcpOptions.writeSackPermitted(options, end);
    }
    if (!answer || shaking().stamps()) {
      end = stamps.write(options, end, nowNanos);
    }
    int ack = answer ? receiving.rcvNxt() : 0;
    int window = answer ? receiving.unscaledWindow() : 65535;
    int flags = answer ? TcpHeader.SYN | TcpHeader.ACK : TcpHeader.SYN;
    output.segment(iss, ack, flags, window, options, end, null, sending.mss());
    sending.onSynSent(nowNanos);
  }

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

  void onFinSent() {
    move(Event.FIN_SENT);
  }

  private void challenge(long nowNanos) {
    if (challenges.allowed(nowNanos)) {
      emit(sending.acceptableSeq(), TcpHeader.ACK, null, nowNanos);
    }
  }

  private void resetUnexpected(int seq) {
    output.segment(seq, 0, TcpHeader.RST, 0, loop.options, 0, null, sending.mss());
  }

  // ---- the handshake, and the one door to a state -------------------------------------------

  private void readSyn(Packet syn, long nowNanos) {
    ByteBuf frame = syn.frame();
    int at = syn.transportAt();
    loop.received.parse(frame, at + TcpHeader.LENGTH, at + TcpHeader.dataOffset(frame, at));
    shaking().read(TcpHeader.seq(frame, at), loop.received, v6, nowNanos);
    int shift = shaking().scaling() ? windowShift() : 0;
    receiving.synchronize(shaking().irs(), shift, mtu - (v6 ? 60 : 40), shaking().sack());
  }

  private void agree(long nowNanos) {
    stamps.agree(shaking().stamps(), shaking().stamp(), nowNanos);
    int header = (v6 ? 60 : 40) + stamps.length();
    int mss = Math.min(shaking().guestMss(), mtu - (v6 ? 60 : 40)) - stamps.length();
    int room = 65535 - header;
    sending.negotiated(
        mss, Math.max(mss, room - room % mss), shaking().guestShift(), shaking().sack());
  }

  private void establish(int seq, int ack, int window, long nowNanos) {
    sending.onSynAcked(seq, ack, window, nowNanos);
    handshake = null;
    move(Event.SYN_ACKED);
    if (loop.config.keepalive() > 0) {
      timers.life(nowNanos + loop.config.keepalive());
    } else {
      timers.life(TcpTimers.OFF);
    }
    user.onEstablished(nowNanos);
  }

  /** The smallest shift with which the field can say our largest window. */
  private int windowShift() {
    int shift = 0;
    while (65535 << shift < loop.config.receiveBuffer()) {
      shift++;
    }
    return shift;
  }

  private Handshake shaking() {
    Handshake now = handshake;
    if (now == null) {
      throw new AssertionError("the handshake is over in " + state);
    }
    return now;
  }

  private void move(Event event) {
    state = state.next(event);
  }

  private void end(CloseReason reason, long nowNanos) {
    move(Event.END);
    timers.cancel();
    sending.release();
    receiving.release();
    user.onClosed(reason, nowNanos);
  }
}
