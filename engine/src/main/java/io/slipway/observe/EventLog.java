package io.slipway.observe;

import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowListener;
import io.slipway.names.NameListener;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * The engine's own log: its events, plain messages, names that nobody could resolve, and the flows
 * that matter at the chosen level. Owned by whoever starts the engine. Any thread may call; nothing
 * here waits for the sink.
 */
public final class EventLog implements FlowListener, NameListener, AutoCloseable {
  private static final int CAPACITY = 4_096;
  private static final long CLOSE_WAIT_MILLIS = 2_000;

  private final EventQueue queue;
  private final EventLevel threshold;
  private final FewLines refusals = new FewLines();
  private final FewLines nameErrors = new FewLines();

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
      long unwritten = dropped() + refusals.unwritten() + nameErrors.unwritten();
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
    if (writes(EventLevel.INFO) && refusals.admit(now)) {
      queue.offer(FlowEvents.refused(now, flow, reason));
    }
  }

  @Override
  public void unanswered(String name, @Nullable IpAddress server, String reason) {
    long now = System.currentTimeMillis();
    if (writes(EventLevel.INFO) && nameErrors.admit(now)) {
      queue.offer(
          Event.of(now, EventLevel.INFO, "name_error")
              .with("name", name)
              .with("server", server)
              .with("reason", reason)
              .build());
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
    return refusals.unwritten();
  }

  /** Writes what waits, for at most two seconds, and closes the sink. */
  @Override
  public void close() {
    queue.close(CLOSE_WAIT_MILLIS);
  }
}
