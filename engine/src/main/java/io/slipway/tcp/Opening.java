package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.tcp.TcpState.Event;
import io.slipway.wire.Packet;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;

/**
 * The beginning of a connection, from its first SYN to {@link TcpState#ESTABLISHED}; dropped then.
 * Owned by its {@link TcpConnection}.
 */
final class Opening {
  private final TcpConnection connection;
  private final TcpLoop loop;
  private final TcpOutput output;
  private final SendSide sending;
  private final ReceiveSide receiving;
  private final Timestamps stamps;
  private final boolean v6;
  private final int largest;
  private final int iss;
  private final Handshake guest = new Handshake();

  /**
   * Nothing sent or heard yet.
   *
   * @param largest bytes of payload that a packet of the guest's link can carry
   * @param iss our initial sequence number
   */
  Opening(
      TcpConnection connection,
      TcpLoop loop,
      TcpOutput output,
      SendSide sending,
      ReceiveSide receiving,
      Timestamps stamps,
      boolean v6,
      int largest,
      int iss) {
    this.connection = connection;
    this.loop = loop;
    this.output = output;
    this.sending = sending;
    this.receiving = receiving;
    this.stamps = stamps;
    this.v6 = v6;
    this.largest = largest;
    this.iss = iss;
  }

  /** The guest's initial sequence number. */
  int irs() {
    return guest.irs();
  }

  /** When a guest whose SYN is held counts as gone. */
  long givesUpAt() {
    return guest.givesUpAt();
  }

  // ---- what leaves --------------------------------------------------------------------------

  /** A SYN, or the answer to one, for the first time or again. */
  void sendSyn(long nowNanos) {
    boolean answer = connection.state() == TcpState.SYN_RECEIVED;
    if (answer) {
      agree(nowNanos);
    }
    ByteBuf options = loop.options;
    options.clear();
    int end = TcpOptions.writeMss(options, 0, largest);
    // RFC 7323 2.2: in a SYN-ACK only when the SYN had it
    if (!answer || guest.scaling()) {
      end = TcpOptions.writeWindowScale(options, end, windowShift());
    }
    if (!answer || guest.sack()) {
      end = TcpOptions.writeSackPermitted(options, end);
    }
    if (!answer || guest.stamps()) {
      end = stamps.write(options, end, nowNanos);
    }
    int ack = answer ? receiving.rcvNxt() : 0;
    int window = answer ? receiving.unscaledWindow() : 65535;
    int flags = answer ? TcpHeader.SYN | TcpHeader.ACK : TcpHeader.SYN;
    output.segment(iss, ack, flags, window, options, end, null, sending.mss());
    sending.onSynSent(nowNanos);
  }

  /** The host did not accept: the SYN is for nobody. Its text counts as received, too. */
  void refuse() {
    connection.reset(TcpHeader.SYN, 0, guest.irs() + 1 + guest.textLength());
  }

  // ---- what the guest sends -----------------------------------------------------------------

  /** A SYN to be kept: takes in what it says. */
  void readSyn(Packet syn, long nowNanos) {
    ByteBuf frame = syn.frame();
    int at = syn.transportAt();
    int header = TcpHeader.dataOffset(frame, at);
    loop.received.parse(frame, at + TcpHeader.LENGTH, at + header);
    int text = syn.transportLength() - header;
    guest.read(TcpHeader.seq(frame, at), text, loop.received, v6, nowNanos);
    int shift = guest.scaling() ? windowShift() : 0;
    receiving.synchronize(guest.irs(), shift, largest, guest.sack());
  }

  /** A segment in state HELD. */
  void onSegmentHeld(Packet packet, int flags, long nowNanos) {
    int seq = TcpHeader.seq(packet.frame(), packet.transportAt());
    if ((flags & TcpHeader.RST) != 0) {
      if (seq == guest.irs() + 1) {
        connection.end(CloseReason.GUEST_RESET, nowNanos);
      }
    } else if ((flags & TcpHeader.ACK) != 0) {
      // RFC 9293 3.10.7.2, second: any acknowledgment is bad here
      connection.reset(flags, TcpHeader.ack(packet.frame(), packet.transportAt()), 0);
    } else if ((flags & TcpHeader.SYN) != 0) {
      if (seq == guest.irs()) {
        guest.repeated(nowNanos);
      } else {
        readSyn(packet, nowNanos); // the guest gave up the old attempt and began anew
      }
      connection.timers().life(guest.givesUpAt());
    }
  }

  /** RFC 9293 3.10.7.3. */
  void onSegmentInSynSent(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int ack = TcpHeader.ack(frame, at);
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    if (acknowledges && ack != sending.sndNxt()) {
      if ((flags & TcpHeader.RST) == 0) {
        connection.reset(flags, ack, 0);
      }
      return;
    }
    if ((flags & TcpHeader.RST) != 0) {
      if (acknowledges) {
        connection.end(CloseReason.GUEST_REFUSED, nowNanos);
      }
      return;
    }
    if ((flags & TcpHeader.SYN) == 0) {
      return;
    }
    readSyn(packet, nowNanos);
    if (!acknowledges) {
      // simultaneous open, RFC 9293 3.5 figure 7
      connection.move(Event.SYN_ACK_SENT);
      sendSyn(nowNanos);
      return;
    }
    agree(nowNanos);
    // RFC 7323 2.2: the window of a SYN is never scaled
    connection.establish(TcpHeader.seq(frame, at), ack, TcpHeader.window(frame, at), nowNanos);
    receiving.acknowledgeNow();
  }

  /**
   * RFC 9293 3.10.7.4 in state SYN-RECEIVED, in the order of Linux: a wrong acknowledgement is
   * reset wherever in the sequence it stands, and a SYN inside the window ends the attempt.
   *
   * @return whether the connection stands now, and the segment's text and FIN are of interest
   */
  boolean onSegmentInSynReceived(Packet packet, int flags, long nowNanos) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    int header = TcpHeader.dataOffset(frame, at);
    int seq = TcpHeader.seq(frame, at);
    int ack = TcpHeader.ack(frame, at);
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    boolean syn = (flags & TcpHeader.SYN) != 0;
    boolean again = syn && seq == guest.irs();
    int length = packet.transportLength() - header + (syn ? 1 : 0);
    int end = seq + length + ((flags & TcpHeader.FIN) != 0 ? 1 : 0);
    if ((flags & TcpHeader.RST) != 0) {
      onResetInSynReceived(seq, end, nowNanos);
      return false;
    }
    if (again && !acknowledges) {
      sendSyn(nowNanos); // the guest has not seen our SYN-ACK
      return false;
    }
    if (acknowledges && ack != sending.sndNxt()) {
      connection.reset(flags, ack, end);
      return false;
    }
    loop.received.parse(frame, at + TcpHeader.LENGTH, at + header);
    if (again) {
      // the other half of a simultaneous open, RFC 9293 3.5 figure 7; its window is not scaled
      connection.establish(seq, ack, TcpHeader.window(frame, at), nowNanos);
      receiving.acknowledgeNow();
      return false;
    }
    if (!isInWindow(seq, end) || stamps.isOld(loop.received, nowNanos)) {
      connection.challenge(nowNanos);
      return false;
    }
    if (syn) {
      connection.reset(flags, ack, end); // a guest that began anew: it will ask again
      connection.end(CloseReason.GUEST_GAVE_UP, nowNanos);
      return false;
    }
    if (!acknowledges) {
      return false;
    }
    stamps.take(loop.received, seq, receiving.lastAcknowledged(), nowNanos);
    int window = sending.scaled(TcpHeader.window(frame, at));
    connection.establish(seq, ack, window, nowNanos);
    return connection.state().isSynchronized();
  }

  private void onResetInSynReceived(int seq, int end, long nowNanos) {
    if (seq == receiving.rcvNxt()) {
      connection.end(CloseReason.GUEST_REFUSED, nowNanos);
    } else if (isInWindow(seq, end)) {
      connection.challenge(nowNanos); // RFC 5961 3.2
    }
  }

  /** RFC 9293 3.4, table 6, literally: a segment of nothing just before the window is outside. */
  private boolean isInWindow(int seq, int end) {
    int left = receiving.rcvNxt();
    int right = receiving.rcvAdv();
    return seq == left
        || (Seq.after(end, left) && Seq.before(seq, right))
        || (seq == right && seq == end);
  }

  // ---- what both have said ------------------------------------------------------------------

  private void agree(long nowNanos) {
    stamps.agree(guest.stamps(), guest.stamp(), nowNanos);
    int mss = Math.min(guest.guestMss(), largest) - stamps.length();
    int room = 65535 - (v6 ? 60 : 40) - stamps.length();
    sending.negotiated(mss, Math.max(mss, room - room % mss), guest.guestShift(), guest.sack());
  }

  /** The smallest shift with which the field can say our largest window. */
  private int windowShift() {
    int shift = 0;
    while (65535 << shift < loop.config.receiveBuffer()) {
      shift++;
    }
    return shift;
  }
}
