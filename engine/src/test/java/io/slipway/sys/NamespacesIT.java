package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Needs root. */
class NamespacesIT {
  private static final Path THREAD = Path.of("/proc/thread-self/ns/net");
  private static final Path PROCESS = Path.of("/proc/self/ns/net");

  @Test
  void visitsAnotherNamespaceWithOneThreadOnly() throws IOException {
    Namespaces.Identity home = Namespaces.identity(PROCESS);
    try (ScratchNamespace guest = new ScratchNamespace()) {
      Namespaces.Identity there = Namespaces.call(guest.fd(), () -> Namespaces.identity(THREAD));

      assertThat(there).isEqualTo(Namespaces.identity(guest.path())).isNotEqualTo(home);
      assertThat(there).isEqualTo(Namespaces.identity(guest.fd()));
      assertThat(there.networkName()).isEqualTo("net:[" + there.inode() + "]");
    }
    assertThat(Namespaces.identity(THREAD)).isEqualTo(home);
  }

  @Test
  void passesOnWhatTheVisitThrows() {
    try (ScratchNamespace guest = new ScratchNamespace()) {
      assertThatThrownBy(() ->
              Namespaces.call(
                  guest.fd(),
                  () -> {
                    throw new IOException("inside");
                  }))
          .isInstanceOf(CompletionException.class)
          .hasRootCauseMessage("inside");
      assertThatThrownBy(() -> Namespaces.call(-1, () -> 0))
          .hasMessage("setns: EBADF (not an open descriptor)");
    }
  }

  @Test
  void knowsTheOwner() throws IOException {
    try (ScratchNamespace guest = new ScratchNamespace()) {
      assertThat(Namespaces.isNetwork(guest.fd())).isTrue();
      int owner = LinuxException.check("owner", Namespaces.ownerOf(guest.fd()));
      assertThat(Namespaces.isNetwork(owner)).isFalse();
      assertThat(Namespaces.identity(owner))
          .isEqualTo(Namespaces.identity(Path.of("/proc/self/ns/user")));
      assertThat(Namespaces.creatorOf(owner)).isZero();
      Linux.close(owner);
    }
  }
}
