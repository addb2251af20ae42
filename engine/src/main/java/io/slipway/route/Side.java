package io.slipway.route;

import java.util.Locale;

/** Where a conversation's end is. */
public enum Side {
  GUEST,
  HOST;

  private final String text = name().toLowerCase(Locale.ROOT);

  /** In lower case, as in events. */
  @Override
  public String toString() {
    return text;
  }
}
