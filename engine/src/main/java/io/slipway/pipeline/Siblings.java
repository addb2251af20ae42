package io.slipway.pipeline;

/**
 * The shards of one engine, as far as they know each other: where their {@link Inbox}es are, and
 * whose a packet is. Made before the shards; immutable, and shared by their loops.
 */
public final class Siblings {
  /** Bytes of frames that may wait for one shard, at most. */
  private static final int MOST_WAITING = 4 << 20;

  /** Two of the largest frames, with their buffers. */
  private static final int LEAST_WAITING = 160 << 10;

  /** Part of the engine's memory that may wait in all inboxes together, unless they are many. */
  private static final int FRACTION = 16;

  private final int count;
  private final Steering steering;
  private final Inbox[] inboxes;

  /**
   * So many shards, each of which is yet to be made. One alone has no inbox, as nobody would write
   * to it.
   *
   * @param memory bytes that the engine may use
   */
  public Siblings(int count, long memory) {
    this.count = count;
    steering = new Steering(count);
    inboxes = new Inbox[count > 1 ? count : 0];
    int waiting = Math.clamp(memory / FRACTION / count, LEAST_WAITING, MOST_WAITING);
    for (int i = 0; i < inboxes.length; i++) {
      inboxes[i] = new Inbox(waiting);
    }
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  Steering steering() {
    return steering;
  }

  Inbox inbox(int shard) {
    return inboxes[shard];
  }
}
