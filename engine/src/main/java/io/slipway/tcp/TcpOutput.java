package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Gather;
import org.jspecify.annotations.Nullable;

/** How a segment leaves for the guest: the owner of the connection wraps it in IP. */
public interface TcpOutput {
  /**
   * Sends one segment, or, when the payload is longer than {@code mss}, one run of segments.
   *
   * @param seq sequence number of the first byte
   * @param ack acknowledgement number, meaningful with the ACK flag
   * @param flags the flag bits of {@link io.slipway.wire.TcpHeader}
   * @param window the window field as it stands on the wire (already scaled)
   * @param options option bytes, a multiple of four, in {@code [0, optionsLength)}; borrowed
   * @param payload the bytes, borrowed for the call, or null for none
   * @param mss bytes of payload in a segment on the wire
   * @return false when the device refused it; the retransmission timer mends that
   */
  boolean segment(
      int seq,
      int ack,
      int flags,
      int window,
      ByteBuf options,
      int optionsLength,
      @Nullable Gather payload,
      int mss);
}
