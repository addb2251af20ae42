package io.slipway.sys;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A network namespace for one test, named for this process, gone when closed. For tests that run as
 * root.
 */
public final class ScratchNamespace implements AutoCloseable {
  private static int count;

  private final String name;
  private final int fd;

  /** Makes one. */
  public ScratchNamespace() {
    synchronized (ScratchNamespace.class) {
      name = "slipway-it-" + ProcessHandle.current().pid() + "-" + count++;
    }
    run(List.of("ip", "netns", "add", name));
    int flags = Linux.O_RDONLY | Linux.O_CLOEXEC;
    fd = LinuxException.check(name, Linux.open(path().toString(), flags));
  }

  /** The word that {@code ip netns} knows it by. */
  public String name() {
    return name;
  }

  /** The file that it is mounted on. */
  public Path path() {
    return Path.of("/run/netns", name);
  }

  /** A descriptor of it, which stays ours. */
  public int fd() {
    return fd;
  }

  /** Runs {@code ip} inside with these arguments and returns what it prints. */
  public String ip(String arguments) {
    List<String> words = new ArrayList<>(List.of("ip", "-n", name));
    words.addAll(List.of(arguments.split(" ")));
    return run(words);
  }

  /** Runs any command inside and returns what it prints. */
  public String run(String... command) {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", name));
    words.addAll(List.of(command));
    return run(words);
  }

  /** Takes the name away; whoever is inside stays there. */
  public void delete() {
    run(List.of("ip", "netns", "del", name));
  }

  @Override
  public void close() {
    Linux.close(fd);
    if (path().toFile().exists()) {
      delete();
    }
  }

  private static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
