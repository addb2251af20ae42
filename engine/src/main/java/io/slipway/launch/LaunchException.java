package io.slipway.launch;

/**
 * A start that failed for a reason outside the program. The message is one line for the user: what,
 * the errno's name where there is one, and what to do about it.
 */
public final class LaunchException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what failed in one line. */
  public LaunchException(String message) {
    super(message);
  }

  /** The same, keeping what it was made from for the debug log. */
  public LaunchException(String message, Throwable cause) {
    super(message, cause);
  }
}
