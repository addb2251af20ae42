package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.tcp.TcpState.Event;
import io.slipway.wire.Packet;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpHeader;

/**
 * What a segment of the guest does to a connection that stands: RFC 9293 3.10.7.4, the steps in the
 * order of Linux. Owned by its {@link TcpConnection}.
 */
final class Arrivals {
  private final TcpConnection connection;
  private final TcpLoop loop;
  private final TcpUser user;
  private final SendSide sending;
  private final ReceiveSide receiving;
  private final Timestamps stamps;

  Arrivals(
      TcpConnection connection,
      TcpLoop loop,
      TcpUser user,
      SendSide sending,
      ReceiveSide receiving,
      Timestamps stamps) {
    this.connection = connection;
    this.loop = loop;
    this.user = user;
    this.sending = sending;
    this.receiving = receiving;
    this.stamps = stamps;
  }

  /** A segment in a synchronized state other than TIME-WAIT. */
  void onSegment(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int dataAt = at + TcpHeader.dataOffset(frame, at);
    int length = at + packet.transportLength() - dataAt;
    int seq = TcpHeader.seq(frame, at);
    boolean fin = (flags & TcpHeader.FIN) != 0;
    if ((flags & TcpHeader.RST) != 0) {
      onReset(seq, seq + length(flags, length), nowNanos);
      return;
    }
    if ((flags & TcpHeader.SYN) != 0) {
      connection.challenge(nowNanos); // RFC 5961 4.2
      return;
    }
    if ((flags & TcpHeader.ACK) == 0) {
      return; // like Linux whatever its number; the RFC looks at that first
    }
    loop.received.parse(frame, at + TcpHeader.LENGTH, dataAt);
    if (!receiving.isAcceptable(seq, seq + length(flags, length))
        || stamps.isOld(loop.received, nowNanos)) {
      // RFC 9293 3.10.7.4, first, and RFC 7323 5.3 R1: an acknowledgment, and drop the segment
      boolean bare = length == 0 && !fin && seq == receiving.rcvNxt();
      if (bare && stamps.isLate(loop.received) && isNoNews(packet)) {
        return; // like Linux: an ACK that another one overtook
      }
      if (length > 0) {
        reportBefore(seq, nowNanos);
        receiving.onUselessText(seq, length); // no loop of answers can come of it: like Linux, all
      } else {
        connection.challenge(nowNanos);
      }
      return;
    }
    stamps.take(loop.received, seq, receiving.lastAcknowledged(), nowNanos);
    if (onAck(packet, seq, length == 0 && !fin, nowNanos)) {
      onText(packet, seq, dataAt, length, fin, nowNanos);
    }
  }

  /**
   * A segment in TIME-WAIT, as Linux treats it: only a bare one at the expected number goes
   * unanswered.
   */
  void onSegmentInTimeWait(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int dataAt = at + TcpHeader.dataOffset(frame, at);
    int length = length(flags, at + packet.transportLength() - dataAt);
    int seq = TcpHeader.seq(frame, at);
    loop.received.parse(frame, at + TcpHeader.LENGTH, dataAt);
    boolean old = stamps.isOld(loop.received, nowNanos);
    boolean next = seq == receiving.rcvNxt() && !old;
    if ((flags & TcpHeader.RST) != 0) {
      if (next) {
        connection.end(CloseReason.FINISHED, nowNanos);
      }
      return;
    }
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    if (acknowledges || old || next) {
      connection.waitOut(nowNanos);
    }
    boolean opens =
        (flags & TcpHeader.SYN) != 0 && !acknowledges && connection.yieldsTo(packet, nowNanos);
    if (!opens && !(next && length == 0)) {
      connection.challenge(nowNanos);
    }
  }

  private boolean isNoNews(Packet packet) {
    return TcpHeader.ack(packet.frame(), packet.transportAt()) == sending.sndUna();
  }

  /** Sequence numbers that a segment takes. */
  private static int length(int flags, int text) {
    return text + ((flags & TcpHeader.SYN) != 0 ? 1 : 0) + ((flags & TcpHeader.FIN) != 0 ? 1 : 0);
  }

  /**
   * RFC 5961 3.2: only the exact sequence number resets; one inside the window is challenged. Exact
   * is, too, like Linux, the one behind all that we have reported to be here already.
   */
  private void onReset(int seq, int end, long nowNanos) {
    if (seq == receiving.rcvNxt()
        || (seq == receiving.rcvNxt() - 1 && hasFinished())
        || receiving.isReportedUpTo(seq)) {
      connection.end(CloseReason.GUEST_RESET, nowNanos);
    } else if (receiving.isAcceptable(seq, end)) {
      connection.challenge(nowNanos);
    }
  }

  /** The guest's FIN was taken; like Linux, a RST of one that counts it not is believed. */
  private boolean hasFinished() {
    return switch (connection.state()) {
      case CLOSE_WAIT, CLOSING, LAST_ACK -> true;
      default -> false;
    };
  }

  /** RFC 9293 3.10.7.4, fifth. Returns whether the segment's text is still of interest. */
  private boolean onAck(Packet packet, int seq, boolean plain, long nowNanos) {
    int at = packet.transportAt();
    int ack = TcpHeader.ack(packet.frame(), at);
    if (Seq.after(ack, sending.sndNxt()) || sending.isTooOld(ack)) {
      connection.challenge(nowNanos); // it acknowledges what we never sent, or is a guess
      return false;
    }
    if (Seq.before(ack, sending.sndUna())) {
      return true; // old: nothing new in it, but its data may be
    }
    int window = sending.scaled(TcpHeader.window(packet.frame(), at));
    int before = sending.sndUna();
    sending.onAck(seq, ack, window, plain, loop.received, nowNanos);
    if (sending.isFinAcked()) {
      onFinAcked(nowNanos);
    }
    if (connection.state().maySend()) {
      sending.push(true, nowNanos);
    }
    if (before != sending.sndUna() && connection.state() != TcpState.CLOSED) {
      user.onAcknowledged();
    }
    return connection.state() != TcpState.CLOSED && connection.state() != TcpState.TIME_WAIT;
  }

  private void onFinAcked(long nowNanos) {
    switch (connection.state()) {
      case FIN_WAIT_1 -> connection.move(Event.FIN_ACKED);
      case CLOSING -> {
        connection.move(Event.FIN_ACKED);
        connection.waitOut(nowNanos);
      }
      case LAST_ACK -> connection.end(CloseReason.FINISHED, nowNanos);
      default -> {}
    }
  }

  /** Text and FIN of the segment that established the connection. */
  void onFirstText(Packet packet, int flags, long nowNanos) {
    int at = packet.transportAt();
    int dataAt = at + TcpHeader.dataOffset(packet.frame(), at);
    int length = at + packet.transportLength() - dataAt;
    boolean fin = (flags & TcpHeader.FIN) != 0;
    onText(packet, TcpHeader.seq(packet.frame(), at), dataAt, length, fin, nowNanos);
  }

  /** RFC 9293 3.10.7.4, seventh and eighth: the payload of an acceptable segment, and its FIN. */
  private void onText(Packet packet, int seq, int dataAt, int length, boolean fin, long nowNanos) {
    boolean open = connection.state().mayReceive();
    if (length > 0 && open) {
      reportBefore(seq, nowNanos);
      receiving.measure(packet.gsoSize() > 0 ? packet.gsoSize() : length);
      receiving.onPayload(seq, packet.frame(), dataAt, length, user);
    } else if (length > 0 && Seq.before(seq, receiving.rcvNxt())) {
      if (Seq.after(seq + length, receiving.rcvNxt())) {
        // like Linux: a guest that says more after its end is not to be understood
        connection.reset(TcpHeader.ACK, TcpHeader.ack(packet.frame(), packet.transportAt()), 0);
        connection.end(CloseReason.GUEST_RESET, nowNanos);
        return;
      }
      receiving.onUselessText(seq, length); // from before the guest's FIN
    }
    if (fin) {
      onFin(seq + length, nowNanos);
    } else if (open && receiving.takeFin()) {
      finReceived(nowNanos); // a segment filled the gap before a FIN that came early
    }
  }

  private void reportBefore(int seq, long nowNanos) {
    if (receiving.mustReportBefore(seq)) {
      connection.acknowledge(nowNanos);
    }
  }

  private void onFin(int seq, long nowNanos) {
    if (!connection.state().mayReceive()) {
      if (Seq.before(seq, receiving.rcvNxt())) {
        receiving.onFinAgain(seq);
      }
      return;
    }
    receiving.onFin(seq);
    if (receiving.takeFin()) {
      finReceived(nowNanos);
    }
  }

  private void finReceived(long nowNanos) {
    connection.move(Event.FIN_RECEIVED);
    if (connection.state() != TcpState.CLOSE_WAIT) {
      receiving.acknowledgeNow(); // our own FIN has left: nothing follows that could carry it
    }
    if (connection.state() == TcpState.TIME_WAIT) {
      connection.waitOut(nowNanos);
    }
    user.onFinish();
  }
}
