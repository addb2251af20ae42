package io.slipway.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InboxTest {
  private static final int SENDERS = 3;
  private static final int EACH = 20_000;

  /** What the owner saw; written on its thread, read when that has come to rest. */
  private static final class Seen implements Inbox.Receiver {
    final int[] last = {-1, -1, -1};
    int frames;
    int disorder;
    int sinceBatchEnd;

    @Override
    public void frame(ByteBuf frame) {
      int sender = frame.getInt(0);
      int number = frame.getInt(4);
      disorder += number > last[sender] ? 0 : 1;
      last[sender] = number;
      frames++;
      sinceBatchEnd++;
    }

    @Override
    public void heard(long high, long low, long mac) {}

    @Override
    public void batchEnd() {
      sinceBatchEnd = 0;
    }
  }

  @Test
  void framesOfManyLoopsArriveOnceInOrderOrAreRefused() throws Exception {
    DefaultEventExecutor owner = new DefaultEventExecutor();
    Inbox inbox = new Inbox(1 << 20);
    Seen seen = new Seen();
    owner.submit(() -> inbox.open(owner, seen)).sync();
    List<Future<Integer>> accepted = new ArrayList<>();
    try (ExecutorService senders = Executors.newFixedThreadPool(SENDERS)) {
      for (int i = 0; i < SENDERS; i++) {
        int sender = i;
        accepted.add(senders.submit(() -> send(inbox, sender)));
      }
    }
    int sum = 0;
    for (Future<Integer> one : accepted) {
      sum += one.get();
    }
    int expected = sum;
    for (int look = 0; look < 1000 && owner.submit(() -> seen.frames).get() < expected; look++) {
      Thread.sleep(5);
    }
    owner.submit(inbox::close).sync();
    assertThat(seen.frames).isEqualTo(expected).isGreaterThan(1000);
    assertThat(seen.disorder).isZero();
    assertThat(seen.sinceBatchEnd).isZero();
    assertThat(inbox.waitingBytes()).isZero();
    owner.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  private static int send(Inbox inbox, int sender) {
    int accepted = 0;
    for (int n = 0; n < EACH; n++) {
      ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(64, 64);
      frame.writeInt(sender).writeInt(n);
      if (inbox.offer(frame)) {
        accepted++;
      } else {
        frame.release();
      }
    }
    return accepted;
  }
}
