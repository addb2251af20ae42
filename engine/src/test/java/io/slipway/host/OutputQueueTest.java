package io.slipway.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.slipway.sys.Linux;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Small pieces are joined, so that a few bytes never occupy a large buffer each. */
final class OutputQueueTest {
  /** What TcpFlow hands over per batch (2 KiB buffers, a few bytes each) is put together. */
  @Test
  void smallWritesAreJoinedWhileTheHostTakesNothing() {
    OutputQueue q = new OutputQueue();
    List<ByteBuf> all = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      ByteBuf b = PooledByteBufAllocator.DEFAULT.directBuffer(2048, 2048).writeByte(i);
      all.add(b);
      q.add(b);
    }
    long occupied = all.stream().filter(b -> b.refCnt() > 0).mapToLong(ByteBuf::capacity).sum();
    q.clear();
    assertThat(occupied).as("memory for 1000 bytes").isLessThan(16_384);
  }

  /** A small read leaves room for the next one behind it (SendQueue joins them only then). */
  @Test
  void smallReadsHaveRoomForTheNext() {
    StreamMemory memory = new StreamMemory(PooledByteBufAllocator.DEFAULT);
    int[] pipe = new int[2];
    assertThat(Linux.pipe2(pipe, Linux.O_CLOEXEC)).isZero();
    ByteBuf eight = PooledByteBufAllocator.DEFAULT.directBuffer(8).writeLong(8);
    assertThat(Linux.write(pipe[1], eight.memoryAddress(), 8)).isEqualTo(8);
    assertThat(memory.read(pipe[0], 1 << 20)).isEqualTo(8);
    ByteBuf read = memory.take(0, 8);
    assertThat(read).isEqualTo(eight);
    int room = read.writableBytes();
    eight.release();
    read.release();
    memory.close();
    Linux.close(pipe[0]);
    Linux.close(pipe[1]);
    assertThat(room).isGreaterThan(1024);
  }
}
