package io.slipway.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Signals that this process ignores for a while. Owned by the thread that made it; closing restores
 * what was there before. Signal sets are longs: bit N-1 stands for signal N.
 */
public final class SpawnSignals implements AutoCloseable {
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGKILL = 9;
  public static final int SIGTERM = 15;
  public static final int SIGCHLD = 17;
  public static final int SIGCONT = 18;
  public static final int SIGSTOP = 19;
  public static final int SIGTTOU = 22;
  public static final int SIGWINCH = 28;

  /** ILL, TRAP, BUS, FPE and SEGV: the JVM lives by its handlers for these. */
  private static final long NEVER = bit(4) | bit(5) | bit(7) | bit(8) | bit(11);

  /**
   * The C library's own; it refuses to change them and hands them on ignored unless told not to.
   */
  private static final long INTERNAL = bit(32) | bit(33);

  private static final long SIG_IGN = 1;
  private static final int SIGNALS = 64;

  /** struct sigaction of glibc: handler, a mask of 128 bytes, flags, restorer. */
  private static final long ACTION_BYTES = 152;

  private static final MethodHandle SIGACTION = SpawnLibC.three("sigaction");

  private final Arena arena;
  private final MemorySegment before;
  private final long changed;
  private final long ignored;

  private SpawnSignals(long wanted) {
    arena = Arena.ofConfined();
    before = arena.allocate(ACTION_BYTES * (SIGNALS + 1), 8);
    MemorySegment ignore = arena.allocate(ACTION_BYTES, 8);
    ignore.set(LibC.LONG, 0, SIG_IGN);
    long done = 0;
    for (int signal = 1; signal <= SIGNALS; signal++) {
      if ((wanted & ~NEVER & bit(signal)) != 0
          && SpawnLibC.call(SIGACTION, signal, ignore.address(), saved(signal)) >= 0) {
        done |= bit(signal);
      }
    }
    changed = done;
    ignored = done | (wanted & INTERNAL);
  }

  /** Ignores these signals until it is closed, but for those that the JVM cannot do without. */
  public static SpawnSignals ignoring(long signals) {
    return new SpawnSignals(signals);
  }

  /** Gives a signal its default action for good. */
  static void reset(int signal) {
    try (Arena arena = Arena.ofConfined()) {
      SpawnLibC.call(SIGACTION, signal, arena.allocate(ACTION_BYTES, 8).address(), 0);
    }
  }

  /** The set that holds only {@code signal}. */
  public static long bit(int signal) {
    return 1L << (signal - 1);
  }

  /** The signals that a program started now finds ignored, unless it is told otherwise. */
  public long ignored() {
    return ignored;
  }

  private long saved(int signal) {
    return before.address() + ACTION_BYTES * signal;
  }

  @Override
  public void close() {
    for (int signal = 1; signal <= SIGNALS; signal++) {
      if ((changed & bit(signal)) != 0) {
        SpawnLibC.call(SIGACTION, signal, saved(signal), 0);
      }
    }
    arena.close();
  }
}
