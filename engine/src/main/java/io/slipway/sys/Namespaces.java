package io.slipway.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Network and user namespaces (namespaces(7), ioctl_ns(2)) as descriptors. No state.
 *
 * <p>A JVM has many threads and Linux moves threads one by one, so a visit happens on a platform
 * thread of its own that ends afterwards: the other threads, and the next use of a pool's thread,
 * stay at home. A user namespace cannot be entered this way at all (EINVAL with more than one
 * thread).
 */
public final class Namespaces {
  private static final long NS_GET_USERNS = 0xb701;
  private static final long NS_GET_NSTYPE = 0xb703;
  private static final long NS_GET_OWNER_UID = 0xb704;

  private Namespaces() {}

  /**
   * Runs {@code visit} on a new thread inside a network namespace and waits for it.
   *
   * @param netns a descriptor of the namespace; stays the caller's
   * @throws LinuxException when we may not enter (EPERM), or the one that {@code visit} threw
   * @throws CompletionException around a checked exception of {@code visit}
   */
  public static <T> T call(int netns, Callable<T> visit) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          LinuxException.check("setns", Linux.setns(netns, Linux.CLONE_NEWNET));
          return visit.call();
        });
    Thread visitor = Thread.ofPlatform().name("namespace-visit").daemon().start(task);
    try {
      visitor.join();
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    }
  }

  /** Whether the descriptor is of a network namespace. */
  public static boolean isNetwork(int fd) {
    return Linux.ioctl(fd, NS_GET_NSTYPE, 0) == Linux.CLONE_NEWNET;
  }

  /**
   * The user namespace that owns the namespace {@code fd}: capabilities over the one are those held
   * in the other.
   *
   * @return a new descriptor that belongs to the caller, or the negated errno: EPERM when the owner
   *     is neither ours nor below ours
   */
  public static int ownerOf(int fd) {
    return Linux.ioctl(fd, NS_GET_USERNS, 0);
  }

  /**
   * The uid that created the user namespace {@code userns}, as seen from ours.
   *
   * @throws LinuxException when it is no user namespace
   */
  public static int creatorOf(int userns) {
    try (Arena arena = Arena.ofConfined()) {
      var uid = arena.allocate(LibC.INT);
      LinuxException.check("user namespace", Linux.ioctl(userns, NS_GET_OWNER_UID, uid));
      return uid.get(LibC.INT, 0);
    }
  }

  /**
   * What tells one namespace from another while either exists.
   *
   * @param path a file of a namespace, such as {@code /proc/1/ns/net}
   * @throws IOException when there is no such file or it may not be read
   */
  public static Identity identity(Path path) throws IOException {
    return new Identity(
        (Long) Files.getAttribute(path, "unix:dev"), (Long) Files.getAttribute(path, "unix:ino"));
  }

  /** What tells the namespace behind one of our own descriptors from others. */
  public static Identity identity(int fd) throws IOException {
    return identity(Path.of("/proc/self/fd/" + fd));
  }

  /**
   * A namespace by device and inode (namespaces(7)).
   *
   * @param device the number of nsfs's device
   * @param inode the namespace's number
   */
  public record Identity(long device, long inode) {
    /** As /proc shows a network namespace: {@code net:[4026531840]}. */
    public String networkName() {
      return "net:[" + inode + "]";
    }
  }
}
