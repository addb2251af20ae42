package io.slipway.leaks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures what a piece of work leaves to the collector once the compiler is done with it. */
public final class Garbage {

  private static final int MOST_PASSES = 30;

  private Garbage() {}

  /**
   * Repeats {@code work} on this thread until a pass allocates less than {@code bound} bytes, and
   * at most thirty times: how soon the compiler gets to a method depends on what else the machine
   * does, and what is not compiled yet allocates boxes and method handles' frames. Work that
   * allocates of itself does so in every pass.
   *
   * @return the bytes of the pass that allocated least
   */
  public static long perPass(long bound, Runnable work) {
    return perPass(bound, Thread.currentThread(), work);
  }

  /** The same for what {@code work} makes another thread allocate. */
  public static long perPass(long bound, Thread allocating, Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = allocating.threadId();
    long least = Long.MAX_VALUE;
    for (int pass = 0; pass < MOST_PASSES && least >= bound; pass++) {
      long before = threads.getThreadAllocatedBytes(id);
      work.run();
      least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
    }
    return least;
  }
}
