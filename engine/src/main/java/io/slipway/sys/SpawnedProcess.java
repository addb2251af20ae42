package io.slipway.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A child process of ours, to be waited for once. Immutable; any thread may call, but only one may
 * wait, and after that the pid belongs to nobody.
 *
 * @param pid its process id, as we see it
 */
@SuppressWarnings("restricted")
public record SpawnedProcess(int pid) {
  /** Returned by the waits that do not block: nothing has happened. */
  public static final int NOTHING = -1;

  private static final int WNOHANG = 1;
  private static final int WUNTRACED = 2;
  private static final int WEXITED = 4;
  private static final int WNOWAIT = 0x01000000;
  private static final int P_PID = 1;

  /** siginfo_t. */
  private static final long INFO_BYTES = 128;

  private static final int PR_SET_CHILD_SUBREAPER = 36;

  private static final MethodHandle WAITPID = SpawnLibC.three("waitpid");
  private static final MethodHandle WAITID = SpawnLibC.six("waitid");

  /**
   * Makes this process the parent of every orphan among its descendants outside other pid
   * namespaces, so that a grandchild can be adopted by ending its parent. Takes care that children
   * can be waited for, which they cannot while SIGCHLD is ignored.
   */
  public static void adoptOrphans() {
    SpawnSignals.reset(SpawnSignals.SIGCHLD);
    LinuxException.check("PR_SET_CHILD_SUBREAPER", Linux.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  }

  /** Sends a signal. Only valid before the end has been waited for. */
  public int signal(int signal) {
    return Linux.kill(pid, signal);
  }

  /** Blocks until it has ended; returns the status of waitpid(2). */
  public int awaitEnd() {
    return await(0);
  }

  /** Blocks until it has ended or is stopped; returns the status of waitpid(2). */
  public int awaitEndOrStop() {
    return await(WUNTRACED);
  }

  /** The status of waitpid(2) if it has ended, else {@link #NOTHING}. */
  public int poll() {
    return await(WNOHANG);
  }

  /** Whether it is a child of ours that has not been waited for. */
  public boolean isOurs() {
    try (Arena arena = Arena.ofConfined()) {
      long info = arena.allocate(INFO_BYTES, 8).address();
      return SpawnLibC.call(WAITID, P_PID, pid, info, WNOHANG | WEXITED | WNOWAIT) >= 0;
    }
  }

  /** Whether a status says that the process is only stopped. */
  public static boolean isStopped(int status) {
    return (status & 0xff) == 0x7f;
  }

  private int await(int options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(LibC.INT);
      int result;
      do {
        result = SpawnLibC.call(WAITPID, pid, status.address(), options);
      } while (result == -Errno.EINTR);
      LinuxException.check("waitpid", result);
      return result == 0 ? NOTHING : status.get(LibC.INT, 0);
    }
  }
}
