package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Needs root. */
class WatchIT {
  private final CountDownLatch ended = new CountDownLatch(1);

  @Test
  void seesAProcessEnd() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    try (Watch _ = Watch.process((int) process.pid(), ended::countDown)) {
      assertThat(ended.await(200, TimeUnit.MILLISECONDS)).isFalse();
      process.destroyForcibly();
      assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void refusesAProcessThatHasEnded() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    int pid = (int) process.pid();
    assertThatThrownBy(() -> Watch.process(pid, ended::countDown))
        .hasMessage("process " + pid + ": ESRCH (no such process)");
  }

  @Test
  void seesANamedNamespaceDeletedAlthoughItLivesOn() throws Exception {
    try (ScratchNamespace guest = new ScratchNamespace();
        Watch _ = Watch.name(guest.path(), Namespaces.identity(guest.path()), ended::countDown)) {
      assertThat(ended.await(200, TimeUnit.MILLISECONDS)).isFalse();
      long start = System.nanoTime();
      guest.delete();
      assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(900));
      assertThat(Namespaces.isNetwork(guest.fd())).isTrue();
    }
  }

  @Test
  void waitsWithoutWorking() throws Exception {
    try (ScratchNamespace guest = new ScratchNamespace();
        Watch _ = Watch.name(guest.path(), Namespaces.identity(guest.path()), ended::countDown)) {
      long thread =
          Thread.getAllStackTraces().keySet().stream()
              .filter(t -> t.getName().equals("guest-watch"))
              .mapToLong(Thread::threadId)
              .max()
              .orElseThrow();
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      long before = threads.getThreadCpuTime(thread);
      assertThat(ended.await(2500, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(Duration.ofNanos(threads.getThreadCpuTime(thread) - before))
          .as("processor time of a watch with nothing to see")
          .isLessThan(Duration.ofMillis(100));
    }
  }

  @Test
  void isSilentOnceClosed() throws IOException, InterruptedException {
    try (ScratchNamespace guest = new ScratchNamespace()) {
      Watch watch = Watch.name(guest.path(), Namespaces.identity(guest.path()), ended::countDown);
      watch.close();
      watch.close();
      guest.delete();
      assertThat(ended.await(1500, TimeUnit.MILLISECONDS)).isFalse();
    }
  }
}
