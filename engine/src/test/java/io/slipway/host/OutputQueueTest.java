package io.slipway.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.IovArray;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The queue against a plain count of bytes, with buffers of every size and removals anywhere. */
final class OutputQueueTest {
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);

  @Test
  void countsExactlyAndReleasesWhatIsGone() {
    Epoll.ensureAvailability();
    Random random = new Random(7);
    OutputQueue queue = new OutputQueue();
    IovArray vector = new IovArray(1024);
    int bytes = 0;
    for (int i = 0; i < 20_000; i++) {
      if (random.nextInt(3) > 0 && bytes < 100_000) {
        int length = random.nextInt(4) == 0 ? 0 : random.nextInt(3000);
        ByteBuf data = allocator.directBuffer(length + 1).writeZero(length);
        queue.add(data);
        bytes += length;
      } else {
        int taken = random.nextInt(4) == 0 ? bytes : random.nextInt(bytes + 1);
        queue.remove(taken);
        bytes -= taken;
      }
      assertThat(queue.bytes()).isEqualTo(bytes);
      vector.clear();
      queue.describe(vector);
      assertThat(vector.size()).isEqualTo(bytes);
    }
    queue.clear();
    assertThat(queue.bytes()).isZero();
    vector.release();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }
}
