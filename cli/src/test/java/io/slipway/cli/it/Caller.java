package io.slipway.cli.it;

import java.util.ArrayList;
import java.util.List;

/** Who starts a command: root, or an ordinary user made for the run. */
public enum Caller {
  ROOT,
  USER;

  /** The command as this caller starts it, from a process of root. */
  public List<String> as(List<String> argv) {
    if (this == ROOT) {
      return argv;
    }
    List<String> command = new ArrayList<>(TestHost.user().prefix());
    command.addAll(argv);
    return command;
  }

  /** The command as this caller starts it, from a process of root. */
  public List<String> as(String... argv) {
    return as(List.of(argv));
  }

  /** A line for {@code sh -c}, as this caller starts it. */
  public List<String> shell(String line) {
    return as("sh", "-c", line);
  }
}
