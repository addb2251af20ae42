package io.slipway.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.slipway.sys.Linux;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a read brings, and how it lies in memory. */
final class StreamMemoryTest {

  static {
    Epoll.ensureAvailability();
  }

  private final StreamMemory memory = new StreamMemory(PooledByteBufAllocator.DEFAULT);
  private final int[] pipe = new int[2];

  @BeforeEach
  void open() {
    assertThat(Linux.pipe2(pipe, Linux.O_CLOEXEC)).isZero();
  }

  @AfterEach
  void close() {
    memory.close();
    Linux.close(pipe[0]);
    Linux.close(pipe[1]);
  }

  /** A small read leaves room for the next one behind it (SendQueue joins them only then). */
  @Test
  void smallReadsHaveRoomForTheNext() {
    byte[] eight = Bytes.random(1, 8);
    give(eight);
    assertThat(memory.read(pipe[0], 1 << 20, StreamMemory.READ_SIZE)).isEqualTo(8);
    ByteBuf read = memory.take(0, 8);
    assertThat(bytes(read)).isEqualTo(eight);
    assertThat(read.writableBytes()).isGreaterThan(1024);
    read.release();
  }

  @Test
  void eachBufferHoldsOnePieceAndBeginsWithACacheLine() {
    byte[] sent = Bytes.random(2, 60_000);
    for (int piece : new int[] {20_000, 25_000, StreamMemory.READ_SIZE, 17_000}) {
      give(sent);
      assertThat(memory.read(pipe[0], 1 << 20, piece)).isEqualTo(sent.length);
      int at = 0;
      for (int i = 0; at < sent.length; i++) {
        int length = Math.min(piece, sent.length - at);
        ByteBuf read = memory.take(i, length);
        assertThat(bytes(read)).isEqualTo(Arrays.copyOfRange(sent, at, at + length));
        // A short rest is copied to where there was room for it.
        if (length == piece) {
          assertThat((read.memoryAddress() + read.readerIndex()) % 64).isZero();
        }
        read.release();
        at += length;
      }
    }
  }

  @Test
  void aReadIsNoLargerThanWhatIsWantedRoundedUpToPieces() {
    byte[] sent = Bytes.random(3, 60_000);
    give(sent);
    assertThat(memory.read(pipe[0], 1, 10_000)).isEqualTo(10_000);
    assertThat(memory.read(pipe[0], 10_001, 10_000)).isEqualTo(20_000);
    assertThat(memory.read(pipe[0], -5, 10_000)).isEqualTo(10_000);
    assertThat(StreamMemory.readSize(10_001, 10_000)).isEqualTo(20_000);
    // Four buffers at most, however small the pieces are.
    assertThat(memory.read(pipe[0], Integer.MAX_VALUE, 100)).isEqualTo(400);
  }

  private void give(byte[] bytes) {
    ByteBuf direct = PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
    assertThat(Linux.write(pipe[1], direct.memoryAddress(), bytes.length)).isEqualTo(bytes.length);
    direct.release();
  }

  private static byte[] bytes(ByteBuf buffer) {
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.getBytes(buffer.readerIndex(), bytes);
    return bytes;
  }
}
