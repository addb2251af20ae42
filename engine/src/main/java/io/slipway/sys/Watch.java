package io.slipway.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * Waits for the guest's world to end and says so once. Owns a daemon thread and a few descriptors
 * until {@link #close} or until it has spoken.
 *
 * <p>Our own TAP descriptor keeps the guest's namespace alive, so nothing on the frame path ever
 * tells that the guest is gone. What can be seen is the end of a process (a pidfd becomes
 * readable), and the end of a namespace's name: every mount and unmount makes {@code
 * /proc/self/mountinfo} urgent (proc(5)), whereupon the name is looked up again. A name may also
 * lie where our mount table says nothing, such as {@code /proc/PID/root/run/netns/NAME}; once a
 * second is soon enough for that.
 */
public final class Watch implements AutoCloseable {
  private static final int LOOK_EVERY_MILLIS = 1000;

  private final int[] watched;
  private final int[] wanted;
  private final int[] wakeUp = new int[2];
  private final Thread thread;

  private Watch(int event, int wanted, int timeoutMillis, BooleanSupplier isOver, Runnable onEnd) {
    LinuxException.check("pipe", Linux.pipe2(wakeUp, Linux.O_CLOEXEC));
    this.watched = new int[] {event, wakeUp[0]};
    this.wanted = new int[] {wanted, Linux.POLLIN};
    thread =
        Thread.ofPlatform()
            .name("guest-watch")
            .daemon()
            .unstarted(() -> waitForTheEnd(timeoutMillis, isOver, onEnd));
    thread.start();
  }

  /**
   * Watches a process.
   *
   * @param onEnd called once, on the watch's thread, when it has ended
   * @throws LinuxException ESRCH when there is no such process
   */
  public static Watch process(int pid, Runnable onEnd) {
    int pidfd = LinuxException.check("process " + pid, Linux.pidfdOpen(pid));
    return new Watch(pidfd, Linux.POLLIN, -1, () -> true, onEnd);
  }

  /**
   * Watches the name of a namespace.
   *
   * @param path a file that stands for the namespace, such as {@code /run/netns/blue}
   * @param expected the namespace that it stands for now
   * @param onEnd called once, on the watch's thread, when it does not any more
   * @throws LinuxException when the mount table cannot be read
   */
  public static Watch name(Path path, Namespaces.Identity expected, Runnable onEnd) {
    String mounts = "/proc/self/mountinfo";
    int fd = LinuxException.check(mounts, Linux.open(mounts, Linux.O_RDONLY | Linux.O_CLOEXEC));
    return new Watch(fd, Linux.POLLPRI, LOOK_EVERY_MILLIS, () -> !standsFor(path, expected), onEnd);
  }

  /** Stops watching; {@code onEnd} is not called afterwards unless it is being called already. */
  @Override
  public void close() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      synchronized (wakeUp) {
        if (wakeUp[1] >= 0) {
          Linux.write(wakeUp[1], one.address(), 1);
        }
      }
    }
  }

  private void waitForTheEnd(int timeoutMillis, BooleanSupplier isOver, Runnable onEnd) {
    boolean over = false;
    boolean stopped = false;
    while (!over && !stopped) {
      int ready = Linux.poll(timeoutMillis, watched, wanted);
      stopped = ready > 0 && (ready & 2) != 0;
      over = !stopped && ready >= 0 && isOver.getAsBoolean();
    }
    synchronized (wakeUp) {
      Linux.close(watched[0]);
      Linux.close(wakeUp[0]);
      Linux.close(wakeUp[1]);
      wakeUp[1] = -1;
    }
    if (over) {
      onEnd.run();
    }
  }

  private static boolean standsFor(Path path, Namespaces.Identity expected) {
    try {
      return Namespaces.identity(path).equals(expected);
    } catch (IOException e) {
      return false;
    }
  }
}
