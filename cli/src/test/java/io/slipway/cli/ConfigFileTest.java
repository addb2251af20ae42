package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("slipway.yaml"), text);
  }

  private Given read(String text) throws IOException {
    return ConfigFile.read(file(text), Options.OF_RUN);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> reading(String text) throws IOException {
    Path file = file(text);
    return assertThatThrownBy(() -> ConfigFile.read(file, Options.OF_RUN))
        .isInstanceOf(UsageException.class);
  }

  @Test
  void keysAreTheOptionsNames() throws IOException {
    Given given =
        read(
            """
            mtu: 9000
            no-ipv6: yes
            host-loopback: false
            allow: [10.0.0.0/8, 'tcp://1.2.3.4:80']
            """);

    assertThat(given.value(Options.MTU)).isEqualTo(9_000);
    assertThat(given.flag(Options.NO_IPV6)).isTrue();
    assertThat(given.flag(Options.HOST_LOOPBACK)).isFalse();
    assertThat(given.values(Options.ALLOW)).hasSize(2);
  }

  @Test
  void anEmptyFileSaysNothing() throws IOException {
    assertThat(read("# nothing\n").has(Options.MTU)).isFalse();
  }

  @Test
  void theCommandLineWins() throws IOException {
    String path = file("mtu: 9000\ninterface: eth9\n").toString();

    Request request = new CommandLineParser().parse("attach", "--config", path, "--mtu", "1400");

    Given given = ((Request.Attach) request).given();
    assertThat(given.value(Options.MTU)).isEqualTo(1_400);
    assertThat(given.value(Options.INTERFACE)).isEqualTo("eth9");
  }

  @Test
  void aBadValueIsToldWithFileLineAndTheOptionsHelp() throws IOException {
    reading("# one\nmtu: 90000\n")
        .hasMessageContaining("slipway.yaml:2: mtu: '90000' is not between 576 and 65521")
        .hasMessageContaining("(--mtu N: " + Options.MTU.help() + ")");
    reading("allow:\n  - 10.0.0.0/8\n  - 10.0.0.0/99\n")
        .hasMessageContaining("slipway.yaml:3: allow");
  }

  @Test
  void anUnknownKeyIsToldWithFileAndLine() throws IOException {
    reading("mtu: 1500\nmtuu: 1500\n")
        .hasMessageContaining("slipway.yaml:2: 'mtuu' is not the name");
    reading("config: other.yaml\n").hasMessageContaining("'config' is not the name");
    reading("netns: blue\n").hasMessageContaining("'netns' is not the name");
  }

  @Test
  void whatIsNotAMappingOfPlainValuesIsRefused() throws IOException {
    reading("- mtu\n").hasMessageContaining("slipway.yaml:1: not a mapping");
    reading("mtu: [1500]\n").hasMessageContaining("slipway.yaml:1: mtu: takes one plain value");
    reading("mtu: 1500\nmtu: 1400\n").hasMessageContaining("slipway.yaml:2: 'mtu' is there twice");
    reading("mtu: [\n").hasMessageContaining("slipway.yaml:2: not YAML");
    reading("mtu: !!java.net.URL [x]\n").hasMessageContaining("slipway.yaml:1");
  }

  @Test
  void aFileThatIsNotThereIsTheOptionsFault() {
    Path missing = directory.resolve("missing.yaml");
    assertThatThrownBy(() -> ConfigFile.read(missing, Options.OF_RUN))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--config: '" + missing + "' cannot be read");
  }
}
