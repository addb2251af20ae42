package io.slipway.link;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that frames are read into. Owned by one {@link TapChannel}; not thread-safe.
 *
 * <p>A buffer is free when nobody but this class holds it, which its reference count says. So the
 * common frame, of which nobody keeps anything, is read into the same warm buffer again and again,
 * and a busy upload walks over as many buffers as it keeps bytes in. Beyond {@value #KEPT} buffers
 * held by others, a frame gets a buffer of its own that is freed with its last reader.
 */
final class FrameBuffers {

  /** The largest frame: virtio header, Ethernet header, 40 bytes of IPv6 and 65535 more. */
  static final int CAPACITY = 10 + 14 + 40 + 65_535 + 25;

  private static final int KEPT = 32;

  private final ByteBufAllocator allocator;
  private final @Nullable ByteBuf[] kept = new ByteBuf[KEPT];
  private @Nullable ByteBuf extra;

  FrameBuffers(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Returns an empty buffer for one frame, valid until the next call; it stays ours, and who wants
   * it for longer retains it.
   */
  ByteBuf next() {
    releaseExtra();
    for (int i = 0; i < KEPT; i++) {
      ByteBuf buffer = kept[i];
      if (buffer == null) {
        buffer = allocator.directBuffer(CAPACITY, CAPACITY);
        kept[i] = buffer;
        return buffer;
      }
      if (buffer.refCnt() == 1) {
        return buffer.clear();
      }
    }
    ByteBuf buffer = allocator.directBuffer(CAPACITY, CAPACITY);
    extra = buffer;
    return buffer;
  }

  /** Lets go of every buffer; those that others retained live on until they are released. */
  void release() {
    releaseExtra();
    for (int i = 0; i < KEPT; i++) {
      ByteBuf buffer = kept[i];
      if (buffer != null) {
        kept[i] = null;
        buffer.release();
      }
    }
  }

  private void releaseExtra() {
    ByteBuf buffer = extra;
    if (buffer != null) {
      extra = null;
      buffer.release();
    }
  }
}
