package io.slipway.launch;

import io.slipway.sys.SpawnSignals;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What we were started with and the command is to find again. To be captured first thing in {@code
 * main}, before anything is opened. Immutable.
 *
 * <p>A JVM changes some of it before {@code main}: it opens files, installs handlers, also for
 * signals that were ignored, and may raise the soft limit of descriptors. A launcher that knows
 * better says so in system properties: {@code slipway.caller.descriptors} (numbers with commas),
 * {@code slipway.caller.blocked} and {@code slipway.caller.ignored} (as {@code /proc/self/status}
 * has them) and {@code slipway.caller.nofile} ({@code ulimit -Sn}). Without one the present state
 * counts, less what is recognised as the JVM's.
 *
 * @param descriptors those inherited, in order; 0, 1 and 2 only if they were open
 * @param blockedSignals bit N-1 stands for signal N
 * @param ignoredSignals likewise; never SIGCHLD, which shells reset too
 * @param descriptorLimit the soft limit: a number, or {@code unlimited}
 */
public record CallerState(
    List<Integer> descriptors, long blockedSignals, long ignoredSignals, String descriptorLimit) {
  private static final int O_CLOEXEC = 0x80000;
  private static final long SIGCHLD = 1L << (SpawnSignals.SIGCHLD - 1);

  public CallerState {
    descriptors = List.copyOf(descriptors);
  }

  /** Looks at this process. */
  public static CallerState capture() {
    try {
      String descriptors = System.getProperty("slipway.caller.descriptors");
      String blocked = System.getProperty("slipway.caller.blocked");
      String ignored = System.getProperty("slipway.caller.ignored");
      String limit = System.getProperty("slipway.caller.nofile");
      return new CallerState(
          descriptors != null ? numbers(descriptors) : inherited(),
          // That of the first thread, which the JVM leaves alone.
          Long.parseUnsignedLong(blocked != null ? blocked : status("SigBlk:"), 16),
          Long.parseUnsignedLong(ignored != null ? ignored : status("SigIgn:"), 16) & ~SIGCHLD,
          limit != null ? limit : descriptorLimitNow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Integer> numbers(String list) {
    List<Integer> numbers = new ArrayList<>();
    for (String number : list.split(",", -1)) {
      if (!number.isEmpty()) {
        numbers.add(Integer.valueOf(number));
      }
    }
    return numbers;
  }

  /** The same less some descriptors: those that the caller passed to us and not to the command. */
  public CallerState without(List<Integer> ours) {
    List<Integer> rest = new ArrayList<>(descriptors);
    rest.removeAll(ours);
    return new CallerState(rest, blockedSignals, ignoredSignals, descriptorLimit);
  }

  /** This process's present soft limit of descriptors. */
  static String descriptorLimitNow() throws IOException {
    String name = "Max open files";
    for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
      if (line.startsWith(name)) {
        return line.substring(name.length()).strip().split(" +", 2)[0];
      }
    }
    throw new IOException("/proc/self/limits: no " + name);
  }

  private static String status(String key) throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
      if (line.startsWith(key)) {
        return line.substring(key.length()).strip();
      }
    }
    throw new IOException("/proc/self/status: no " + key);
  }

  private static List<Integer> inherited() throws IOException {
    List<Integer> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path entry : entries) {
        int descriptor = Integer.parseInt(entry.getFileName().toString());
        if (isInherited(descriptor, entry)) {
          found.add(descriptor);
        }
      }
    }
    found.sort(null);
    return found;
  }

  /** What came through exec is not close-on-exec; nor are the JVM's own files, hence the names. */
  private static boolean isInherited(int descriptor, Path entry) throws IOException {
    try {
      String target = Files.readSymbolicLink(entry).toString();
      for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + descriptor))) {
        if (line.startsWith("flags:")) {
          int flags = Integer.parseInt(line.substring(6).strip(), 8);
          return (flags & O_CLOEXEC) == 0 && !isOurs(target);
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static boolean isOurs(String target) {
    return target.startsWith(System.getProperty("java.home") + "/")
        || target.endsWith(".aot")
        || (target.startsWith("/proc/") && target.endsWith("/fd"))
        || onClassPath(target, System.getProperty("java.class.path"))
        || onClassPath(target, System.getProperty("jdk.module.path"));
  }

  private static boolean onClassPath(String target, @Nullable String path) {
    if (path == null) {
      return false;
    }
    for (String entry : path.split(File.pathSeparator, -1)) {
      if (!entry.isEmpty() && target.equals(Path.of(entry).toAbsolutePath().toString())) {
        return true;
      }
    }
    return false;
  }
}
