package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Offload;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.Gather;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.VirtioNetHeader;
import org.jspecify.annotations.Nullable;

/**
 * Takes the frames for the guest and remembers of them what the guest's next acknowledgement must
 * say. Owned by one {@link GuestLine}.
 */
final class CountingSink implements FrameSink {
  private final Offload offload;
  private final int tcpAt;
  private long frames;
  private int next;

  CountingSink(boolean v6, boolean offloaded) {
    offload = offloaded ? new Offload(true, true, true, true, true) : Offload.NONE;
    tcpAt =
        virtioHeaderLength() + EthernetHeader.LENGTH + (v6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH);
  }

  @Override
  public boolean emit(ByteBuf header, int headerLength, @Nullable Gather payload) {
    frames++;
    int flags = TcpHeader.flags(header, tcpAt);
    int consumed = (flags & (TcpHeader.SYN | TcpHeader.FIN)) != 0 ? 1 : 0;
    next = TcpHeader.seq(header, tcpAt) + consumed + (payload == null ? 0 : payload.total());
    return true;
  }

  /** Frames so far. */
  long frames() {
    return frames;
  }

  /** The sequence number after the last frame's. */
  int next() {
    return next;
  }

  @Override
  public int virtioHeaderLength() {
    return offload.virtioHeader() ? VirtioNetHeader.LENGTH : 0;
  }

  @Override
  public Offload offload() {
    return offload;
  }
}
