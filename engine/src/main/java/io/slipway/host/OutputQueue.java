package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.unix.IovArray;
import java.util.Arrays;

/**
 * The bytes that a stream owes the host's kernel, in order. Owned by one {@link TcpHostStream};
 * owns the buffers in it. Allocates only when it grows.
 */
final class OutputQueue {
  private static final int INITIAL_CAPACITY = 8;

  /** While the kernel takes nothing, shorter pieces are copied behind the one before. */
  private static final int COPY_BELOW = 1024;

  /** A ring whose size is a power of two; free places hold the empty buffer. */
  private ByteBuf[] ring = emptyRing(INITIAL_CAPACITY);

  private int first;
  private int count;
  private int bytes;

  /** Bytes that were added and not yet {@link #remove}d. */
  int bytes() {
    return bytes;
  }

  /** Appends the readable bytes of {@code data}; takes ownership. */
  void add(ByteBuf data) {
    int length = data.readableBytes();
    if (length == 0) {
      data.release();
      return;
    }
    if (count > 0 && length < COPY_BELOW) {
      ByteBuf last = ring[(first + count - 1) & (ring.length - 1)];
      if (last.writableBytes() >= length && last.refCnt() == 1 && !last.isReadOnly()) {
        last.writeBytes(data);
        data.release();
        bytes += length;
        return;
      }
    }
    if (count == ring.length) {
      grow();
    }
    ring[(first + count) & (ring.length - 1)] = data;
    count++;
    bytes += length;
  }

  /** Describes as many bytes as {@code vector} has room for; the queue keeps them. */
  void describe(IovArray vector) {
    int mask = ring.length - 1;
    for (int i = 0; i < count; i++) {
      ByteBuf data = ring[(first + i) & mask];
      if (!vector.add(data, data.readerIndex(), data.readableBytes())) {
        return;
      }
    }
  }

  /** Forgets the first {@code taken} bytes, which the kernel has now. */
  void remove(long taken) {
    bytes -= (int) taken;
    long left = taken;
    while (left > 0) {
      ByteBuf data = ring[first];
      int length = data.readableBytes();
      if (left < length) {
        data.skipBytes((int) left);
        return;
      }
      left -= length;
      dropFirst();
    }
  }

  /** Forgets everything. */
  void clear() {
    while (count > 0) {
      dropFirst();
    }
    bytes = 0;
  }

  private void dropFirst() {
    ByteBuf data = ring[first];
    ring[first] = Unpooled.EMPTY_BUFFER;
    first = (first + 1) & (ring.length - 1);
    count--;
    data.release();
  }

  private void grow() {
    ByteBuf[] larger = emptyRing(2 * ring.length);
    for (int i = 0; i < count; i++) {
      larger[i] = ring[(first + i) & (ring.length - 1)];
    }
    ring = larger;
    first = 0;
  }

  private static ByteBuf[] emptyRing(int capacity) {
    ByteBuf[] empty = new ByteBuf[capacity];
    Arrays.fill(empty, Unpooled.EMPTY_BUFFER);
    return empty;
  }
}
