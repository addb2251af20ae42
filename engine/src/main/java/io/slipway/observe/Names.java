package io.slipway.observe;

import java.util.Locale;

/** How constants are spelled in events. */
final class Names {
  private Names() {}

  /** {@code ADMIN_PROHIBITED} as {@code admin_prohibited}. */
  static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
