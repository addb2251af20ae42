package io.slipway.launch;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Whom to give a network: the TARGET of {@code attach} that is not a socket. Immutable. */
public sealed interface AttachTarget {

  /** A target that is a network namespace, found by a name in the file system. */
  sealed interface Namespace extends AttachTarget {
    /** A file that stands for the network namespace. */
    Path path();

    /** The user namespace to enter first, when the user named one. */
    @Nullable Path userNamespace();

    /** The target as the user wrote it, for messages. */
    String label();
  }

  /**
   * The namespace that a process is in.
   *
   * @param pid of the process, as we see it
   * @param userNamespace given by {@code --userns}, or null
   */
  record Pid(int pid, @Nullable Path userNamespace) implements Namespace {
    /** A process whose user namespace is to be found out. */
    public Pid(int pid) {
      this(pid, null);
    }

    @Override
    public Path path() {
      return Path.of("/proc/" + pid + "/ns/net");
    }

    @Override
    public String label() {
      return "--pid " + pid;
    }
  }

  /**
   * A namespace that has a name: a path, or a word that {@code ip netns} knows.
   *
   * @param name as the user wrote it
   * @param path where it is
   * @param userNamespace given by {@code --userns}, or null
   */
  record Named(String name, Path path, @Nullable Path userNamespace) implements Namespace {
    private static final Path IP_NETNS = Path.of("/run/netns");

    /**
     * Takes {@code --netns PATH|NAME}: whatever holds no slash is looked up as ip-netns(8) does.
     */
    public static Named of(String pathOrName, @Nullable Path userNamespace) {
      Path path = pathOrName.contains("/") ? Path.of(pathOrName) : IP_NETNS.resolve(pathOrName);
      return new Named(pathOrName, path, userNamespace);
    }

    /** The process whose entry in /proc the path is, or -1 when it is another kind of path. */
    int processId() {
      Path absolute = path.toAbsolutePath().normalize();
      boolean isProcess =
          absolute.getNameCount() == 4
              && absolute.startsWith("/proc")
              && absolute.endsWith("ns/net");
      if (!isProcess || !Files.isDirectory(absolute.getRoot().resolve(absolute.subpath(0, 2)))) {
        return -1;
      }
      String name = absolute.getName(1).toString();
      return name.matches("[0-9]{1,9}") ? Integer.parseInt(name) : -1;
    }

    @Override
    public String label() {
      return "--netns " + name;
    }
  }

  /**
   * A descriptor that whoever started us handed over: an attached TAP.
   *
   * @param fd its number, 3 or more in practice
   */
  record Descriptor(int fd) implements AttachTarget {}
}
