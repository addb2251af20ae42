package io.slipway.icmp;

import io.netty.buffer.ByteBuf;
import io.slipway.egress.Egress;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.Packet;
import java.util.concurrent.TimeUnit;

/**
 * Answers echo requests, and timestamps, in the name of whoever they are for (RFC 792, RFC 4443
 * §4.2). Owned by one Shard's event loop; not thread-safe. Callers: {@code gateway} for our
 * addresses, {@code flow} for all of them when the operator wants that.
 *
 * <p>The reply is the request where it lies, with its type changed: the frame is ours until the
 * next one is read, and nobody reads it after us.
 */
public final class EchoResponder {

  private static final int HOP_LIMIT = 64;

  private final Egress egress;
  private final Counters counters;

  /** Answers that leave through {@code egress}. */
  public EchoResponder(Egress egress, Counters counters) {
    this.egress = egress;
    this.counters = counters;
  }

  /** Whether this ICMP type is an echo request in the family. */
  public static boolean isRequest(boolean v6, int type) {
    return type == (v6 ? IcmpHeader.ECHO_REQUEST_V6 : IcmpHeader.ECHO_REQUEST);
  }

  /** Answers the echo request at hand; its bytes change. */
  public void answer(Packet packet) {
    answer(packet, packet.destinationHigh(), packet.destinationLow());
  }

  /** Answers in the name of somebody: the request may have been for several. */
  public void answer(Packet packet, long sourceHigh, long sourceLow) {
    int reply = packet.isV6() ? IcmpHeader.ECHO_REPLY_V6 : IcmpHeader.ECHO_REPLY;
    send(packet, reply, packet.transportLength(), sourceHigh, sourceLow);
  }

  /** Answers a timestamp of IPv4, which is {@link IcmpHeader#TIMESTAMP_LENGTH} bytes or more. */
  public void answerTimestamp(Packet packet, long nowNanos) {
    int at = packet.transportAt();
    IcmpHeader.setReceived(packet.frame(), at, TimeUnit.NANOSECONDS.toMillis(nowNanos));
    send(
        packet,
        IcmpHeader.TIMESTAMP_REPLY,
        IcmpHeader.TIMESTAMP_LENGTH,
        packet.destinationHigh(),
        packet.destinationLow());
  }

  private void send(Packet packet, int reply, int length, long sourceHigh, long sourceLow) {
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    IcmpHeader.setType(frame, at, reply);
    boolean sent =
        egress.icmp(
            sourceHigh,
            sourceLow,
            /* destinationHigh= */ packet.sourceHigh(),
            /* destinationLow= */ packet.sourceLow(),
            frame,
            at,
            length,
            HOP_LIMIT,
            packet.trafficClass()); // RFC 1349 5.1; the congestion marks as well, like Linux
    if (sent) {
      counters.count(Count.ICMP_OUT);
    }
  }
}
