package io.slipway.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.HandMade;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Slipway;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Namespaces that exist already get their network, by every kind of name that they have. */
final class AttachIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  @ParameterizedTest
  @EnumSource(Caller.class)
  void byProcessWithAnInterfaceOfItsOwn(Caller caller) {
    try (HandMade space = HandMade.make(caller, "true");
        Proc engine = ready(caller, "--pid", "" + space.pid(), "--host-loopback")) {
      assertThat(space.run("ip addr show tap0").ok().out())
          .contains("mtu 1500", "10.0.2.100/24", "fd00::100/64");
      assertReaches(space, engine);
      end(engine);
      assertThat(space.run("ip -o link").ok().out()).doesNotContain("tap0");
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void optionsDecideTheInterface(Caller caller) {
    try (HandMade space = HandMade.make(caller, "true");
        Proc engine =
            ready(
                caller,
                "--pid",
                "" + space.pid(),
                "--host-loopback",
                "--interface",
                "net7",
                "--mtu",
                "9000",
                "--cidr",
                "172.31.5.0/24",
                "--no-ipv6")) {
      assertThat(space.run("ip addr show net7").ok().out())
          .contains("mtu 9000", "172.31.5.100/24")
          .doesNotContain("fd00::");
      assertThat(space.run("ip route").ok().out()).contains("default via 172.31.5.2");
      // nobody speaks IPv6 there, even to a guest that does
      space.run("ip addr add fd00::100/64 dev net7 nodad").ok();
      assertThat(space.run("ping -c 1 -W 1 fd00::2").status()).isEqualTo(1);
      space.run("ping -c 1 -W 2 172.31.5.2").ok();
      assertThat(engine.isAlive()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void noConfigureLeavesTheInterfaceAlone(Caller caller) {
    try (HandMade space = HandMade.make(caller, "true");
        Proc engine =
            ready(caller, "--pid", "" + space.pid(), "--host-loopback", "--no-configure")) {
      assertThat(space.run("ip addr show tap0").ok().out()).doesNotContain("inet ", "state UP");
      space
          .run(
              "ip link set tap0 up; ip addr add 10.0.2.100/24 dev tap0;"
                  + " ip route add default via 10.0.2.2")
          .ok();
      assertReaches(space, engine);
    }
  }

  @Test
  void byNameOfANamespaceInRun() {
    String name = "slipway-it-named-" + ProcessHandle.current().pid();
    Proc.run("ip", "netns", "add", name).ok();
    try (Proc engine = ready(Caller.ROOT, "--netns", name, "--host-loopback")) {
      assertThat(Proc.run("ip", "-n", name, "addr").ok().out()).contains("10.0.2.100/24");
      assertThat(engine.isAlive()).isTrue();
      // A TAP keeps its namespace alive: the engine must see the name go.
      Proc.run("ip", "netns", "del", name).ok();
      engine.await(SOON).ok();
    } finally {
      Proc.run("ip", "netns", "del", name);
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void endsWithTheProcess(Caller caller) {
    try (HandMade space = HandMade.make(caller, "true");
        Proc engine = ready(caller, "--pid", "" + space.pid())) {
      Proc.signal(space.pid(), "KILL");
      engine.await(SOON).ok();
    }
  }

  /**
   * Has a child open a TAP in the namespaces of a process, takes it over as descriptor 7 and
   * becomes the engine.
   */
  static final String OPEN_TAP_AND_EXEC =
      """
      import ctypes, fcntl, os, socket, struct, sys
      pid, launcher = sys.argv[1:]
      ours, theirs = socket.socketpair()
      if os.fork() == 0:
          spaces = [os.open('/proc/%s/ns/%s' % (pid, kind), os.O_RDONLY) for kind in ('user', 'net')]
          libc = ctypes.CDLL(None, use_errno=True)
          for space in spaces if os.getuid() else spaces[1:]:
              assert libc.setns(space, 0) == 0, os.strerror(ctypes.get_errno())
          tap = os.open('/dev/net/tun', os.O_RDWR)
          fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'tap9', 0x1002))
          os.system('ip link set lo up; ip link set tap9 up; ip addr add 10.0.2.100/24 dev tap9;'
                    'ip route add default via 10.0.2.2')
          socket.send_fds(theirs, [b'x'], [tap])
          os._exit(0)
      tap, = socket.recv_fds(ours, 1, 1)[1]
      os.dup2(tap, 7, inheritable=True)
      os.execv(launcher, [launcher, 'attach', '--fd', '7', '--host-loopback'])
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void anInheritedTapIsServed(Caller caller) {
    try (HandMade space = HandMade.make(caller, "true");
        Proc engine =
            Proc.start(
                caller.as(
                    "/usr/bin/python3",
                    "-c",
                    OPEN_TAP_AND_EXEC,
                    "" + space.pid(),
                    Slipway.launcher()))) {
      assertReaches(space, engine);
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void whatIsNotThereIsOneLine(Caller caller) {
    Result none = Slipway.run(caller, "attach", "--netns", "/proc/999999/ns/net");
    assertThat(none.status()).as(none.toString()).isEqualTo(1);
    assertThat(none.err().strip().lines()).hasSize(1);
    assertThat(none.err()).contains("/proc/999999/ns/net", "ENOENT");
  }

  static void assertReaches(HandMade space, Proc engine) {
    try (TcpServer server =
        TcpServer.start(client -> client.getOutputStream().write("hello".getBytes(US_ASCII)))) {
      String line =
          "socat -T 5 -u TCP4:" + Guest.GATEWAY + ":" + server.port() + ",connect-timeout=2 -";
      Await.until(
          "the host's server is reached",
          SOON,
          () -> space.run(line).text().equals("hello"),
          engine::soFar);
    }
  }

  static void end(Proc engine) {
    engine.signal("TERM");
    // Either an orderly end or, as a shell would say, one by signal 15.
    assertThat(engine.await(SOON).status()).as(engine.err()).isIn(0, 143);
  }

  /** Starts an engine and waits for its word on {@code --ready-fd}. */
  static Proc ready(Caller caller, String... options) {
    Path word = TestHost.scratch("ready");
    String line = "exec \"$0\" attach --ready-fd 3 \"$@\" 3>" + word;
    List<String> argv = new ArrayList<>(List.of("sh", "-c", line, Slipway.launcher()));
    argv.addAll(List.of(options));
    Proc engine = Proc.start(caller.as(argv));
    try {
      Await.until("ready", SOON, () -> "1".equals(read(word)) || !engine.isAlive(), engine::soFar);
      assertThat(engine.isAlive()).as(engine.soFar().toString()).isTrue();
      return engine;
    } catch (AssertionError e) {
      engine.close();
      throw e;
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
