package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.EventLoops;
import io.slipway.launch.CallerState;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MainTest {
  private static final CallerState CALLER = new CallerState(List.of(0, 1, 2), 0, 0, "1024");

  private static final EventLoops LOOPS = EventLoops.begin();

  private final PrintStream realOut = System.out;
  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void listen() {
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void hush() {
    System.setOut(realOut);
    System.setErr(realErr);
  }

  @AfterAll
  static void endLoops() {
    LOOPS.close();
  }

  @Test
  void helpAndVersionGoToTheStandardOutput() {
    assertThat(Main.run(null, LOOPS, "--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("Usage: slipway");
    out.reset();
    assertThat(Main.run(null, LOOPS, "--version")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("slipway ");
    assertThat(err.size()).isZero();
  }

  @Test
  void aUsageErrorIsOneLine() {
    assertThat(Main.run(null, LOOPS, "attach", "--mtu", "1")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo("slipway: --mtu: '1' is not between 576 and 65521\n");
    assertThat(out.size()).isZero();
  }

  @Test
  void aTargetIsNeededAndOneIsEnough() {
    assertThat(Main.run(null, LOOPS, "attach")).isEqualTo(2);
    assertThat(Main.run(null, LOOPS, "attach", "--pid", "1", "--netns", "x")).isEqualTo(2);
    assertThat(Main.run(null, LOOPS, "attach", "--fd", "9", "--userns", "/x")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(3);
  }

  @Test
  void aStartFailureIsOneLineAndStatusOne() {
    assertThat(Main.run(null, LOOPS, "attach", "--netns", "/nowhere/at/all")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("slipway: --netns /nowhere/at/all")
        .contains("ENOENT")
        .hasLineCount(1);
  }

  @Test
  void aDescriptorThatIsNotOpenIsAStartFailure() {
    assertThat(Main.run(null, LOOPS, "attach", "--pid", "1", "--ready-fd", "987")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("slipway: --ready-fd 987: EBADF")
        .hasLineCount(1);
  }

  @Test
  void runSaysThatThereIsNoSuchCommand() {
    assertThat(Main.run(CALLER, LOOPS, "run", "/no/such/command")).isEqualTo(127);
    assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1);
  }

  @Test
  void usageErrorsOfRunAre125() {
    assertThat(Main.run(CALLER, LOOPS, "run")).isEqualTo(125);
    assertThat(Main.run(CALLER, LOOPS, "run", "--nonsense", "true")).isEqualTo(125);
  }
}
