package io.slipway.observe;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Owned by whoever made it: a bounded queue in front of a sink that may be slow, with one daemon
 * thread that writes. {@link #offer} may be called by any thread and never waits.
 */
public final class EventQueue {
  private static final Event WAKE_UP = new Event(0, EventLevel.TRACE, null, List.of());

  private final ArrayBlockingQueue<Event> events;
  private final EventSink sink;
  private final Thread writer;
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private volatile boolean closing;

  /**
   * Starts the writer's thread.
   *
   * @param name the thread's name
   * @param capacity how many events may wait
   * @param sink where they go; closed by {@link #close}
   */
  public EventQueue(String name, int capacity, EventSink sink) {
    this.events = new ArrayBlockingQueue<>(capacity);
    this.sink = sink;
    this.writer = Thread.ofPlatform().name(name).daemon(true).unstarted(this::writeAll);
    writer.start();
  }

  /** Hands an event to the writer; false when the queue is full and the event was dropped. */
  public boolean offer(Event event) {
    if (!closing && events.offer(event)) {
      return true;
    }
    dropped.incrementAndGet();
    return false;
  }

  /** Events that found the queue full (or closed). */
  public long dropped() {
    return dropped.get();
  }

  /** Events that the sink failed to write. */
  public long lost() {
    return lost.get();
  }

  /**
   * Accepts no more events, lets the writer finish those that wait, and closes the sink. A sink
   * that hangs holds this call no longer than {@code waitMillis}.
   */
  public void close(long waitMillis) {
    closing = true;
    // When there is no room for it the writer is busy, and will see the flag by itself.
    var _ = events.offer(WAKE_UP);
    try {
      writer.join(waitMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void writeAll() {
    try {
      openSink();
      while (true) {
        // The flag is read before the queue: an event offered before close() is never missed.
        boolean last = closing;
        Event event = last ? events.poll() : events.take();
        if (event == null) {
          return;
        }
        if (!event.equals(WAKE_UP)) {
          write(event);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closeSink();
    }
  }

  private void write(Event event) {
    try {
      sink.write(event);
      if (events.isEmpty()) {
        sink.flush();
      }
    } catch (IOException e) {
      lost.incrementAndGet();
    }
  }

  private void openSink() {
    try {
      sink.open();
    } catch (IOException e) {
      lost.incrementAndGet();
    }
  }

  private void closeSink() {
    try {
      sink.close();
    } catch (IOException e) {
      lost.incrementAndGet();
    }
  }
}
