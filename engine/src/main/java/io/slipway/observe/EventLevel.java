package io.slipway.observe;

import java.util.Locale;

/** How much an event matters, the most important first. */
public enum EventLevel {
  ERROR,
  WARN,
  INFO,
  DEBUG,
  TRACE;

  private final String text = name().toLowerCase(Locale.ROOT);

  /** The level's name as lines carry it: lower case. */
  public String text() {
    return text;
  }

  /** True when an event of this level is written by a log whose threshold is {@code threshold}. */
  public boolean isWithin(EventLevel threshold) {
    return compareTo(threshold) <= 0;
  }
}
