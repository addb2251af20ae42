package io.slipway.launch;

/** A command that cannot be run at all. The message is one line for the user. Immutable. */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitStatus;

  /** Says why; the status is one of {@link ExitStatus}. */
  CommandException(int exitStatus, String message) {
    super(message);
    this.exitStatus = exitStatus;
  }

  /** What to exit with: {@link ExitStatus#NOT_FOUND} or {@link ExitStatus#CANNOT_EXECUTE}. */
  public int exitStatus() {
    return exitStatus;
  }
}
