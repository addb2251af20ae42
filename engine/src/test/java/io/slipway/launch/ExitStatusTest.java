package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ExitStatusTest {
  @Test
  void statusOfWaitpidBecomesAShells() {
    assertThat(ExitStatus.of(0)).isEqualTo(0);
    assertThat(ExitStatus.of(0xff00)).isEqualTo(255);
    assertThat(ExitStatus.of(15)).isEqualTo(143);
    // Killed by SIGSEGV with a core dump.
    assertThat(ExitStatus.of(0x80 | 11)).isEqualTo(139);
  }
}
