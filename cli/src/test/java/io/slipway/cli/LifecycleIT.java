package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Slipway;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code slipway run} is to its command what the shell would have been. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class LifecycleIT {
  @Parameter Caller caller;

  private static final Duration SOON = Duration.ofSeconds(20);

  @ParameterizedTest
  @CsvSource({
    "0, true",
    "3, exit 3",
    "137, kill -KILL $$",
    "143, kill -TERM $$",
  })
  void theStatusIsTheCommands(int status, String line) {
    Slipway.run(caller, "run", "--", "sh", "-c", line).status(status);
  }

  @Test
  void whatCannotBeExecuted() {
    Result folder = Slipway.run(caller, "run", "--", "/etc");
    assertOneLine(folder.status(126), "/etc");
    Result nothing = Slipway.run(caller, "run", "--", "no-such-command-at-all");
    assertOneLine(nothing.status(127), "no-such-command-at-all");
  }

  @Test
  void usageErrorsAreOneLineThatNamesTheOption() {
    assertOneLine(Slipway.run(caller, "run", "--mtu", "5", "--", "true").status(125), "--mtu", "5");
    assertOneLine(
        Slipway.run(caller, "run", "--cidr", "10.0.2.0/99", "--", "true").status(125),
        "--cidr",
        "10.0.2.0/99");
    assertOneLine(
        Slipway.run(caller, "run", "--no-such-option", "--", "true").status(125),
        "--no-such-option");
    assertOneLine(
        Slipway.run(caller, "attach", "--mtu", "x", "--pid", "1").status(2), "--mtu", "x");
    assertOneLine(Slipway.run(caller, "attach").status(2), "--netns");
  }

  @Test
  void helpAndVersion() {
    assertThat(Slipway.run(caller, "--version").ok().out()).containsIgnoringCase("slipway");
    assertThat(Slipway.run(caller, "run", "--help").ok().out()).contains("--host-loopback");
  }

  @Test
  void theCommandKeepsTheCallersSurroundings() {
    String look =
        "pwd; umask; ulimit -Sn; ulimit -Hn; echo $COLOUR; cat <&7;"
            // The C library keeps signals 32 and 33 for itself.
            + " while read k v; do case $k in SigBlk:|SigIgn:) echo $k $((0x$v & 0x7fffffff));;"
            + " esac; done </proc/self/status; ls /proc/self/fd | tr '\\n' ' '";
    String around =
        "cd /usr; umask 027; ulimit -Sn 777; trap '' USR1; COLOUR=teal; export COLOUR; ";
    Path file = scratchFile("seven\n");
    String here = " sh -c '" + look.replace("'", "'\\''") + "' 7<" + file;
    Result outside = Proc.run(caller.shell(around + here)).ok();
    Result inside = Proc.run(caller.shell(around + Slipway.launcher() + " run --" + here)).ok();
    assertThat(inside.out()).as(inside.toString()).isEqualTo(outside.out());
    assertThat(inside.out()).contains("/usr\n0027\n777\n", "teal\nseven\n");
  }

  @Test
  void inputAndOutputAreTheCommands() {
    Result copied =
        Proc.run(caller.shell("seq 100000 | " + Slipway.launcher() + " run -- cat | sha256sum"));
    Result expected = Proc.run("sh", "-c", "seq 100000 | sha256sum");
    assertThat(copied.ok().out()).as(copied.toString()).isEqualTo(expected.out());
  }

  @Test
  void theTerminalIsTheCommands() {
    String line = "stty cols 77; " + Slipway.launcher() + " run -- sh -c \"tty; stty size\"";
    Result result = Proc.run(caller.as("script", "-qec", line, "/dev/null"));
    assertThat(result.ok().out()).contains("/dev/pts/", " 77");
  }

  @Test
  void signalsReachTheCommand() {
    String line = "trap 'exit 42' TERM; echo up; while :; do sleep 0.1; done";
    try (Proc engine = Slipway.start(caller, "run", "--", "sh", "-c", line)) {
      Await.until("it is up", SOON, () -> engine.out().contains("up"), engine::soFar);
      engine.signal("TERM");
      engine.await(SOON).status(42);
    }
  }

  @Test
  void theCommandIsRootInANetworkOfItsOwn() {
    Result result =
        Slipway.run(
            caller, "run", "--", "sh", "-c", "id -u; ip -o -4 addr; ip -o -6 addr; ip route");
    assertThat(result.ok().out())
        .startsWith("0\n")
        .contains("10.0.2.100/24", "fd00::100/64", "default via 10.0.2.2", "127.0.0.1/8")
        .doesNotContainPattern("fd00::100.*tentative");
  }

  @Test
  void readyIsToldOnADescriptor() {
    Path word = TestHost.scratch("ready");
    String line = "exec " + Slipway.launcher() + " run --ready-fd 5 -- sleep 60 5>" + word;
    try (Proc engine = Proc.start(caller.shell(line))) {
      Await.until("the word", SOON, () -> read(word).equals("1"), engine::soFar);
      assertThat(engine.isAlive()).isTrue();
    }
  }

  @Test
  void endsWhenTheExitDescriptorCloses() {
    Path word = TestHost.scratch("ready");
    String line =
        "while [ ! -s %s ]; do sleep 0.1; done | { exec %s run --ready-fd 5 --exit-fd 6 --"
                .formatted(word, Slipway.launcher())
            + " sleep 600 5>%s 6<&0 0</dev/null; }".formatted(word);
    long began = System.nanoTime();
    Proc.run(caller.shell(line));
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(SOON);
  }

  @Test
  void thePidFileIsTheEngines() {
    Path file = TestHost.scratch("pid");
    try (Guest guest = Guest.start(caller, "--pid-file", file.toString())) {
      assertThat(read(file).strip()).isEqualTo("" + guest.engine().pid());
      Result second = Slipway.run(caller, "run", "--pid-file", file.toString(), "--", "true");
      assertOneLine(second.status(125), file.toString());
      assertThat(read(file).strip()).isEqualTo("" + guest.engine().pid());
      guest.engine().signal("KILL");
      guest.engine().await(SOON);
    }
    assertThat(file).as("what a killed engine leaves").exists();
    Slipway.run(caller, "run", "--pid-file", file.toString(), "--", "true").ok();
    assertThat(file).as("after an ordinary end").doesNotExist();
  }

  private static void assertOneLine(Result result, String... parts) {
    // "ready" and its like are the log's, and no complaint.
    assertThat(result.err().strip().lines().filter(line -> !line.contains("Z info ")))
        .as(result.toString())
        .hasSize(1);
    assertThat(result.err()).contains(parts);
    assertThat(result.out()).isEmpty();
  }

  private static Path scratchFile(String text) {
    try {
      return Files.writeString(TestHost.scratch("file"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
