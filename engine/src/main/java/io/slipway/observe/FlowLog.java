package io.slipway.observe;

import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowListener;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Every flow's opening, refusal and end, in a file of its own, whatever the log level is. Owned by
 * whoever opened it; called on event loops, writes on a thread of its own.
 */
public final class FlowLog implements FlowListener, AutoCloseable {
  /** Some seconds of a busy engine; about 3 MB when full. */
  private static final int CAPACITY = 16_384;

  private static final long CLOSE_WAIT_MILLIS = 5_000;

  private final EventQueue queue;

  FlowLog(EventQueue queue) {
    this.queue = queue;
  }

  /**
   * Opens the file for appending, and makes it if need be.
   *
   * @throws IOException when it cannot be opened
   */
  public static FlowLog open(Path file, EventFormat format) throws IOException {
    return new FlowLog(new EventQueue("flow log", CAPACITY, new FileSink(file, format)));
  }

  @Override
  public boolean isDetailed() {
    return true;
  }

  @Override
  public void opened(FlowInfo flow) {
    queue.offer(FlowEvents.opened(System.currentTimeMillis(), flow));
  }

  @Override
  public void refused(FlowInfo flow, String reason) {
    queue.offer(FlowEvents.refused(System.currentTimeMillis(), flow, reason));
  }

  @Override
  public void closed(FlowInfo flow) {
    queue.offer(FlowEvents.closed(System.currentTimeMillis(), flow));
  }

  /** Lines that were dropped because the file was slower than the flows, or lost by an error. */
  public long dropped() {
    return queue.dropped() + queue.lost();
  }

  /** Writes what waits, for at most five seconds, and closes the file. */
  @Override
  public void close() {
    queue.close(CLOSE_WAIT_MILLIS);
  }
}
