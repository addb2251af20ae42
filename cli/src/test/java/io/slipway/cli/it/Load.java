package io.slipway.cli.it;

/**
 * What test classes that run at the same time must not take from each other, for {@code
 * ResourceLock}. Whoever compares speeds is {@code Isolated} instead.
 */
public final class Load {
  /**
   * The processors: READ for classes that keep them busy for seconds, READ_WRITE for those that
   * must not run beside them: what they measure with would lose datagrams or miss answers.
   */
  public static final String PROCESSORS = "processors";

  private Load() {}
}
