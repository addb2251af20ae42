package io.slipway.flow;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bound on open flows of one engine, TCP and UDP together, and their numbers. Shared by the
 * engine's event loops; thread-safe, and asked where a flow begins or ends, never for a packet.
 *
 * <p>Connections in TIME-WAIT hold a place in a table and little else, so that many of them are not
 * counted.
 */
public final class FlowQuota {
  /** So many connections in TIME-WAIT are not counted against the bound on flows. */
  private static final int MOST_RESTING = 1 << 16;

  private final int most;
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicInteger resting = new AtomicInteger();
  private final AtomicLong lastId = new AtomicLong();

  /** Places for so many flows, none of them taken. */
  public FlowQuota(int most) {
    this.most = most;
  }

  /**
   * Takes a place for one flow, which is to be given back when the flow ends; false at the bound.
   */
  boolean take() {
    if (taken.incrementAndGet() - Math.min(resting.get(), MOST_RESTING) > most) {
      taken.decrementAndGet();
      return false;
    }
    return true;
  }

  /** A flow has ended, or did not begin after all. */
  void giveBack() {
    taken.decrementAndGet();
  }

  /** One connection more, or one fewer, waits out its TIME-WAIT without a descriptor. */
  void rest(int change) {
    resting.addAndGet(change);
  }

  /** A number that no other flow of this engine has; the first one is 1. */
  long nextId() {
    return lastId.incrementAndGet();
  }
}
