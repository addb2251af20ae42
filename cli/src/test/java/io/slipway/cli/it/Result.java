package io.slipway.cli.it;

/**
 * How a process ended.
 *
 * @param command what was run, for messages
 * @param status exit status; 128 + N when a signal N ended it
 * @param out all of its standard output
 * @param err all of its standard error
 */
public record Result(String command, int status, String out, String err) {

  /** This result, or an assertion error that shows everything, if the status is not 0. */
  public Result ok() {
    return status(0);
  }

  /** This result, or an assertion error that shows everything, if the status is another one. */
  public Result status(int expected) {
    if (status != expected) {
      throw new AssertionError("expected exit status " + expected + " of " + this);
    }
    return this;
  }

  /** Standard output without surrounding white space. */
  public String text() {
    return out.strip();
  }

  @Override
  public String toString() {
    return command + "\nexit status " + status + "\n--- stdout\n" + out + "\n--- stderr\n" + err;
  }
}
