package io.slipway.egress;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Gather;
import org.jspecify.annotations.Nullable;

/**
 * Where frames for the guest go: the stairwell from {@code egress} up to {@code link}.
 *
 * <p>Owned by the event loop of its link; not thread-safe. The second implementation is the list
 * that tests read.
 */
public interface FrameSink {

  /**
   * Hands one frame to the guest, now: nothing is kept after the call, so the caller may reuse
   * {@code header} and {@code payload} at once.
   *
   * @param header its bytes {@code [0, headerLength)} are the start of the frame, with the virtio
   *     header first when the device has one; its indices are ignored and left alone
   * @param headerLength bytes of {@code header} that belong to the frame
   * @param payload the rest of the frame; null when the header is all of it
   * @return false when the device refused the frame; the sink has counted that
   */
  boolean emit(ByteBuf header, int headerLength, @Nullable Gather payload);

  /** Bytes of virtio header that every frame starts with: 10, or 0 for a plain device. */
  int virtioHeaderLength();

  /** What the device takes off our hands; does not change while the sink lives. */
  Offload offload();
}
