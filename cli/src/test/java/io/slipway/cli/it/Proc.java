package io.slipway.cli.it;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A process with its output in files, so that no reader thread can fall behind and a grandchild
 * that keeps the descriptors open cannot hang a test. Owned by the test that started it.
 */
public final class Proc implements AutoCloseable {
  /** How long {@link #run} waits for the end. */
  public static final Duration LIMIT = Duration.ofSeconds(90);

  private final String command;
  private final Process process;
  private final Path out;
  private final Path err;

  private Proc(String command, Process process, Path out, Path err) {
    this.command = command;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts a command in the checkout's directory; its input is empty and stays open. */
  public static Proc start(List<String> argv) {
    return start(argv, Map.of());
  }

  /** Starts a command with these variables added to the environment. */
  public static Proc start(List<String> argv, Map<String, String> environment) {
    try {
      Path out = Files.createTempFile(TestHost.directory(), "out", "");
      Path err = Files.createTempFile(TestHost.directory(), "err", "");
      ProcessBuilder builder =
          new ProcessBuilder(argv)
              .directory(TestHost.checkout().toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().put("SLIPWAY_BUILD", "never"); // what is tested is built already
      builder.environment().putAll(environment);
      return new Proc(String.join(" ", argv), builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts, behind a prefix such as {@code ip netns exec NAME}, one of the tests' resources. */
  public static Proc startScript(List<String> prefix, String script, Object... arguments) {
    List<String> argv = new ArrayList<>(prefix);
    Path file = TestHost.checkout().resolve("cli/src/test/resources/" + script);
    argv.addAll(List.of("/usr/bin/python3", file.toString()));
    for (Object argument : arguments) {
      argv.add(argument.toString());
    }
    return start(argv);
  }

  /** Runs a command to its end, at most {@link #LIMIT}. */
  public static Result run(List<String> argv) {
    return run(argv, Map.of());
  }

  /** Runs a command to its end with these variables added to the environment. */
  public static Result run(List<String> argv, Map<String, String> environment) {
    try (Proc proc = start(argv, environment)) {
      return proc.await(LIMIT);
    }
  }

  /** Runs a command of this machine, as root, to its end. */
  public static Result run(String... argv) {
    return run(List.of(argv));
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** What it has written to standard output by now. */
  public String out() {
    return read(out);
  }

  /** What it has written to standard error by now. */
  public String err() {
    return read(err);
  }

  /** How many descriptors it has open. */
  public int descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      return (int) open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What its descriptors are, and the sockets among them as the kernel knows them. */
  public String openDescriptors() {
    String open = run("ls", "-l", "/proc/" + process.pid() + "/fd").out();
    String sockets = run("ss", "-aneop").out();
    String mine = "pid=" + process.pid() + ",";
    return open
        + sockets.lines().filter(line -> line.contains(mine)).collect(Collectors.joining("\n"));
  }

  /** Its resident memory in bytes. */
  public long residentBytes() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      String line = lines.filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
      return 1024L * Long.parseLong(line.replaceAll("[^0-9]", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Types a line into its standard input. */
  public void type(String text) {
    try {
      OutputStream input = process.getOutputStream();
      input.write(text.getBytes(StandardCharsets.UTF_8));
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a signal by name (TERM, KILL, ...). */
  public void signal(String name) {
    signal(process.pid(), name);
  }

  /** Sends a signal to a process of this machine. */
  public static void signal(long pid, String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for the end; fails, showing all output, when it takes longer. */
  public Result await(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("no end within " + limit + ": " + result(-1));
      }
      return result(process.exitValue());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What it has done by now, for messages; the status of a running process is shown as -1. */
  public Result soFar() {
    return result(process.isAlive() ? -1 : process.exitValue());
  }

  /** Kills it and its descendants, if any are left. */
  @Override
  public void close() {
    List<ProcessHandle> tree = new ArrayList<>(process.descendants().toList());
    tree.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Result result(int status) {
    return new Result(command, status, out(), err());
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
