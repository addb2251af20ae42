package io.slipway.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
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
}
