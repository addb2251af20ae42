package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.unix.IovArray;
import io.slipway.sys.Linux;
import org.jspecify.annotations.Nullable;

/**
 * The memory that the streams of one event loop share, used by one of them at a time. Owned by
 * {@link NettyHostSockets}.
 *
 * <p>One large buffer is always ready to be read into. What arrives is either the buffer itself,
 * when it is well filled, or a copy of the right size, so that a buffer that {@code flow} keeps
 * holds at least a quarter of bytes.
 */
final class StreamMemory implements AutoCloseable {
  /** Bytes per read: what one large segment to the guest can carry. */
  static final int READ_SIZE = 64 * 1024;

  /** Reads of up to so many bytes are copied out: a short copy is cheaper than a pinned buffer. */
  private static final int COPY_LIMIT = READ_SIZE / 4;

  private static final int SMALLEST = 2048;

  /** FIONREAD of ioctl_tty(2), which tcp(7) calls SIOCINQ. */
  private static final long FIONREAD = 0x541B;

  private final ByteBufAllocator allocator;
  private final IovArray vector = new IovArray(256);
  private final ByteBuf cell;
  private @Nullable ByteBuf spare;

  StreamMemory(ByteBufAllocator allocator) {
    this.allocator = allocator;
    cell = allocator.directBuffer(Integer.BYTES, Integer.BYTES);
  }

  ByteBufAllocator allocator() {
    return allocator;
  }

  /** Where to read {@link #READ_SIZE} bytes to; {@link #take} them next. */
  long readAddress() {
    ByteBuf buffer = spare;
    if (buffer == null) {
      buffer = allocator.directBuffer(READ_SIZE, READ_SIZE);
      spare = buffer;
    }
    return buffer.memoryAddress();
  }

  /** The first {@code length} bytes at {@link #readAddress}, as a buffer that the caller owns. */
  ByteBuf take(int length) {
    ByteBuf buffer = spare;
    if (buffer == null) {
      throw new AssertionError("nothing was read: there is no buffer");
    }
    if (length > COPY_LIMIT) {
      spare = null;
      return buffer.writerIndex(length);
    }
    // with room, so that flow can put the next small read behind it
    int capacity = Math.max(length, SMALLEST);
    return allocator.directBuffer(capacity, capacity).writeBytes(buffer, 0, length);
  }

  /** The gather list, empty. */
  IovArray vector() {
    vector.clear();
    return vector;
  }

  /** Bytes that wait in the kernel to be read from {@code fd}; 0 when it cannot say. */
  int unread(int fd) {
    int result = Linux.ioctl(fd, FIONREAD, cell.memoryAddress());
    return result < 0 ? 0 : cell.getIntLE(0);
  }

  @Override
  public void close() {
    if (spare != null) {
      spare.release();
      spare = null;
    }
    cell.release();
    vector.release();
  }
}
