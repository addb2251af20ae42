package io.slipway.cli;

/**
 * What was typed, or written into the configuration file, cannot be meant. Its message is one line.
 */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }

  UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
