package io.slipway.observe;

import java.io.IOException;

/**
 * Where lines go. Called only by the thread of the {@link EventQueue} that owns it, so a sink may
 * block and need not be thread-safe.
 */
public interface EventSink {
  /** Called once, before the first event: slow preparations happen here, off everybody's way. */
  void open() throws IOException;

  /**
   * Writes one event.
   *
   * @throws IOException when it is lost; the queue counts it and goes on
   */
  void write(Event event) throws IOException;

  /** Called when the queue has run empty: buffered lines become visible. */
  void flush() throws IOException;

  /** Called once, after the last event. */
  void close() throws IOException;
}
