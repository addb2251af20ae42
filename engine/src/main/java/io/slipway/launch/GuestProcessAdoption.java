package io.slipway.launch;

import io.slipway.sys.SpawnSignals;
import io.slipway.sys.SpawnedProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Gets a grandchild for a child. {@code unshare} and {@code nsenter} must fork to get a process
 * into a pid namespace, and then stand between us and it: they would die of a signal meant for the
 * command, hold its descriptors open, and hide how it ended. As the process that adopts orphans
 * ({@link SpawnedProcess#adoptOrphans}) we end them and are the parent ourselves. Stateless.
 */
final class GuestProcessAdoption {
  private static final long PAUSE_NANOS = 200_000;

  private GuestProcessAdoption() {}

  /**
   * What came of it: the grandchild, or the end of both before that could be.
   *
   * @param child the adopted process, or null
   * @param waitStatus when there is none, what the parent passed on of its end
   */
  record Outcome(@Nullable SpawnedProcess child, int waitStatus) {}

  /** Ends {@code parent}, whose one child lives on, and returns that child. */
  static SpawnedProcess ofOnlyChild(SpawnedProcess parent) {
    int child = childOf(parent);
    parent.signal(SpawnSignals.SIGKILL);
    parent.awaitEnd();
    if (child == 0) {
      throw new LaunchException("process " + parent.pid() + " has no child");
    }
    return new SpawnedProcess(child);
  }

  /**
   * Waits until {@code parent} has forked, ends it, and returns its child or its status.
   *
   * @param neighbour a process of ours in the pid namespace that the child is in
   */
  static Outcome of(SpawnedProcess parent, SpawnedProcess neighbour) {
    while (true) {
      int child = childOf(parent);
      if (child != 0) {
        // Stopped, it cannot reap the child between our look and its end.
        parent.signal(SpawnSignals.SIGSTOP);
        int status = parent.awaitEndOrStop();
        if (!SpawnedProcess.isStopped(status)) {
          return afterEnd(status, new SpawnedProcess(child));
        }
        if (childOf(parent) == 0) {
          parent.signal(SpawnSignals.SIGCONT);
          return new Outcome(null, parent.awaitEnd());
        }
        // A stop of our whole group, and its end, may have come between: it goes on then, and may
        // have reaped the child and ended by itself.
        parent.signal(SpawnSignals.SIGKILL);
        return afterEnd(parent.awaitEnd(), new SpawnedProcess(child));
      }
      int status = parent.poll();
      if (status != SpawnedProcess.NOTHING) {
        return afterEnd(status, orphanBeside(neighbour));
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /**
   * What it means that the parent has ended: that the child has, unless a signal to our whole group
   * hit the parent and the child, which may not mind it, is an orphan and ours.
   */
  private static Outcome afterEnd(int status, @Nullable SpawnedProcess child) {
    return child != null && child.isOurs() ? new Outcome(child, 0) : new Outcome(null, status);
  }

  /** A child of ours in the pid namespace of {@code neighbour}. */
  private static @Nullable SpawnedProcess orphanBeside(SpawnedProcess neighbour) {
    String namespace = pidNamespace(neighbour.pid());
    return ProcessHandle.current()
        .children()
        .map(process -> Math.toIntExact(process.pid()))
        .filter(pid -> pid != neighbour.pid() && pidNamespace(pid).equals(namespace))
        .findFirst()
        .map(SpawnedProcess::new)
        .orElse(null);
  }

  private static String pidNamespace(int pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/pid")).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** The first child that it has not reaped, or 0. */
  private static int childOf(SpawnedProcess parent) {
    Path file = Path.of("/proc/" + parent.pid() + "/task/" + parent.pid() + "/children");
    try {
      String children = Files.readString(file).strip();
      return children.isEmpty() ? 0 : Integer.parseInt(children.split(" ", 2)[0]);
    } catch (IOException e) {
      // Not every kernel has that file; and a process that has ended has no children.
      return ProcessHandle.of(parent.pid())
          .flatMap(process -> process.children().findFirst())
          .map(child -> Math.toIntExact(child.pid()))
          .orElse(0);
    }
  }
}
