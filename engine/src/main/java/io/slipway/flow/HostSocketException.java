package io.slipway.flow;

/**
 * The host's kernel refused to open a socket. Carries the errno and no stack trace, since a guest
 * can provoke it as often as it likes.
 */
public final class HostSocketException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * Says that {@code what} failed.
   *
   * @param what what was tried, in a user's words
   * @param errno the positive Linux errno
   */
  public HostSocketException(String what, int errno) {
    super(what + ": errno " + errno, null, false, false);
    this.errno = errno;
  }

  /** The positive Linux errno, such as 24 (EMFILE). */
  public int errno() {
    return errno;
  }
}
