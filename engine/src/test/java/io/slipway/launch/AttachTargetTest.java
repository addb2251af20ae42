package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AttachTargetTest {
  @Test
  void aWordIsANameAndAnythingWithASlashAPath() {
    assertThat(AttachTarget.Named.of("blue", null).path()).isEqualTo(Path.of("/run/netns/blue"));
    assertThat(AttachTarget.Named.of("./blue", null).path()).isEqualTo(Path.of("./blue"));
    assertThat(AttachTarget.Named.of("/proc/7/ns/net", null).path())
        .isEqualTo(Path.of("/proc/7/ns/net"));
    assertThat(AttachTarget.Named.of("blue", null).label()).isEqualTo("--netns blue");
  }

  @Test
  void knowsThePathsThatStandForAProcess() {
    long us = ProcessHandle.current().pid();
    assertThat(AttachTarget.Named.of("/proc/" + us + "/ns/net", null).processId()).isEqualTo(us);
    assertThat(AttachTarget.Named.of("/proc/self/ns/net", null).processId()).isEqualTo(-1);
    assertThat(AttachTarget.Named.of("/proc/" + us + "/ns/mnt", null).processId()).isEqualTo(-1);
    assertThat(AttachTarget.Named.of("/run/netns/7", null).processId()).isEqualTo(-1);
  }

  @Test
  void aProcessHasItsNamespaceInProc() {
    assertThat(new AttachTarget.Pid(42).path()).isEqualTo(Path.of("/proc/42/ns/net"));
    assertThat(new AttachTarget.Pid(42).label()).isEqualTo("--pid 42");
  }

  @Test
  void theDoorRefusesInOneLine() {
    int gone = 0x3fff_fff0;
    assertThatThrownBy(() -> NamespaceDoor.open(new AttachTarget.Pid(gone)))
        .isInstanceOf(LaunchException.class)
        .hasMessage(
            "--pid " + gone + ": /proc/" + gone + "/ns/net: ENOENT (no such file or directory)");
    assertThatThrownBy(() -> NamespaceDoor.open(AttachTarget.Named.of("/dev/null", null)))
        .hasMessage("--netns /dev/null: /dev/null is not a network namespace");
    int us = (int) ProcessHandle.current().pid();
    assertThatThrownBy(() -> NamespaceDoor.open(new AttachTarget.Pid(us)))
        .hasMessageContaining("is the namespace that Slipway itself is in");
  }
}
