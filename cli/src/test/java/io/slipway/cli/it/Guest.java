package io.slipway.cli.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A running {@code slipway run} whose command does nothing, and a door into its namespace. Closed
 * by the test that started it; closing fails if the engine reported a leaked buffer.
 */
public final class Guest implements AutoCloseable {
  /** Where the gateway and, with {@code --host-loopback}, the host's 127.0.0.1 are. */
  public static final String GATEWAY = "10.0.2.2";

  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Duration START = Duration.ofSeconds(60);
  static final Map<String, String> PARANOID =
      Map.of("SLIPWAY_JAVA_OPTS", "-Dio.netty.leakDetection.level=paranoid");

  private final Caller caller;
  private final Proc engine;
  private final long pid;

  private Guest(Caller caller, Proc engine, long pid) {
    this.caller = caller;
    this.engine = engine;
    this.pid = pid;
  }

  /** Starts an engine on this machine with these options. */
  public static Guest start(Caller caller, String... options) {
    return start(List.of(), PARANOID, caller, options);
  }

  /** As {@link #start}, but nothing watches for leaks: what the engine costs is what users pay. */
  public static Guest startUnwatched(Caller caller, String... options) {
    return start(List.of(), Map.of(), caller, options);
  }

  /** Starts an engine that may have so many descriptors open; nothing watches for leaks. */
  public static Guest startLimited(Caller caller, int descriptors, String... options) {
    return start(List.of("prlimit", "--nofile=" + descriptors), Map.of(), caller, options);
  }

  /** Starts an engine behind a prefix such as {@code ip netns exec NAME}. */
  static Guest start(List<String> prefix, Caller caller, String... options) {
    return start(prefix, PARANOID, caller, options);
  }

  private static Guest start(
      List<String> prefix, Map<String, String> environment, Caller caller, String... options) {
    // The number tells this guest's command from every other sleeping process.
    String number = ProcessHandle.current().pid() + "000" + COUNT.incrementAndGet();
    List<String> argv = new ArrayList<>(prefix);
    argv.addAll(Slipway.command(caller, "run"));
    argv.addAll(List.of(options));
    argv.addAll(List.of("--", "sleep", number));
    Proc engine = Proc.start(argv, environment);
    try {
      Await.until(
          "the guest's command runs",
          START,
          () -> sleeper(number).isPresent() || !engine.isAlive(),
          engine::soFar);
      long pid = sleeper(number).orElseThrow(() -> new AssertionError(engine.soFar().toString()));
      return new Guest(caller, engine, pid);
    } catch (AssertionError e) {
      engine.close();
      throw e;
    }
  }

  private static OptionalLong sleeper(String number) {
    String wanted = "sleep\0" + number + "\0";
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.mapToLong(ProcessHandle::pid).filter(p -> wanted.equals(cmdline(p))).findFirst();
    }
  }

  private static String cmdline(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // gone meanwhile
    }
  }

  /** The engine's process. */
  public Proc engine() {
    return engine;
  }

  /** The process id, as this machine sees it, of the guest's command. */
  public long pid() {
    return pid;
  }

  /** Runs a shell line in the guest to its end. */
  public Result run(String line) {
    return Proc.run(inside("sh", "-c", line));
  }

  /** Starts a shell line in the guest. */
  public Proc start(String line) {
    return Proc.start(inside("sh", "-c", line));
  }

  /** Runs a Python program in the guest to its end. */
  public Result python(String program, Object... arguments) {
    return Proc.run(inside(pythonArgv(program, arguments)));
  }

  /** Starts a Python program in the guest. */
  public Proc startPython(String program, Object... arguments) {
    return Proc.start(inside(pythonArgv(program, arguments)));
  }

  /** Starts, in the guest, one of the programs among the tests' resources. */
  public Proc startScript(String script, Object... arguments) {
    return Proc.startScript(inside(), script, arguments);
  }

  static String[] pythonArgv(String program, Object... arguments) {
    List<String> argv = new ArrayList<>(List.of("/usr/bin/python3", "-u", "-c", program));
    for (Object argument : arguments) {
      argv.add(argument.toString());
    }
    return argv.toArray(String[]::new);
  }

  private List<String> inside(String... argv) {
    return caller.as(enter(caller, pid, argv));
  }

  /** A command that enters the namespaces of a process which this caller owns. */
  static List<String> enter(Caller caller, long pid, String... argv) {
    List<String> command = new ArrayList<>(List.of("nsenter", "-t", Long.toString(pid), "-n"));
    if (caller == Caller.USER) {
      command.addAll(List.of("-U", "--preserve-credentials"));
    }
    command.add("--");
    command.addAll(List.of(argv));
    return command;
  }

  /** How many descriptors the engine has open. */
  public int descriptors() {
    return engine.descriptors();
  }

  /** The engine's resident memory in bytes. */
  public long residentBytes() {
    return engine.residentBytes();
  }

  /** Ends the engine as a user would and returns what it said. */
  public Result stop() {
    engine.signal("TERM");
    Result result = engine.await(Duration.ofSeconds(20));
    if (result.err().contains("LEAK:")) {
      throw new AssertionError("a buffer leaked: " + result);
    }
    return result;
  }

  @Override
  public void close() {
    try {
      if (engine.isAlive()) {
        stop();
      }
    } finally {
      engine.close();
    }
  }
}
