package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The machine that {@link GuestProcessIT} runs on: an ordinary user made for it, a device that the
 * user may open, the classes where the user may read them. Owned by the class of tests; undone by
 * {@link #clean}. Every test has a {@link #share} of its own, so that it finds what itself left.
 */
final class LaunchHost {
  private static final String NAMES = "slipway-launch-";
  private static final String USER = NAMES + ProcessHandle.current().pid();

  /** A node that anybody may open, put in the place of the machine's own for the user alone. */
  private static final String NODE = "/dev/" + USER;

  /** Users and nodes of runs that were killed are named after processes that are gone. */
  private static final String REMOVE_STALE =
      """
      for name in $(cut -d: -f1 /etc/passwd | grep "^$0"); do
        [ -e "/proc/${name#"$0"}" ] || { userdel "$name"; rm -f "/dev/$name"; }
      done
      """;

  private static final String OPEN_TUN =
      "mount --bind " + NODE + " /dev/net/tun 2>/dev/null; exec \"$@\"";

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** In the environment of all that this share starts, so that what is left can be found. */
  private final String mark = "SLIPWAY_LAUNCH_IT=" + UUID.randomUUID();

  private final Path common;
  private final Path directory;

  LaunchHost() {
    try {
      common = Files.createTempDirectory("slipway-launch");
      directory = common;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private LaunchHost(Path common) {
    this.common = common;
    try {
      directory = openToAll(Files.createTempDirectory(common, "share"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same machine for one test, with an own directory and an own mark on its processes. */
  LaunchHost share() {
    return new LaunchHost(common);
  }

  private static Path openToAll(Path path) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  /** Who runs a command. */
  enum Caller {
    ROOT,
    USER;

    List<String> as(LaunchHost host, String... command) {
      List<String> words = new ArrayList<>();
      if (this == USER) {
        words.addAll(List.of("unshare", "--mount", "sh", "-c", OPEN_TUN, "sh"));
        words.addAll(List.of("setpriv", "--reuid", LaunchHost.USER, "--regid", LaunchHost.USER));
        words.add("--init-groups");
      }
      words.addAll(List.of("env", host.mark));
      words.addAll(List.of(command));
      return words;
    }
  }

  /** How a command ended. */
  record Result(int status, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  /** A command that runs. Closing kills it. */
  static final class Running implements AutoCloseable {
    private final Process process;
    private final Path out;
    private final Path err;

    private Running(List<String> command, Path directory) throws IOException {
      out = Files.createTempFile(directory, "out", "");
      err = Files.createTempFile(directory, "err", "");
      process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
    }

    void signal(String name) {
      waitFor(start("kill", "-" + name, Long.toString(process.pid())));
    }

    void awaitOut(String text) {
      for (int i = 0; i < LIMIT.toMillis() / 10 && !read(out).contains(text); i++) {
        pause(Duration.ofMillis(10));
      }
      assertThat(read(out)).as(read(err)).contains(text);
    }

    Result await() {
      waitFor(process);
      return new Result(process.exitValue(), read(out), read(err));
    }

    @Override
    public void close() {
      process.destroyForcibly();
      waitFor(process);
    }
  }

  void prepare() {
    waitFor(start("sh", "-c", REMOVE_STALE, NAMES));
    waitFor(start("userdel", USER));
    assertThat(waitFor(start("useradd", "--no-create-home", USER))).isZero();
    waitFor(start("rm", "-f", NODE));
    assertThat(waitFor(start("mknod", "-m", "666", NODE, "c", "10", "200"))).isZero();
    try {
      openToAll(common);
      copyClasses();
      Path launcher = common.resolve("guest");
      Files.writeString(
          launcher,
          """
          #!/bin/sh
          while read -r key value; do
            case $key in SigIgn:) ignored=$value ;; esac
          done </proc/self/status
          """
              + "exec "
              + java("-Dslipway.caller.ignored=$ignored -Dslipway.caller.nofile=$(ulimit -Sn)")
              + "\"$@\"\n");
      Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The classes of main and test code, from wherever the class path has them. */
  private void copyClasses() throws IOException {
    for (Class<?> type : List.of(GuestProcess.class, GuestProcessMain.class)) {
      Path root = root(type);
      for (String room : List.of("io/slipway/launch", "io/slipway/sys")) {
        Path target = Files.createDirectories(common.resolve("classes").resolve(room));
        if (Files.isDirectory(root.resolve(room))) {
          copyFiles(root.resolve(room), target);
        }
      }
    }
  }

  private static Path root(Class<?> type) {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(Objects.requireNonNull(file.getFileName()).toString());
        if (!Files.exists(copy)) {
          Files.copy(file, copy);
        }
      }
    }
  }

  /** The words that run a command in namespaces without the launcher, ready for a shell. */
  String java() {
    return java("");
  }

  private String java(String properties) {
    return System.getProperty("java.home")
        + "/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData "
        + "--enable-native-access=ALL-UNNAMED "
        + properties
        + " -cp "
        + common.resolve("classes")
        + " "
        + GuestProcessMain.class.getName()
        + " ";
  }

  /** The path of a script that runs a command in namespaces, as the launcher would. */
  String launcher() {
    return common.resolve("guest").toString();
  }

  /** The path of a copy of a file beside this class. */
  String resource(String name) {
    Path copy = directory.resolve(name);
    try (InputStream content = LaunchHost.class.getResourceAsStream(name)) {
      Files.write(copy, Objects.requireNonNull(content, name).readAllBytes());
      return copy.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a command in namespaces. */
  Running start(Caller caller, String... command) {
    List<String> words = caller.as(this, launcher());
    words.addAll(List.of(command));
    try {
      return new Running(words, directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command in namespaces. */
  Result guest(Caller caller, String... command) {
    try (Running running = start(caller, command)) {
      return running.await();
    }
  }

  /** Runs a command without us. */
  Result run(Caller caller, String... command) {
    try (Running running = new Running(caller.as(this, command), directory)) {
      return running.await();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a line of shell, whose {@code $0} is what follows. */
  Result shell(Caller caller, String line, String... more) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", line));
    words.addAll(List.of(more));
    return run(caller, words.toArray(new String[0]));
  }

  /** Fails unless every process that this share has started ends within seconds. */
  void assertNothingLeft() {
    List<String> left = left();
    for (int i = 0; i < 300 && !left.isEmpty(); i++) {
      pause(Duration.ofMillis(10));
      left = left();
    }
    assertThat(left).isEmpty();
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .allMatch(name -> name.matches("guest-terminal.py|(out|err)\\d+"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> left() {
    List<String> left = new ArrayList<>();
    ProcessHandle.allProcesses()
        .forEach(process -> {
          Path entry = Path.of("/proc/" + process.pid());
          if (read(entry.resolve("environ")).contains(mark)) {
            left.add(process.pid() + " " + read(entry.resolve("cmdline")).replace('\0', ' '));
          }
        });
    return left;
  }

  void clean() {
    waitFor(start("userdel", USER));
    waitFor(start("rm", "-r", common.toString()));
    waitFor(start("rm", "-f", NODE));
  }

  static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Process start(String... command) {
    try {
      return new ProcessBuilder(command)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int waitFor(Process process) {
    try {
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The text of a file; empty if it is gone. */
  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
