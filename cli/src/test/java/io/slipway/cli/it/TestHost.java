package io.slipway.cli.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * This machine, prepared for the integration tests: set up by whoever asks first, restored when the
 * process that runs the tests ends. Several runs may share a machine: what each one makes bears its
 * process id.
 */
public final class TestHost {
  /** True for the full sizes, false for those of a quick run. */
  public static final boolean LONG = Boolean.getBoolean("slipway.long");

  private static final List<String> TOOLS =
      List.of(
          "curl",
          "dhclient",
          "dig",
          "dnsmasq",
          "ethtool",
          "ip",
          "iperf3",
          "nginx",
          "nsenter",
          "pasta",
          "ping",
          "python3",
          "setpriv",
          "slirp4netns",
          "socat",
          "ss",
          "tracepath",
          "traceroute",
          "udhcpc",
          "unshare",
          "useradd",
          "wrk");

  private static @Nullable Setup setup;

  private TestHost() {}

  /** Scratch directory, readable for everybody, gone at the end. */
  public static Path directory() {
    return current().directory;
  }

  /** A new path in the scratch directory where every caller may create a file. */
  public static Path scratch(String name) {
    try {
      Path room = Files.createTempDirectory(directory(), name);
      Files.setPosixFilePermissions(room, PosixFilePermissions.fromString("rwxrwxrwx"));
      return room.resolve(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The root of the source checkout, as every caller can see it. */
  public static Path checkout() {
    return current().checkout;
  }

  static OrdinaryUser user() {
    OrdinaryUser user = current().user;
    if (user == null) {
      throw new IllegalStateException("the user is not made yet");
    }
    return user;
  }

  private static synchronized Setup current() {
    Setup now = setup;
    if (now == null) {
      try {
        now = new Setup();
        setup = now; // the preparation below uses it already
        now.prepare();
        Runtime.getRuntime().addShutdownHook(new Thread(now::undo));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (AssertionError e) {
        current().undo();
        setup = null; // the next test fails for the same reason
        throw e;
      }
    }
    return now;
  }

  /** What is to be undone when this process ends. */
  private static final class Setup {
    private final Path directory;
    private Path checkout;
    private @Nullable OrdinaryUser user;
    private @Nullable Path mounted;
    private @Nullable TunDevice tun;

    private Setup() throws IOException {
      Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath().normalize();
      checkout = checkoutAbove(module);
      directory = Files.createTempDirectory("slipway-it-");
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path checkoutAbove(Path module) {
      Path at = module;
      while (at != null && !Files.isExecutable(at.resolve("cli/bin/slipway"))) {
        at = at.getParent();
      }
      if (at == null) {
        throw new AssertionError("no cli/bin/slipway above " + module);
      }
      return at;
    }

    private void prepare() throws IOException {
      if (!Proc.run("id", "-u").ok().text().equals("0")) {
        throw new AssertionError("the integration tests make users and namespaces: run as root");
      }
      requireTools();
      tun = new TunDevice();
      OrdinaryUser made = new OrdinaryUser(Files.createDirectory(directory.resolve("home")));
      user = made;
      showCheckoutTo(made);
    }

    private static void requireTools() {
      List<String> missing = new ArrayList<>();
      for (String tool : TOOLS) {
        if (Proc.run("sh", "-c", "command -v " + tool).status() != 0) {
          missing.add(tool);
        }
      }
      if (!missing.isEmpty()) {
        throw new AssertionError("the integration tests need these tools: " + missing);
      }
    }

    /** A clone in a private directory is shown to the user through a read-only bind mount. */
    private void showCheckoutTo(OrdinaryUser made) throws IOException {
      List<String> probe = new ArrayList<>(made.prefix());
      probe.addAll(List.of("test", "-x", checkout.resolve("cli/bin/slipway").toString()));
      if (Proc.run(probe).status() == 0) {
        return;
      }
      Path view = Files.createTempDirectory("slipway-checkout-");
      Files.setPosixFilePermissions(view, PosixFilePermissions.fromString("rwxr-xr-x"));
      Proc.run("mount", "--bind", checkout.toString(), view.toString()).ok();
      mounted = view;
      Proc.run("mount", "-o", "remount,bind,ro", view.toString()).ok();
      checkout = view;
    }

    private void undo() {
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
      Path view = mounted;
      if (view != null) {
        checkout = Path.of("/");
        Proc.run("umount", view.toString()).ok();
        Proc.run("rmdir", view.toString()).ok();
      }
      OrdinaryUser made = user;
      if (made != null) {
        made.remove();
      }
      try {
        TunDevice opened = tun;
        if (opened != null) {
          opened.close();
        }
        deleteDirectory();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void deleteDirectory() throws IOException {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }
}
