package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/**
 * A reusable list of pieces of buffers that together are one payload. Owned by whoever fills it;
 * keeps no reference counts and is valid for the call it is passed to. Grows, never shrinks.
 */
public final class Gather {

  private ByteBuf[] buffers = new ByteBuf[8];
  private int[] offsets = new int[8];
  private int[] lengths = new int[8];
  private int count;
  private int total;

  /** An empty list. */
  public Gather() {
    Arrays.fill(buffers, Unpooled.EMPTY_BUFFER);
  }

  /** Appends {@code length} bytes of {@code buffer} from index {@code offset}. */
  public void add(ByteBuf buffer, int offset, int length) {
    if (count == buffers.length) {
      grow();
    }
    buffers[count] = buffer;
    offsets[count] = offset;
    lengths[count] = length;
    count++;
    total += length;
  }

  /** Empties the list and lets go of the buffers. */
  public void clear() {
    Arrays.fill(buffers, 0, count, Unpooled.EMPTY_BUFFER);
    count = 0;
    total = 0;
  }

  public int count() {
    return count;
  }

  public ByteBuf buffer(int i) {
    return buffers[i];
  }

  public int offset(int i) {
    return offsets[i];
  }

  public int length(int i) {
    return lengths[i];
  }

  /** Bytes of all pieces. */
  public int total() {
    return total;
  }

  private void grow() {
    int size = 2 * count;
    buffers = Arrays.copyOf(buffers, size);
    Arrays.fill(buffers, count, size, Unpooled.EMPTY_BUFFER);
    offsets = Arrays.copyOf(offsets, size);
    lengths = Arrays.copyOf(lengths, size);
  }
}
