package io.slipway.sys;

import java.lang.invoke.MethodHandle;

/**
 * The controlling terminal and its foreground process group. Owned by whoever opened it; any thread
 * may call.
 */
public final class SpawnTerminal implements AutoCloseable {
  private static final int O_NOCTTY = 0x100;

  private static final MethodHandle TCGETPGRP = SpawnLibC.three("tcgetpgrp");
  private static final MethodHandle TCSETPGRP = SpawnLibC.three("tcsetpgrp");
  private static final MethodHandle GETPGRP = SpawnLibC.three("getpgrp");

  private final int descriptor;
  private final int group;

  private SpawnTerminal(int descriptor, int group) {
    this.descriptor = descriptor;
    this.group = group;
  }

  /** Opens the controlling terminal; without one, an object that says no to every question. */
  public static SpawnTerminal open() {
    int descriptor = Linux.open("/dev/tty", Linux.O_RDWR | O_NOCTTY | Linux.O_CLOEXEC);
    return new SpawnTerminal(descriptor, SpawnLibC.call(GETPGRP, 0, 0, 0));
  }

  /** Whether our process group is the one that the terminal's keys send signals to. */
  public boolean isForeground() {
    return descriptor >= 0 && SpawnLibC.call(TCGETPGRP, descriptor, 0, 0) == group;
  }

  /**
   * Makes our process group the foreground one if the present one has no process left, as a shell
   * that could not see our group's number leaves it behind.
   */
  public void takeBack() {
    if (descriptor < 0) {
      return;
    }
    int present = SpawnLibC.call(TCGETPGRP, descriptor, 0, 0);
    if (present > 0 && present != group && Linux.kill(-present, 0) == -Errno.ESRCH) {
      // A background group that changes this is sent SIGTTOU unless it ignores it.
      try (SpawnSignals _ = SpawnSignals.ignoring(SpawnSignals.bit(SpawnSignals.SIGTTOU))) {
        SpawnLibC.call(TCSETPGRP, descriptor, group, 0);
      }
    }
  }

  @Override
  public void close() {
    if (descriptor >= 0) {
      Linux.close(descriptor);
    }
  }
}
