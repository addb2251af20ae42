package io.slipway.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.IovArray;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Offload;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Gather;
import io.slipway.wire.VirtioNetHeader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames to a TAP: one {@code writev(2)} is one frame, made of a header and payload pieces
 * where they lie. Owned by the event loop of its {@link TapChannel}; not thread-safe.
 *
 * <p>A TAP never asks us to wait: it takes a frame, or the frame is lost like on a wire. So nothing
 * is queued here, and a refusal is counted as {@link Drop#TAP_WRITE_FAILED}.
 */
final class TapFrameSink implements FrameSink {

  /** What Linux takes in one writev (UIO_MAXIOV). */
  private static final int PIECES = 1024;

  private final FileDescriptor device;
  private final Offload offload;
  private final Counters counters;
  private final DeviceErrors errors;
  private final IovArray vector = new IovArray(PIECES);
  private final FrameBuffers joined;
  private boolean closed;

  TapFrameSink(
      FileDescriptor device,
      Offload offload,
      Counters counters,
      FrameBuffers joined,
      DeviceErrors errors) {
    this.device = device;
    this.offload = offload;
    this.counters = counters;
    this.joined = joined;
    this.errors = errors;
  }

  @Override
  public boolean emit(ByteBuf header, int headerLength, @Nullable Gather payload) {
    if (closed) {
      return refused();
    }
    try {
      return write(header, headerLength, payload) > 0 || refused();
    } catch (NativeIoException failure) {
      errors.onDeviceError(-failure.expectedErr());
      return refused();
    } catch (IOException gone) {
      errors.onDeviceError(DeviceErrors.GONE);
      return refused();
    }
  }

  private long write(ByteBuf header, int headerLength, @Nullable Gather payload)
      throws IOException {
    if (payload == null || payload.count() == 0) {
      return device.writeAddress(header.memoryAddress(), 0, headerLength);
    }
    vector.clear();
    vector.add(header, 0, headerLength);
    int pieces = payload.count();
    for (int i = 0; i < pieces; i++) {
      ByteBuf piece = payload.buffer(i);
      if (!piece.hasMemoryAddress() || !vector.add(piece, payload.offset(i), payload.length(i))) {
        return writeJoined(header, headerLength, payload);
      }
    }
    return device.writevAddresses(vector.memoryAddress(0), vector.count());
  }

  /**
   * More pieces than one writev takes, or bytes on the heap: the frame is copied together first.
   */
  private long writeJoined(ByteBuf header, int headerLength, Gather payload) throws IOException {
    ByteBuf whole = joined.next();
    whole.writeBytes(header, 0, headerLength);
    int pieces = payload.count();
    for (int i = 0; i < pieces; i++) {
      whole.writeBytes(payload.buffer(i), payload.offset(i), payload.length(i));
    }
    return device.writeAddress(whole.memoryAddress(), 0, whole.writerIndex());
  }

  private boolean refused() {
    counters.drop(Drop.TAP_WRITE_FAILED);
    return false;
  }

  /** After this every frame is refused and the native memory is gone. */
  void close() {
    if (!closed) {
      closed = true;
      vector.release();
      joined.release();
    }
  }

  @Override
  public int virtioHeaderLength() {
    return offload.virtioHeader() ? VirtioNetHeader.LENGTH : 0;
  }

  @Override
  public Offload offload() {
    return offload;
  }

  /**
   * What the sink reports to the channel when a write fails for another reason than a full queue.
   */
  interface DeviceErrors {
    /** Stands for an errno where there is none: the descriptor itself is closed. */
    int GONE = -1;

    /** A write failed with {@code errno}, or {@link #GONE}. The frame is already counted. */
    void onDeviceError(int errno);
  }
}
