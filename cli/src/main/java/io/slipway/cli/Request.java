package io.slipway.cli;

import java.util.List;

/** What the arguments ask for. */
sealed interface Request {
  /** Text for the standard output, and nothing else: help, version, completion. */
  record Print(String text) implements Request {}

  /** A command in a namespace of its own. */
  record Run(Given given, List<String> command) implements Request {}

  /** A network for a namespace or descriptor that exists. */
  record Attach(Given given) implements Request {}
}
