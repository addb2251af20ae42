package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Gather;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way to the guest: from the oldest unacknowledged one to the newest that the host
 * gave us. Owned by its {@link SendSide}. Holds the host's read buffers as they came; a small read
 * is copied behind the one before when there is room, so that many small reads do not pin many
 * buffers.
 *
 * <p>Positions are byte counts from the front of the queue, which is {@code sndUna}.
 */
final class SendQueue {
  /** Below this a copy costs less than one more buffer to keep and one more piece to gather. */
  private static final int COPY_BELOW = 1024;

  private @Nullable ByteBuf[] ring = new @Nullable ByteBuf[4];
  private int head;
  private int count;
  private int bytes;
  private int held;
  // where the last gather ended, so that the next one need not walk from the front
  private int cursor;
  private int cursorBytes;

  /** Bytes queued. */
  int bytes() {
    return bytes;
  }

  /** Memory that the queued buffers occupy, in bytes. */
  int held() {
    return held;
  }

  /** Appends the readable bytes; takes ownership. */
  void add(ByteBuf data) {
    int length = data.readableBytes();
    if (length == 0) {
      data.release();
      return;
    }
    bytes += length;
    if (length < COPY_BELOW && count > 0) {
      ByteBuf last = at(count - 1);
      if (last.writableBytes() >= length && !last.isReadOnly()) {
        last.writeBytes(data);
        data.release();
        return;
      }
    }
    if (count == ring.length) {
      grow();
    }
    ring[(head + count) & (ring.length - 1)] = data;
    count++;
    held += data.capacity();
  }

  /** Forgets the first {@code n} bytes: they are acknowledged. */
  void drop(int n) {
    int left = n;
    bytes -= n;
    while (left > 0) {
      ByteBuf first = at(0);
      int readable = first.readableBytes();
      if (readable > left) {
        first.skipBytes(left);
        cursorBytes -= left;
        break;
      }
      left -= readable;
      held -= first.capacity();
      first.release();
      ring[head] = null;
      head = (head + 1) & (ring.length - 1);
      count--;
      cursor--;
      cursorBytes -= readable;
    }
    if (cursor < 0 || cursorBytes < 0) {
      cursor = 0;
      cursorBytes = 0;
    }
  }

  /** Adds the {@code length} bytes from {@code position} on to {@code out}, borrowed. */
  void gather(int position, int length, Gather out) {
    if (position < cursorBytes) {
      cursor = 0;
      cursorBytes = 0;
    }
    int left = length;
    int from = position;
    while (left > 0) {
      ByteBuf buffer = at(cursor);
      int readable = buffer.readableBytes();
      int skip = from - cursorBytes;
      if (skip < readable) {
        int take = Math.min(left, readable - skip);
        out.add(buffer, buffer.readerIndex() + skip, take);
        left -= take;
        from += take;
        if (left == 0) {
          return;
        }
      }
      cursor++;
      cursorBytes += readable;
    }
  }

  /** Gives every buffer back. */
  void release() {
    for (int i = 0; i < count; i++) {
      at(i).release();
    }
    Arrays.fill(ring, null);
    head = 0;
    count = 0;
    bytes = 0;
    held = 0;
    cursor = 0;
    cursorBytes = 0;
  }

  private ByteBuf at(int index) {
    ByteBuf buffer = ring[(head + index) & (ring.length - 1)];
    if (buffer == null) {
      throw new AssertionError("inside the queue every place is taken");
    }
    return buffer;
  }

  private void grow() {
    @Nullable ByteBuf[] wider = new @Nullable ByteBuf[ring.length * 2];
    for (int i = 0; i < count; i++) {
      wider[i] = ring[(head + i) & (ring.length - 1)];
    }
    ring = wider;
    head = 0;
  }
}
