package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LinuxTest {
  @Test
  void isOneLineForTheUser() {
    LinuxException e = new LinuxException("/dev/net/tun", Errno.EACCES);
    assertThat(e).hasMessage("/dev/net/tun: EACCES (permission denied)");
    assertThat(e.errno()).isEqualTo(13);
    assertThat(e.errnoName()).isEqualTo("EACCES");
    assertThat(new LinuxException("x", 999)).hasMessage("x: errno 999 (see errno(3))");
  }

  @Test
  void passesGoodResultsOn() {
    assertThat(LinuxException.check("x", 0)).isZero();
    assertThat(LinuxException.check("x", 7)).isEqualTo(7);
    assertThatThrownBy(() -> LinuxException.check("x", -1)).hasMessage("x: EPERM (not permitted)");
  }

  @Test
  void callsReturnTheErrnoOfTheirOwnThread() {
    assertThat(Linux.open("/nonexistent", Linux.O_RDONLY)).isEqualTo(-Errno.ENOENT);
    assertThat(Linux.close(-1)).isEqualTo(-Errno.EBADF);
    assertThat(Linux.kill(0x7fff_fff0, 0)).isEqualTo(-Errno.ESRCH);
    assertThat(Linux.pidfdOpen(0x7fff_fff0)).isEqualTo(-Errno.ESRCH);
    assertThat(Linux.ioctl(-1, 0x54e3, 0)).isEqualTo(-Errno.EBADF);
    assertThat(Linux.setns(-1, Linux.CLONE_NEWNET)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void aPipeCarriesBytesAndWakesAPoll() {
    int[] ends = new int[2];
    assertThat(Linux.pipe2(ends, Linux.O_CLOEXEC | Linux.O_NONBLOCK)).isZero();
    assertThat(Linux.fcntl(ends[0], Linux.F_GETFD, 0)).isEqualTo(Linux.FD_CLOEXEC);
    assertThat(Linux.pollInput(0, ends[0])).isZero();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(8);
      assertThat(Linux.read(ends[0], bytes.address(), 8)).isEqualTo(-Errno.EAGAIN);
      bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) 9);
      assertThat(Linux.write(ends[1], bytes.address(), 3)).isEqualTo(3);
      assertThat(Linux.pollInput(-1, ends[1], ends[0])).isEqualTo(2);
      assertThat(Linux.read(ends[0], bytes.address() + 4, 4)).isEqualTo(3);
      assertThat(bytes.get(ValueLayout.JAVA_BYTE, 4)).isEqualTo((byte) 9);
    }
    Linux.close(ends[1]);
    assertThat(Linux.pollInput(-1, ends[0])).isEqualTo(1);
    Linux.close(ends[0]);
  }

  @Test
  void fetchesADescriptorOfAProcess() {
    int pidfd = Linux.pidfdOpen((int) ProcessHandle.current().pid());
    assertThat(pidfd).isPositive();
    int copy = Linux.pidfdGetfd(pidfd, pidfd);
    assertThat(copy).isPositive().isNotEqualTo(pidfd);
    assertThat(Linux.pidfdSendSignal(copy, 0)).isZero();
    Linux.close(copy);
    Linux.close(pidfd);
  }

  @Test
  void knowsItsUser() throws Exception {
    Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    assertThat(Linux.geteuid()).isEqualTo(uid);
  }
}
