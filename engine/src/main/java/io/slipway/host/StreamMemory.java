package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.unix.IovArray;
import io.slipway.sys.Linux;
import java.util.Arrays;

/**
 * The memory that the streams of one event loop share, used by one of them at a time. Owned by
 * {@link NettyHostSockets}.
 *
 * <p>Large buffers are always ready to be read into: one, or as many as a stream has had use for.
 * What arrives is either the buffers themselves, where they are well filled, or a copy of the right
 * size, so that a buffer that {@code flow} keeps holds at least a quarter of bytes.
 */
final class StreamMemory implements AutoCloseable {
  /** Bytes that a buffer has room for: what one large segment to the guest can carry. */
  static final int READ_SIZE = 64 * 1024;

  /**
   * Bytes of a cache line, at whose start a buffer's bytes begin: the kernel copies them out again
   * in 5.4 us for 64 KiB, and in 6.1 from 16 bytes behind it.
   */
  private static final int LINE = 64;

  /** Reads of up to so many bytes are copied out: a short copy is cheaper than a pinned buffer. */
  private static final int COPY_LIMIT = READ_SIZE / 4;

  private static final int SMALLEST = 2048;

  /** FIONREAD of ioctl_tty(2), which tcp(7) calls SIOCINQ. */
  private static final long FIONREAD = 0x541B;

  /** Buffers that one read may fill. */
  private static final int MOST_BUFFERS = 4;

  /** Bytes of one struct iovec (readv(2)): address and length. */
  private static final int IOVEC = 16;

  final ConnectErrors connectErrors = new ConnectErrors();
  private final ByteBufAllocator allocator;
  private final IovArray vector = new IovArray(256);
  private final ByteBuf cell;
  private final ByteBuf[] spares = new ByteBuf[MOST_BUFFERS];
  private final ByteBuf spareVector;
  private int spareCount;
  private int pieceSize = READ_SIZE;

  StreamMemory(ByteBufAllocator allocator) {
    this.allocator = allocator;
    Arrays.fill(spares, Unpooled.EMPTY_BUFFER);
    cell = allocator.directBuffer(Integer.BYTES, Integer.BYTES);
    spareVector = allocator.directBuffer(MOST_BUFFERS * IOVEC, MOST_BUFFERS * IOVEC);
  }

  ByteBufAllocator allocator() {
    return allocator;
  }

  /**
   * Reads from {@code fd} what is there, into as many buffers as hold {@code wanted} bytes: one at
   * least. {@link #take} the bytes next.
   *
   * @param piece bytes for each buffer, 1..{@link #READ_SIZE}
   * @return bytes read, 0 at the end of the stream, or a negated errno
   */
  int read(int fd, int wanted, int piece) {
    if (piece != pieceSize) {
      pieceSize = piece;
      for (int i = 0; i < spareCount; i++) {
        lend(i, spares[i]);
      }
    }
    int buffers = buffersFor(wanted, piece);
    while (spareCount < buffers) {
      lend(spareCount, large());
      spareCount++;
    }
    return buffers == 1
        ? Linux.read(fd, start(spares[0]), piece)
        : Linux.readv(fd, spareVector.memoryAddress(), buffers);
  }

  /** Bytes that a read of {@code wanted} may bring, {@code piece} in each buffer. */
  static int readSize(int wanted, int piece) {
    return buffersFor(wanted, piece) * piece;
  }

  private static int buffersFor(int wanted, int piece) {
    return Math.clamp((wanted - 1L + piece) / piece, 1, MOST_BUFFERS);
  }

  /** An empty buffer whose bytes will begin with a cache line. */
  private ByteBuf large() {
    ByteBuf buffer = allocator.directBuffer(READ_SIZE + LINE, READ_SIZE + LINE);
    int before = (int) -buffer.memoryAddress() & (LINE - 1);
    return buffer.setIndex(before, before);
  }

  private static long start(ByteBuf buffer) {
    return buffer.memoryAddress() + buffer.readerIndex();
  }

  private void lend(int i, ByteBuf buffer) {
    spares[i] = buffer;
    spareVector.setLongLE(i * IOVEC, start(buffer));
    spareVector.setLongLE(i * IOVEC + Long.BYTES, pieceSize);
  }

  /**
   * Of the bytes that {@link #read} brought, those in its buffer number {@code i}, as a buffer that
   * the caller owns.
   *
   * @param length of them; the read's {@code piece} except in the last buffer
   */
  ByteBuf take(int i, int length) {
    ByteBuf buffer = spares[i];
    if (length > COPY_LIMIT) {
      lend(i, large());
      return buffer.writerIndex(buffer.readerIndex() + length);
    }
    // with room, so that flow can put the next small read behind it
    int capacity = Math.max(length, SMALLEST);
    return allocator
        .directBuffer(capacity, capacity)
        .writeBytes(buffer, buffer.readerIndex(), length);
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
    connectErrors.close();
    for (int i = 0; i < spareCount; i++) {
      spares[i].release();
      spares[i] = Unpooled.EMPTY_BUFFER;
    }
    spareCount = 0;
    spareVector.release();
    cell.release();
    vector.release();
  }
}
