package io.slipway.clock;

/** Where the present comes from. Only the root package supplies one that reads the system. */
@FunctionalInterface
public interface Clock {

  /** Monotonic nanoseconds since an arbitrary moment. */
  long nowNanos();
}
