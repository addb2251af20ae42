package io.slipway.bench;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads of the kind that event loops run on. JMH makes it by name, see its property {@code
 * jmh.executor.class}.
 */
public final class LoopThreads extends ThreadPoolExecutor {

  /** The constructor that JMH asks for: so many threads, named so. */
  public LoopThreads(int threads, String name) {
    super(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(),
        new DefaultThreadFactory(name, true));
  }
}
