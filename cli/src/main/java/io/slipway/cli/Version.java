package io.slipway.cli;

import org.jspecify.annotations.Nullable;

/** The version that the build wrote into the jar's manifest. */
final class Version {
  private Version() {}

  static String text() {
    @Nullable String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "(unpacked classes)" : version;
  }
}
