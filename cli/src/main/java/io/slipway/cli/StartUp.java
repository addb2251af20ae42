package io.slipway.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** How long this process has been there, launcher script included: exec changes neither. */
final class StartUp {
  /** The unit of times in /proc (USER_HZ), the same on every Linux that has a JDK. */
  private static final long TICKS_A_SECOND = 100;

  /** Index of the start time among the fields after the command's name (proc(5): field 22). */
  private static final int START_TIME = 22 - 3;

  private StartUp() {}

  /**
   * Milliseconds since the start, to the nearest hundredth of a second. Both times are the kernel's
   * own, counted from its boot: the JDK's answer is in wall-clock time, and off by what that was
   * corrected since.
   */
  static long millis() {
    try {
      String uptime = Files.readString(Path.of("/proc/uptime"), StandardCharsets.US_ASCII);
      String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
      return millis(uptime, stat);
    } catch (IOException e) {
      return 0;
    }
  }

  /** The same from the text of {@code /proc/uptime} and {@code /proc/PID/stat}. */
  static long millis(String uptime, String stat) {
    double now = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
    // The name is in parentheses and may hold anything, parentheses and blanks included.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", START_TIME + 2);
    double start = (double) Long.parseLong(fields[START_TIME]) / TICKS_A_SECOND;
    return Math.max(0, Math.round((now - start) * 1_000));
  }
}
