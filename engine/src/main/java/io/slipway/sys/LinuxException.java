package io.slipway.sys;

/**
 * A Linux call that failed while something was being set up. The message is one line for a user:
 * {@code /dev/net/tun: EACCES (permission denied)}. Immutable, owned by whoever caught it.
 */
public final class LinuxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String line;
  private final int errno;

  /**
   * Says that {@code what} failed.
   *
   * @param what the call or the file that failed, in the user's words
   * @param errno the positive errno
   */
  public LinuxException(String what, int errno) {
    this.line = what + ": " + Errno.name(errno) + " (" + Errno.text(errno) + ")";
    this.errno = errno;
  }

  @Override
  public String getMessage() {
    return line;
  }

  /** The positive errno, one of the constants of {@link Errno} or another of Linux's. */
  public int errno() {
    return errno;
  }

  /** The errno's name, such as {@code EACCES}. */
  public String errnoName() {
    return Errno.name(errno);
  }

  /**
   * Passes a result through.
   *
   * @param what the call or the file, used when it failed
   * @param result a result of {@link Linux}: negative means {@code -errno}
   * @return {@code result}, never negative
   * @throws LinuxException when {@code result} is negative
   */
  public static int check(String what, int result) {
    if (result < 0) {
      throw new LinuxException(what, -result);
    }
    return result;
  }
}
