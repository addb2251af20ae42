package io.slipway.sys;

import static io.slipway.sys.LibC.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The system calls we need, with Java types. No state; every call may be made by any thread.
 *
 * <p>Each returns what the call returns, or the negated errno ({@code -Errno.EBADF}) when it fails;
 * none throws. Set-up code wraps them in {@link LinuxException#check}. Addresses are raw memory
 * addresses of at least the size that the call needs, owned by the caller.
 */
public final class Linux {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;

  public static final int F_GETFD = 1;
  public static final int F_SETFD = 2;
  public static final int F_GETFL = 3;
  public static final int F_SETFL = 4;
  public static final int F_DUPFD_CLOEXEC = 1030;
  public static final int FD_CLOEXEC = 1;

  public static final int CLONE_NEWNET = 0x40000000;

  /** Something to read, poll(2). */
  public static final int POLLIN = 1;

  /**
   * Something urgent, poll(2): what /proc/self/mountinfo reports when a mount has come or gone
   * (proc(5)), while it is readable always.
   */
  public static final int POLLPRI = 2;

  /** Numbers above 423 are the same on every architecture. */
  private static final long SYS_PIDFD_SEND_SIGNAL = 424;

  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_PIDFD_GETFD = 438;

  private static final MemorySegment OPEN = LibC.symbol("open");
  private static final MemorySegment CLOSE = LibC.symbol("close");
  private static final MemorySegment READ = LibC.symbol("read");
  private static final MemorySegment READV = LibC.symbol("readv");
  private static final MemorySegment WRITE = LibC.symbol("write");
  private static final MemorySegment IOCTL = LibC.symbol("ioctl");
  private static final MemorySegment FCNTL = LibC.symbol("fcntl");
  private static final MemorySegment PIPE2 = LibC.symbol("pipe2");
  private static final MemorySegment POLL = LibC.symbol("poll");
  private static final MemorySegment SETNS = LibC.symbol("setns");
  private static final MemorySegment GETEUID = LibC.symbol("geteuid");
  private static final MemorySegment KILL = LibC.symbol("kill");
  private static final MemorySegment PRCTL = LibC.symbol("prctl");
  private static final MemorySegment SYSCALL = LibC.symbol("syscall");

  private Linux() {}

  /**
   * open(2). The descriptor belongs to the caller; pass {@link #O_CLOEXEC} unless a child needs it.
   */
  public static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return LibC.call(OPEN, arena.allocateFrom(path).address(), flags, 0);
    }
  }

  /** close(2). Not to be repeated after EINTR: Linux has closed the descriptor by then. */
  public static int close(int fd) {
    return LibC.call(CLOSE, fd, 0, 0);
  }

  /** read(2) into {@code length} bytes at {@code address}. */
  public static int read(int fd, long address, int length) {
    return LibC.call(READ, fd, address, length);
  }

  /**
   * readv(2) into the {@code count} pieces that the array of struct iovec at {@code vector} lists.
   */
  public static int readv(int fd, long vector, int count) {
    return LibC.call(READV, fd, vector, count);
  }

  /** write(2) of {@code length} bytes at {@code address}. */
  public static int write(int fd, long address, int length) {
    return LibC.call(WRITE, fd, address, length);
  }

  /** memcpy(3): {@code length} bytes between two places that do not overlap; allocates nothing. */
  public static void copy(long from, long to, int length) {
    MemorySegment.copy(LibC.MEMORY, from, LibC.MEMORY, to, length);
  }

  /** ioctl(2) with an integer or an address as its argument. */
  public static int ioctl(int fd, long request, long argument) {
    return LibC.call(IOCTL, fd, request, argument);
  }

  /** ioctl(2) on a structure. */
  public static int ioctl(int fd, long request, MemorySegment argument) {
    return ioctl(fd, request, argument.address());
  }

  /** fcntl(2). */
  public static int fcntl(int fd, int command, long argument) {
    return LibC.call(FCNTL, fd, command, argument);
  }

  /** A duplicate of {@code fd}, not inherited by children; it belongs to the caller. */
  public static int duplicate(int fd) {
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }

  /** pipe2(2). On success {@code ends} holds the read end and the write end. */
  public static int pipe2(int[] ends, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(INT, 2);
      int result = LibC.call(PIPE2, pair.address(), flags, 0);
      if (result >= 0) {
        ends[0] = pair.getAtIndex(INT, 0);
        ends[1] = pair.getAtIndex(INT, 1);
      }
      return result;
    }
  }

  /** {@link #poll} for ordinary input on all of {@code fds}. */
  public static int pollInput(int timeoutMillis, int... fds) {
    int[] events = new int[fds.length];
    Arrays.fill(events, POLLIN);
    return poll(timeoutMillis, fds, events);
  }

  /**
   * poll(2) on some descriptors. Blocks the calling platform thread.
   *
   * @param timeoutMillis milliseconds, or -1 to wait for ever
   * @param fds at most 31 descriptors
   * @param events what to wait for on each, {@link #POLLIN} or {@link #POLLPRI}; errors and
   *     hang-ups are reported unasked
   * @return a bit per descriptor, by index, for which something happened; 0 at the timeout
   */
  public static int poll(int timeoutMillis, int[] fds, int[] events) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment polled = arena.allocate(8L * fds.length, 4);
      for (int i = 0; i < fds.length; i++) {
        polled.set(INT, 8L * i, fds[i]);
        polled.set(INT, 8L * i + 4, events[i]);
      }
      int result = LibC.call(POLL, polled.address(), fds.length, timeoutMillis);
      if (result <= 0) {
        return result;
      }
      int ready = 0;
      for (int i = 0; i < fds.length; i++) {
        if (polled.get(INT, 8L * i + 4) >>> 16 != 0) {
          ready |= 1 << i;
        }
      }
      return ready;
    }
  }

  /** setns(2): moves the calling thread, and no other, into a namespace. Platform threads only. */
  public static int setns(int fd, int type) {
    return LibC.call(SETNS, fd, type, 0);
  }

  /** The effective user id, unsigned. */
  public static int geteuid() {
    return LibC.infallible(GETEUID);
  }

  /** kill(2). */
  public static int kill(int pid, int signal) {
    return LibC.call(KILL, pid, signal, 0);
  }

  /** prctl(2), for the calling thread. */
  public static int prctl(int option, long a, long b, long c, long d) {
    return LibC.call(PRCTL, option, a, b, c, d, 0);
  }

  /**
   * pidfd_open(2), Linux 5.3: a descriptor (close-on-exec) that is readable when the process ends.
   */
  public static int pidfdOpen(int pid) {
    return syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0);
  }

  /** pidfd_getfd(2), Linux 5.6: a duplicate (close-on-exec) of another process's descriptor. */
  public static int pidfdGetfd(int pidfd, int fd) {
    return syscall(SYS_PIDFD_GETFD, pidfd, fd, 0, 0);
  }

  /** pidfd_send_signal(2), Linux 5.1: a signal that cannot hit a recycled pid. */
  public static int pidfdSendSignal(int pidfd, int signal) {
    return syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0);
  }

  private static int syscall(long number, long a, long b, long c, long d) {
    return LibC.call(SYSCALL, number, a, b, c, d, 0);
  }
}
