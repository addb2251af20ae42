package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.PlatformDependent;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What other shards have for one: frames of its flows, and news of its neighbours. The other loops
 * offer, the owner's loop takes; no lock, and nothing allocated for a frame.
 *
 * <p>Bounded, in messages and in bytes: when the owner is behind, the frame is refused, and lost as
 * on a wire. The owner is woken by one task, however many messages wait for it.
 */
final class Inbox {
  private static final int MOST_MESSAGES = 1024;

  /** As many as a link reads at once. */
  private static final int BATCH = 64;

  /** What the owner does with its messages, on its loop. */
  interface Receiver {
    /** A whole frame, the virtio header first; borrowed for the call. */
    void frame(ByteBuf frame);

    /** Another shard has heard that this address has this Ethernet address. */
    void heard(long high, long low, long mac);

    /** No more for now. */
    void batchEnd();
  }

  private record Heard(long high, long low, long mac) {}

  private final Queue<Object> queue = PlatformDependent.newFixedMpscQueue(MOST_MESSAGES);
  private final AtomicInteger bytes = new AtomicInteger();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final Runnable drain = this::drain;
  private final int mostBytes;
  private volatile @Nullable EventExecutor loop;
  private @Nullable Receiver receiver;

  /** Refuses everything until it is {@link #open}. */
  Inbox(int mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** From now on messages are taken. On {@code owner}. */
  void open(EventExecutor owner, Receiver to) {
    receiver = to;
    loop = owner;
  }

  /** Drops what is there and refuses what comes. On the owner's loop. */
  void close() {
    loop = null;
    receiver = null;
    drain();
  }

  /**
   * Hands over a frame.
   *
   * @param frame with one reference that becomes the owner's; the caller's still when it is refused
   * @return false when there is no room, or nobody
   */
  boolean offer(ByteBuf frame) {
    return offer(frame, cost(frame));
  }

  /** Tells about a neighbour; false when there is no room, or nobody. */
  boolean offerHeard(long high, long low, long mac) {
    return offer(new Heard(high, low, mac), 0);
  }

  private boolean offer(Object message, int cost) {
    EventExecutor owner = loop;
    if (owner == null) {
      return false;
    }
    if (bytes.addAndGet(cost) > mostBytes || !queue.offer(message)) {
      bytes.addAndGet(-cost);
      return false;
    }
    schedule(owner);
    return true;
  }

  private void schedule(EventExecutor owner) {
    if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      try {
        owner.execute(drain);
      } catch (RejectedExecutionException e) {
        // The loop has ended without closing us, as a process does that ends: nobody reads this.
        loop = null;
      }
    }
  }

  private void drain() {
    // First of all: what is offered from here on is either seen below or wakes us again.
    scheduled.set(false);
    Receiver to = receiver;
    int taken = 0;
    Object message = queue.poll();
    while (message != null) {
      deliver(message, to);
      taken++;
      // A closed box is emptied; an open one takes turns with the link.
      message = taken < BATCH || to == null ? queue.poll() : null;
    }
    if (to != null && taken > 0) {
      to.batchEnd();
      EventExecutor owner = loop;
      if (owner != null && !queue.isEmpty()) {
        schedule(owner);
      }
    }
  }

  private void deliver(Object message, @Nullable Receiver to) {
    if (message instanceof ByteBuf frame) {
      bytes.addAndGet(-cost(frame));
      try {
        if (to != null) {
          to.frame(frame);
        }
      } finally {
        frame.release();
      }
    } else if (message instanceof Heard heard && to != null) {
      to.heard(heard.high, heard.low, heard.mac);
    }
  }

  /** The memory that a frame keeps busy, which is more than its bytes. */
  private static int cost(ByteBuf frame) {
    return frame.capacity();
  }

  /** Bytes that wait, for tests. */
  int waitingBytes() {
    return bytes.get();
  }
}
