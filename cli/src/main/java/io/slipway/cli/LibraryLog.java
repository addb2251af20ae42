package io.slipway.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import io.slipway.observe.EventLevel;
import io.slipway.observe.EventLog;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * What the libraries have to say (Netty above all), passed on to the event log. They speak to the
 * JDK's logging, which is awake at once and never waits for the event log.
 */
final class LibraryLog extends Handler {
  private static final int QUIET = Level.WARNING.intValue();
  private final Formatter formatter = new SimpleFormatter();
  private final EventLog log;

  private LibraryLog(EventLog log) {
    this.log = log;
  }

  /**
   * Makes Netty speak to the JDK's logging; to be called before anything of Netty is used. Until
   * {@link #into} what is said goes where the JDK sends it, the standard error.
   */
  static void choose() {
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
  }

  /** From now on everything goes into the event log. */
  static void into(EventLog log) {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new LibraryLog(log));
    // Netty narrates its own start-up at debug level; that much is wanted at trace only.
    root.setLevel(log.writes(EventLevel.TRACE) ? Level.FINE : Level.WARNING);
  }

  @Override
  public void publish(LogRecord record) {
    EventLevel level = level(record.getLevel());
    if (log.writes(level)) {
      String text = record.getLoggerName() + ": " + formatter.formatMessage(record);
      Throwable thrown = record.getThrown();
      log.message(level, thrown == null ? text : text + ": " + thrown);
    }
  }

  private static EventLevel level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return EventLevel.ERROR;
    }
    return level.intValue() >= QUIET ? EventLevel.WARN : EventLevel.TRACE;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
