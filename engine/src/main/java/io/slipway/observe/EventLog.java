package io.slipway.observe;

import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowListener;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The engine's own log: its events, plain messages, and the flows that matter at the chosen level.
 * Owned by whoever starts the engine. Any thread may call; nothing here waits for the sink.
 */
public final class EventLog implements FlowListener, AutoCloseable {
  private static final int CAPACITY = 4_096;
  private static final long CLOSE_WAIT_MILLIS = 2_000;
  private static final int REFUSALS_A_SECOND = 10;

  private final EventQueue queue;
  private final EventLevel threshold;
  private final AtomicLong refusalsUnwritten = new AtomicLong();
  private long refusalSecond = Long.MIN_VALUE;
  private int refusalsThisSecond;

  /**
   * Starts the writer's thread.
   *
   * @param threshold events below it are not written
   * @param sink where lines go; used by the writer's thread only, closed by {@link #close}
   */
  public EventLog(EventLevel threshold, EventSink sink) {
    this(threshold, new EventQueue("event log", CAPACITY, sink));
  }

  EventLog(EventLevel threshold, EventQueue queue) {
    this.threshold = threshold;
    this.queue = queue;
  }

  /** True when events of this level are written; asked before a costly message is put together. */
  public boolean writes(EventLevel level) {
    return level.isWithin(threshold);
  }

  /** Writes a plain message. */
  public void message(EventLevel level, String text) {
    if (writes(level)) {
      queue.offer(Event.message(System.currentTimeMillis(), level, text));
    }
  }

  /** The guest's network works from now on. */
  public void ready(Readiness ready) {
    if (writes(EventLevel.INFO)) {
      queue.offer(ready.event(System.currentTimeMillis()));
    }
  }

  /** The engine has ended; the last event. */
  public void closing(Closing closing) {
    if (writes(EventLevel.INFO)) {
      long unwritten = dropped() + refusalsUnwritten.get();
      queue.offer(closing.event(System.currentTimeMillis(), unwritten));
    }
  }

  @Override
  public boolean isDetailed() {
    return writes(EventLevel.DEBUG);
  }

  @Override
  public void opened(FlowInfo flow) {
    if (writes(EventLevel.DEBUG)) {
      queue.offer(FlowEvents.opened(System.currentTimeMillis(), flow));
    }
  }

  @Override
  public void refused(FlowInfo flow, String reason) {
    long now = System.currentTimeMillis();
    if (writes(EventLevel.INFO)) {
      if (mayWriteRefusal(now)) {
        queue.offer(FlowEvents.refused(now, flow, reason));
      } else {
        refusalsUnwritten.incrementAndGet();
      }
    }
  }

  @Override
  public void closed(FlowInfo flow) {
    if (writes(EventLevel.DEBUG)) {
      queue.offer(FlowEvents.closed(System.currentTimeMillis(), flow));
    }
  }

  /** Events that were not written because the sink was too slow or failed. */
  public long dropped() {
    return queue.dropped() + queue.lost();
  }

  /** Refused flows beyond the ten a second that are written. */
  public long refusalsUnwritten() {
    return refusalsUnwritten.get();
  }

  /** Writes what waits, for at most two seconds, and closes the sink. */
  @Override
  public void close() {
    queue.close(CLOSE_WAIT_MILLIS);
  }

  /** A guest that scans the world would otherwise fill the operator's disk. */
  private synchronized boolean mayWriteRefusal(long nowMillis) {
    long second = Math.floorDiv(nowMillis, 1_000L);
    if (second != refusalSecond) {
      refusalSecond = second;
      refusalsThisSecond = 0;
    }
    return refusalsThisSecond++ < REFUSALS_A_SECOND;
  }
}
