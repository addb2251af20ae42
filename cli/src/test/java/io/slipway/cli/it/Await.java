package io.slipway.cli.it;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for something that other processes bring about. */
public final class Await {
  private Await() {}

  /** Polls until it holds; fails with what was awaited and what is the case instead. */
  public static void until(
      String what, Duration limit, BooleanSupplier condition, Supplier<?> otherwise) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("not within " + limit + ": " + what + "\n" + otherwise.get());
      }
      pause(Duration.ofMillis(20));
    }
  }

  /** Sleeps. */
  public static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
