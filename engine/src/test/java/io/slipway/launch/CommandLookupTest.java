package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CommandLookupTest {
  private static String find(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return new String(CommandLookup.command(bytes, name), StandardCharsets.UTF_8);
  }

  private static void assertRefused(String name, int status, String message) {
    assertThatThrownBy(() -> find(name))
        .isInstanceOfSatisfying(
            CommandException.class, e -> assertThat(e.exitStatus()).isEqualTo(status))
        .hasMessage(message);
  }

  @Test
  void nameIsLookedForInThePath() {
    assertThat(find("sh")).endsWith("/bin/sh");
    assertThat(find("/bin/sh")).isEqualTo("/bin/sh");
  }

  @Test
  void nothingOfThatName() {
    assertRefused("nosuchcmd", 127, "nosuchcmd: command not found");
    assertRefused("", 127, ": command not found");
    assertRefused("/no/such", 127, "/no/such: no such file or directory");
    assertRefused("/etc/passwd/x", 127, "/etc/passwd/x: no such file or directory");
  }

  @Test
  void notExecutable(@TempDir Path directory) throws Exception {
    String file = Files.createFile(directory.resolve("plain")).toString();
    assertRefused(file, 126, file + ": cannot execute: EACCES (permission denied)");
    assertRefused(directory.toString(), 126, directory + ": is a directory");
  }

  @Test
  void missingToolNamesItsPackage() {
    assertThat(CommandLookup.tool("sh", "the base system")).endsWith("/sh");
    assertThatThrownBy(() -> CommandLookup.tool("nosuchtool", "util-linux"))
        .isInstanceOf(LaunchException.class)
        .hasMessage("nosuchtool: not found; it is part of util-linux");
  }
}
