package io.slipway.cli;

import io.slipway.observe.Event;
import io.slipway.observe.EventFormat;
import io.slipway.observe.EventLevel;
import io.slipway.observe.EventSink;
import java.io.IOException;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.jspecify.annotations.Nullable;

/**
 * Hands the event log's lines to Log4j, by default the standard error. Used by the event log's
 * thread only, and first touched there: Log4j takes longer to wake up than the engine does.
 */
final class Log4jSink implements EventSink {
  /** The logger's name in Log4j's configuration; its messages are whole lines. */
  static final String LOGGER = "io.slipway.events";

  private static final int PATIENCE_MILLIS = 5_000;

  private final EventFormat format;
  private @Nullable Logger logger;

  Log4jSink(EventFormat format) {
    this.format = format;
    if (format == EventFormat.JSON) {
      // Read by log4j2.xml, for what does not come through here.
      System.setProperty(
          "slipway.log.pattern",
          "{\"time\":\"%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC}\",\"level\":\"%level{lowerCase=true}\",\"message\":\"%enc{%c:"
              + " %m %ex{short.message}}{JSON}\"}%n");
    }
  }

  @Override
  public void open() throws IOException {
    logger = LogManager.getLogger(LOGGER);
    LoggerContext context = LoggerContext.getContext(Log4jSink.class.getClassLoader(), false, null);
    try {
      // When another thread was first to log, it is still reading the configuration: until it has,
      // Log4j drops what is less than an error.
      for (int i = 0; i < PATIENCE_MILLIS && !context.isStarted(); i++) {
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void write(Event event) {
    if (logger != null) {
      logger.log(level(event.level()), format.line(event));
    }
  }

  /** The appenders write through. */
  @Override
  public void flush() {}

  @Override
  public void close() {
    LogManager.shutdown();
  }

  private static Level level(EventLevel level) {
    return switch (level) {
      case ERROR -> Level.ERROR;
      case WARN -> Level.WARN;
      case INFO -> Level.INFO;
      case DEBUG -> Level.DEBUG;
      case TRACE -> Level.TRACE;
    };
  }
}
