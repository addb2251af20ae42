package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PidFileTest {
  private static final String OURS = ProcessHandle.current().pid() + "\n";

  @TempDir Path directory;

  private Path path() {
    return directory.resolve("engine.pid");
  }

  @Test
  void holdsOurIdAndIsRemoved() throws Exception {
    PidFile file = PidFile.create(path());
    assertThat(path()).hasContent(OURS);
    file.close();
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
    file.close();
  }

  @Test
  void fileThatWasLeftBehindIsReplaced() throws Exception {
    // Process 1 lives, but does not hold the file; the other file is of a start that was killed.
    Files.writeString(path(), "1\nand more than a number");
    Files.writeString(directory.resolve("engine.pid.new"), "12345678901234567890");
    try (PidFile file = PidFile.create(path())) {
      assertThat(file).isNotNull();
      assertThat(path()).hasContent(OURS);
      assertThat(directory.resolve("engine.pid.new")).doesNotExist();
    }
    assertThat(path()).doesNotExist();
  }

  @Test
  void fileOfALivingEngineIsRespected() throws Exception {
    Process other =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                path().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(other.getInputStream().read()).isEqualTo('h');
      assertThatThrownBy(() -> PidFile.create(path()))
          .isInstanceOf(LaunchException.class)
          .hasMessage("--pid-file " + path() + ": in use by process " + other.pid());
      assertThat(path()).hasContent(other.pid() + "\n");
      other.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      assertThat(path()).exists();
      try (PidFile file = PidFile.create(path())) {
        assertThat(file).isNotNull();
        assertThat(path()).hasContent(OURS);
      }
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void fileOfAnotherIsNotRemoved() throws Exception {
    try (PidFile file = PidFile.create(path())) {
      assertThat(file).isNotNull();
      Files.delete(path());
      Files.writeString(path(), "another's");
    }
    assertThat(path()).hasContent("another's");
  }

  @Test
  void missingDirectoryIsOneLine() {
    Path lost = directory.resolve("no/such/file");
    assertThatThrownBy(() -> PidFile.create(lost))
        .isInstanceOf(LaunchException.class)
        .hasMessage("--pid-file " + lost + ": no such directory");
  }

  /** A process that holds the file until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws Exception {
      try (PidFile file = PidFile.create(Path.of(arguments[0]))) {
        System.out.print("h" + file.getClass().getSimpleName());
        System.out.flush();
        Thread.sleep(60_000);
      }
    }
  }
}
