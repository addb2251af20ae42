package io.slipway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** This process's bound on open files (RLIMIT_NOFILE), of which every flow takes one. */
final class DescriptorLimit {
  /** For the device, the log, the JVM's own files, and what happens between two looks. */
  private static final int RESERVED = 256;

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String LINE = "Max open files";

  private DescriptorLimit() {}

  /** The flows that are wanted, or fewer when there are not descriptors for as many. */
  static int bound(int wantedFlows) {
    try {
      return bound(wantedFlows, Files.readAllLines(LIMITS));
    } catch (IOException e) {
      // No /proc: then the kernel's EMFILE is the bound, one refused flow at a time.
      return wantedFlows;
    }
  }

  /** The same for the lines of {@code /proc/PID/limits}. */
  static int bound(int wantedFlows, List<String> lines) {
    for (String line : lines) {
      if (line.startsWith(LINE)) {
        String soft = line.substring(LINE.length()).strip().split(" +", 2)[0];
        if (soft.equals("unlimited")) {
          return wantedFlows;
        }
        long room = Math.max(1, Long.parseLong(soft) - RESERVED);
        return (int) Math.min(wantedFlows, room);
      }
    }
    return wantedFlows;
  }
}
