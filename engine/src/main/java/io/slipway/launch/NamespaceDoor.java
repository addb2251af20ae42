package io.slipway.launch;

import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.Namespaces;
import io.slipway.sys.TapDevice;
import io.slipway.sys.Watch;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The way into one network namespace, for descriptors that must be opened there and programs that
 * must run there. Owns a descriptor of the namespace, and of its user namespace where that must be
 * entered first, until {@link #close}; used by one thread at a time.
 */
public final class NamespaceDoor implements AutoCloseable {
  private static final String TUN = "/dev/net/tun";

  /** A POSIX shell's redirections know descriptors of one digit; 0, 1 and 2 are taken. */
  private static final int TUNS_PER_SHELL = 7;

  private static final int FIRST_SHELL_DESCRIPTOR = 3;

  private final AttachTarget.@Nullable Namespace target;
  private final int netns;
  private final int userns;
  private final Namespaces.Identity identity;

  private NamespaceDoor(
      AttachTarget.@Nullable Namespace target,
      int netns,
      int userns,
      Namespaces.Identity identity) {
    this.target = target;
    this.netns = netns;
    this.userns = userns;
    this.identity = identity;
  }

  /**
   * Opens the door to a namespace, and finds out how we may enter.
   *
   * @throws LaunchException when there is no such namespace, when it is our own, or when it is not
   *     ours to enter
   */
  public static NamespaceDoor open(AttachTarget.Namespace target) {
    int netns = openPath(target.label(), target.path());
    int userns = -1;
    try {
      if (!Namespaces.isNetwork(netns)) {
        throw new LaunchException(
            target.label() + ": " + target.path() + " is not a network namespace");
      }
      Namespaces.Identity identity = Namespaces.identity(netns);
      if (identity.equals(Namespaces.identity(Path.of("/proc/self/ns/net")))) {
        throw new LaunchException(
            target.label() + ": is the namespace that Slipway itself is in; it needs another one");
      }
      if (!mayEnter(target, netns)) {
        userns = openUserNamespace(target, netns);
      }
      return new NamespaceDoor(target, netns, userns, identity);
    } catch (IOException e) {
      closeBoth(netns, userns);
      throw new LaunchException(target.label() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      closeBoth(netns, userns);
      throw e;
    }
  }

  /** The door to the namespace of a TAP that was handed to us, or null when it is closed to us. */
  public static @Nullable NamespaceDoor behind(TapDevice device) {
    int netns = device.namespace();
    if (netns < 0) {
      return null;
    }
    try {
      Namespaces.Identity identity = Namespaces.call(netns, () -> Namespaces.identity(netns));
      return new NamespaceDoor(null, netns, -1, identity);
    } catch (LinuxException | CompletionException e) {
      Linux.close(netns);
      return null;
    }
  }

  /** Which namespace it is. */
  public Namespaces.Identity identity() {
    return identity;
  }

  /**
   * Watches for the end of the target, by the name that it was given by: a process ends, a named
   * namespace is deleted. The door need not stay open for that.
   *
   * @param onEnd called once, on a thread of the watch
   * @throws LaunchException when the target has gone already
   */
  public Watch watch(Runnable onEnd) {
    try {
      return switch (target) {
        case AttachTarget.Pid process -> Watch.process(process.pid(), onEnd);
        case AttachTarget.Named named when named.processId() > 0 ->
            Watch.process(named.processId(), onEnd);
        case AttachTarget.Named named -> Watch.name(named.path(), identity, onEnd);
        case null -> throw new IllegalStateException("no name to watch");
      };
    } catch (LinuxException e) {
      throw new LaunchException(e.getMessage(), e);
    }
  }

  /**
   * What a program must be started with to run inside; the program and its arguments follow.
   *
   * <p>The paths lead through our own descriptors, so they cannot come to mean another namespace.
   */
  public List<String> entry() {
    String ours = "/proc/" + ProcessHandle.current().pid() + "/fd/";
    List<String> words = new ArrayList<>();
    words.add("nsenter");
    if (userns >= 0) {
      words.add("--user=" + ours + userns);
      words.add("--preserve-credentials");
    }
    words.add("--net=" + ours + netns);
    words.add("--");
    return words;
  }

  /**
   * What a short program did.
   *
   * @param status its exit status
   * @param output all of its standard output
   * @param errors all of its standard error
   */
  record Outcome(int status, String output, String errors) {
    /** The first line of standard error that is not empty, or the status. */
    String firstError() {
      return errors
          .lines()
          .filter(line -> !line.isBlank())
          .findFirst()
          .orElse("exit status " + status);
    }
  }

  /**
   * Runs a short program inside and waits for its end.
   *
   * @param input what it finds on standard input, a few lines at most
   * @throws LaunchException when it could not be started
   */
  Outcome run(String input, String... command) {
    Process process = start(command);
    try {
      try (OutputStream stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      // Both are short of a pipe's 64 KiB, so reading one after the other cannot block the program.
      String output = text(process.getInputStream());
      String errors = text(process.getErrorStream());
      return new Outcome(process.waitFor(), output, errors);
    } catch (IOException e) {
      process.destroyForcibly();
      throw new LaunchException(command[0] + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new LaunchException(command[0] + ": interrupted", e);
    }
  }

  /**
   * Opens {@code /dev/net/tun} inside, {@code count} times.
   *
   * @return descriptors that belong to the caller, attached to nothing
   * @throws LaunchException when we may not, or there is none
   */
  int[] openTuns(int count) {
    int[] tuns = new int[count];
    int opened = 0;
    try {
      while (opened < count) {
        if (userns < 0) {
          tuns[opened] = Namespaces.call(netns, NamespaceDoor::openTun);
          opened++;
        } else {
          opened += fetchTuns(tuns, opened);
        }
      }
      return tuns;
    } catch (RuntimeException e) {
      for (int i = 0; i < opened; i++) {
        Linux.close(tuns[i]);
      }
      throw e;
    }
  }

  @Override
  public void close() {
    closeBoth(netns, userns);
  }

  /**
   * Starts a program inside, its standard input, output and error as pipes of ours.
   *
   * @throws LaunchException when it could not be started
   */
  Process start(String... command) {
    List<String> words = entry();
    words.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().put("LC_ALL", "C");
    try {
      return builder.start();
    } catch (IOException e) {
      throw new LaunchException("nsenter: cannot be started; util-linux is needed", e);
    }
  }

  /** Has a shell inside open some, and takes duplicates of them; returns how many. */
  private int fetchTuns(int[] tuns, int from) {
    // The same file under the same permissions: find out here what is wrong, with an errno.
    Linux.close(openTun());
    int count = Math.min(TUNS_PER_SHELL, tuns.length - from);
    StringBuilder script = new StringBuilder("exec");
    for (int i = 0; i < count; i++) {
      script.append(' ').append(FIRST_SHELL_DESCRIPTOR + i).append("<>").append(TUN);
    }
    script.append(" && echo open && read answer");
    Process shell = start("sh", "-c", script.toString());
    int pidfd = -1;
    int fetched = 0;
    try {
      if (shell.getInputStream().read() < 0) {
        throw new LaunchException(TUN + ": " + text(shell.getErrorStream()).strip());
      }
      pidfd = LinuxException.check("pidfd_open", Linux.pidfdOpen((int) shell.pid()));
      while (fetched < count) {
        int fd = FIRST_SHELL_DESCRIPTOR + fetched;
        tuns[from + fetched] = LinuxException.check("pidfd_getfd", Linux.pidfdGetfd(pidfd, fd));
        fetched++;
      }
      return count;
    } catch (IOException | LinuxException e) {
      for (int i = 0; i < fetched; i++) {
        Linux.close(tuns[from + i]);
      }
      throw new LaunchException(
          TUN + " inside the namespace: " + e.getMessage() + "; pass a TAP descriptor with --fd",
          e);
    } finally {
      if (pidfd >= 0) {
        Linux.close(pidfd);
      }
      shell.destroyForcibly();
    }
  }

  private static int openTun() {
    int fd = Linux.open(TUN, Linux.O_RDWR | Linux.O_NONBLOCK | Linux.O_CLOEXEC);
    if (fd >= 0) {
      return fd;
    }
    LinuxException cause = new LinuxException(TUN, -fd);
    String advice =
        switch (-fd) {
          case Errno.EACCES, Errno.EPERM ->
              "; ask root for 'chmod 666 " + TUN + "' or pass a TAP descriptor with --fd";
          case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
              "; load the module ('modprobe tun') or give the container the device";
          default -> "";
        };
    throw new LaunchException(cause.getMessage() + advice, cause);
  }

  /** Whether a thread of ours may enter; a reason other than the lack of permission is thrown. */
  private static boolean mayEnter(AttachTarget.Namespace target, int netns) {
    if (target.userNamespace() != null) {
      return false;
    }
    try {
      return Namespaces.call(netns, () -> true);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EPERM) {
        throw new LaunchException(target.label() + ": " + e.getMessage(), e);
      }
      return false;
    }
  }

  private static int openUserNamespace(AttachTarget.Namespace target, int netns)
      throws IOException {
    Path given = target.userNamespace();
    int userns = given == null ? Namespaces.ownerOf(netns) : openPath("--userns " + given, given);
    if (userns < 0) {
      throw new LaunchException(
          new LinuxException(target.label(), -userns).getMessage()
              + "; its owner is not below our user namespace, run as root");
    }
    int creator = Namespaces.creatorOf(userns);
    boolean isOurs =
        Namespaces.identity(userns).equals(Namespaces.identity(Path.of("/proc/self/ns/user")));
    if (creator != Linux.geteuid() || isOurs) {
      Linux.close(userns);
      throw new LaunchException(
          new LinuxException(target.label(), Errno.EPERM).getMessage()
              + "; the namespace is uid "
              + Integer.toUnsignedString(creator)
              + "'s, run as root");
    }
    return userns;
  }

  private static int openPath(String label, Path path) {
    int fd = Linux.open(path.toString(), Linux.O_RDONLY | Linux.O_CLOEXEC);
    if (fd < 0) {
      LinuxException cause = new LinuxException(label + ": " + path, -fd);
      String advice = -fd == Errno.EACCES ? "; it belongs to another user, run as root" : "";
      throw new LaunchException(cause.getMessage() + advice, cause);
    }
    return fd;
  }

  private static void closeBoth(int netns, int userns) {
    Linux.close(netns);
    if (userns >= 0) {
      Linux.close(userns);
    }
  }

  private static String text(InputStream stream) throws IOException {
    return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
  }
}
