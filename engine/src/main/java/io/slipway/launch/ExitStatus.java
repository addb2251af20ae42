package io.slipway.launch;

/** Exit statuses as {@code docker run} and the shells give them. Stateless. */
public final class ExitStatus {
  /** The engine itself failed. */
  public static final int ENGINE_FAILED = 125;

  /** The command was found but cannot be executed. */
  public static final int CANNOT_EXECUTE = 126;

  /** There is no such command. */
  public static final int NOT_FOUND = 127;

  private static final int SIGNALLED = 128;

  private ExitStatus() {}

  /** What to exit with for a status of waitpid(2): the command's own, or 128 + N after signal N. */
  public static int of(int waitStatus) {
    int signal = waitStatus & 0x7f;
    return signal == 0 ? waitStatus >> 8 & 0xff : ofSignal(signal);
  }

  /** What to exit with when signal {@code signal} ended the command. */
  public static int ofSignal(int signal) {
    return SIGNALLED + signal;
  }
}
