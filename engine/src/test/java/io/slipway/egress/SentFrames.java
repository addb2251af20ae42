package io.slipway.egress;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Gather;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device that remembers what it was given: the second implementation of {@link FrameSink}. */
public final class SentFrames implements FrameSink {

  private final Offload offload;
  private final List<SentFrame> frames = new ArrayList<>();
  private boolean refusing;

  public SentFrames(Offload offload) {
    this.offload = offload;
  }

  /** From now on every frame is refused. */
  public void refuse() {
    refusing = true;
  }

  @Override
  public boolean emit(ByteBuf header, int headerLength, @Nullable Gather payload) {
    if (refusing) {
      return false;
    }
    int length = headerLength + (payload == null ? 0 : payload.total());
    byte[] bytes = new byte[length];
    header.getBytes(0, bytes, 0, headerLength);
    int at = headerLength;
    for (int i = 0; payload != null && i < payload.count(); i++) {
      payload.buffer(i).getBytes(payload.offset(i), bytes, at, payload.length(i));
      at += payload.length(i);
    }
    frames.add(new SentFrame(bytes, virtioHeaderLength()));
    return true;
  }

  @Override
  public int virtioHeaderLength() {
    return offload.virtioHeader() ? 10 : 0;
  }

  @Override
  public Offload offload() {
    return offload;
  }

  /** All frames so far. */
  public List<SentFrame> all() {
    return frames;
  }

  /** The only frame since the last call; fails when there is another number of them. */
  public SentFrame takeOnly() {
    if (frames.size() != 1) {
      throw new AssertionError(frames.size() + " frames: " + frames);
    }
    return frames.removeFirst();
  }

  /** All frames since the last call. */
  public List<SentFrame> take() {
    List<SentFrame> taken = List.copyOf(frames);
    frames.clear();
    return taken;
  }
}
