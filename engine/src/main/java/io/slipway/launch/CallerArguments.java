package io.slipway.launch;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bytes of the arguments that Java gave us as strings: outside a UTF-8 locale the JVM replaces
 * what it cannot decode, and the command must get what the caller wrote. Stateless.
 */
final class CallerArguments {
  private CallerArguments() {}

  /**
   * The bytes of {@code command}, which is taken from the end of this process's command line if it
   * stands there, and encoded otherwise.
   */
  static List<byte[]> bytes(List<String> command) {
    List<byte[]> line = commandLine();
    int from = line.size() - command.size();
    List<byte[]> bytes = new ArrayList<>(command.size());
    for (int i = 0; i < command.size(); i++) {
      if (from < 0 || !mayBe(line.get(from + i), command.get(i))) {
        return encoded(command);
      }
      bytes.add(line.get(from + i));
    }
    return bytes;
  }

  private static List<byte[]> encoded(List<String> command) {
    String name = System.getProperty("sun.jnu.encoding");
    Charset charset = name != null ? Charset.forName(name) : StandardCharsets.UTF_8;
    List<byte[]> bytes = new ArrayList<>(command.size());
    for (String argument : command) {
      bytes.add(argument.getBytes(charset));
    }
    return bytes;
  }

  /** Whether Java may have made {@code text} of {@code raw}: plain text must be the same. */
  private static boolean mayBe(byte[] raw, String text) {
    for (byte b : raw) {
      if (b < 0) {
        return true;
      }
    }
    return text.equals(new String(raw, StandardCharsets.US_ASCII));
  }

  private static List<byte[]> commandLine() {
    List<byte[]> line = new ArrayList<>();
    try {
      byte[] all = Files.readAllBytes(Path.of("/proc/self/cmdline"));
      int from = 0;
      for (int i = 0; i < all.length; i++) {
        if (all[i] == 0) {
          line.add(Arrays.copyOfRange(all, from, i));
          from = i + 1;
        }
      }
    } catch (IOException e) {
      line.clear();
    }
    return line;
  }
}
