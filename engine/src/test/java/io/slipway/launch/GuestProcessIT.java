package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Real namespaces, as root and as an ordinary user: what a command finds is what it finds without
 * us, and nothing is left behind however it ends.
 */
@Execution(ExecutionMode.CONCURRENT)
final class GuestProcessIT {
  private static final LaunchHost machine = new LaunchHost();

  private final LaunchHost host = machine.share();

  @BeforeAll
  static void prepareHost() {
    machine.prepare();
  }

  @AfterAll
  static void cleanHost() {
    machine.clean();
  }

  @ParameterizedTest
  @EnumSource
  void exitStatusIsTheCommands(LaunchHost.Caller caller) {
    assertThat(host.guest(caller, "true").status()).isEqualTo(0);
    assertThat(host.guest(caller, "sh", "-c", "exit 3").status()).isEqualTo(3);
    assertThat(host.guest(caller, "sh", "-c", "kill -TERM $$").status()).isEqualTo(143);
    assertThat(host.guest(caller, "sh", "-c", "kill -SEGV $$").status()).isEqualTo(139);
    assertThat(host.guest(caller, "sh", "-c", "exec >&- 2>&- <&-; sleep 0.2; exit 4").status())
        .isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource
  void commandThatCannotRunCostsOneLine(LaunchHost.Caller caller) {
    LaunchHost.Result missing = host.guest(caller, "nosuchcmd");
    assertThat(missing.err()).isEqualTo("slipway: nosuchcmd: command not found\n");
    assertThat(missing.status()).isEqualTo(127);
    LaunchHost.Result path = host.guest(caller, "./nosuchcmd");
    assertThat(path.err()).isEqualTo("slipway: ./nosuchcmd: no such file or directory\n");
    assertThat(path.status()).isEqualTo(127);
    LaunchHost.Result plain = host.guest(caller, "/etc/passwd");
    assertThat(plain.err())
        .isEqualTo("slipway: /etc/passwd: cannot execute: EACCES (permission denied)\n");
    assertThat(plain.status()).isEqualTo(126);
    LaunchHost.Result directory = host.guest(caller, "/etc");
    assertThat(directory.err()).isEqualTo("slipway: /etc: is a directory\n");
    assertThat(directory.status()).isEqualTo(126);
  }

  @ParameterizedTest
  @EnumSource
  void isRootAloneInNewNamespaces(LaunchHost.Caller caller) {
    String look =
        "id -u; readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt;"
            + " until set -- /proc/[0-9]* && [ $# -ge 3 ]; do :; done;" // it starts beside us
            + " echo /sys/class/net/* $*";
    // In one line, so that the outside lives as long: the kernel gives numbers out again.
    String both = look + "; " + host.launcher() + " sh -c \"$0\"";
    List<String> lines = host.shell(caller, both, look).lines();
    List<String> outside = lines.subList(0, lines.size() / 2);
    List<String> guest = lines.subList(lines.size() / 2, lines.size());
    assertThat(guest.getFirst()).isEqualTo("0");
    assertThat(guest.subList(1, 4)).doesNotContainAnyElementsOf(outside.subList(1, 4));
    // Process 1, the program it waits for, and the shell that looks.
    assertThat(guest.get(4)).matches("/sys/class/net/lo /proc/1 /proc/\\d+ /proc/\\d+");
  }

  /** Descriptors, signals, limits, umask, directory, priority, environment: each as without us. */
  @ParameterizedTest
  @EnumSource
  void commandFindsWhatTheCallerGave(LaunchHost.Caller caller) {
    String look =
        """
        for fd in /proc/self/fd/*; do n=${fd##*/}; echo $n $(readlink /proc/$$/fd/$n); done \
            | grep -v '^[012] \\|pipe:\\|/proc/' | sort
        grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
        ulimit -Sn; ulimit -Hn; umask; pwd; nice; cat <&7; env | LC_ALL=C sort
        """;
    List<String> callers =
        List.of(
            "",
            "env --ignore-signal=HUP,PIPE,QUIT,USR2 --block-signal=USR1,WINCH",
            "nohup",
            "nice -n 3 env 'VAR=one\ntwo' x=$(printf '\\377')");
    for (String prefix : callers) {
      String line =
          "cd /usr; umask 027; ulimit -Sn 700; exec 7</etc/hostname; exec " + prefix + " ";
      LaunchHost.Result natively = host.shell(caller, line + "sh -c \"$0\"", look);
      LaunchHost.Result guest =
          host.shell(caller, line + host.launcher() + " " + "sh -c \"$0\"", look);
      assertThat(guest.out()).as(prefix).isEqualTo(natively.out()).contains("7 /etc/hostname");
    }
  }

  @ParameterizedTest
  @EnumSource
  void argumentsArriveByteForByte(LaunchHost.Caller caller) {
    String[] words = {"printf", "<%s>", "a\nb", "", "q'\"\\", "*", "-x", "--", "\u00e4\u20ac", " "};
    assertThat(host.guest(caller, words).out())
        .isEqualTo("<a\nb><><q'\"\\><*><-x><--><\u00e4\u20ac>< >");
    List<String> many = new ArrayList<>(List.of("sh", "-c", "echo $# ${1000}", "name"));
    many.addAll(Collections.nCopies(999, "word"));
    many.add("last");
    assertThat(host.guest(caller, many.toArray(new String[0])).out()).isEqualTo("1000 last\n");
    String variables = "env -i A.B=3 'x y=z' PATH=/usr/bin:/bin ";
    assertThat(host.shell(caller, variables + host.java() + "env").lines())
        .containsExactlyInAnyOrder("A.B=3", "x y=z", "PATH=/usr/bin:/bin");
    String binary = "printf '<%s>' \"$(printf '\\377\\303')\" | od -An -tx1";
    assertThat(
            host.shell(caller, "LC_ALL=C; export LC_ALL; " + host.launcher() + " " + binary)
                .out()
                .strip())
        .isEqualTo("3c ff c3 3e");
  }

  @ParameterizedTest
  @EnumSource
  void standardStreamsAreTheCommands(LaunchHost.Caller caller) {
    String run = host.launcher() + " ";
    assertThat(host.shell(caller, "echo hi | " + run + "cat").out()).isEqualTo("hi\n");
    assertThat(host.shell(caller, run + "sh -c 'cat; echo err >&2' <&- 2>&1").out())
        .contains("err\n");
    // The reader sees the end as soon as the command closes its output, not when it ends.
    String early = "{ " + run + "sh -c 'exec >&-; sleep 2'; } | { cat; date +%s%N; }; date +%s%N";
    List<String> times = host.shell(caller, early).lines();
    assertThat(Long.parseLong(times.get(1)) - Long.parseLong(times.get(0)))
        .isGreaterThan(Duration.ofMillis(1500).toNanos());
  }

  @ParameterizedTest
  @EnumSource
  void signalsReachTheCommand(LaunchHost.Caller caller) {
    for (String signal : List.of("TERM", "INT", "HUP", "USR1", "USR2", "ALRM", "WINCH")) {
      String trap = "trap 'echo got; exit 9' " + signal + "; echo up; while :; do sleep 0.05; done";
      try (LaunchHost.Running engine = host.start(caller, "sh", "-c", trap)) {
        engine.awaitOut("up\n");
        engine.signal(signal);
        assertThat(engine.await().out()).as(signal).isEqualTo("up\ngot\n");
        assertThat(engine.await().status()).as(signal).isEqualTo(9);
      }
    }
    try (LaunchHost.Running engine = host.start(caller, "sh", "-c", "echo up; exec sleep 60")) {
      engine.awaitOut("up\n");
      engine.signal("QUIT");
      engine.signal("TERM");
      assertThat(engine.await().status()).isEqualTo(143);
      assertThat(engine.await().out()).isEqualTo("up\n");
    }
    host.assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource
  void orphansAreReapedAndDaemonsEnd(LaunchHost.Caller caller) {
    String orphans =
        "for i in 1 2 3; do (sh -c 'sleep 0.1 &' &); done; sleep 0.6; grep -l 'State:.Z'"
            + " /proc/[0-9]*/status; setsid sleep 300 & exit 0";
    assertThat(host.guest(caller, "sh", "-c", orphans).out()).isEmpty();
    host.assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource
  void killedEngineLeavesNothing(LaunchHost.Caller caller) {
    Random random = new Random(20260101);
    String daemons = "(setsid sleep 300 &); trap '' TERM INT HUP; sleep 300";
    for (int round = 0; round < 10; round++) {
      try (LaunchHost.Running engine = host.start(caller, "sh", "-c", daemons)) {
        LaunchHost.pause(Duration.ofMillis(random.nextInt(500)));
        engine.signal("KILL");
        assertThat(engine.await().status()).isEqualTo(137);
      }
      host.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @EnumSource
  void endedEngineLeavesNothing(LaunchHost.Caller caller) {
    Random random = new Random(20260102);
    for (String signal : List.of("TERM", "INT", "HUP", "TERM", "INT")) {
      try (LaunchHost.Running engine =
          host.start(caller, "sh", "-c", "(setsid sleep 300 &); exec sleep 300")) {
        LaunchHost.pause(Duration.ofMillis(random.nextInt(500)));
        engine.signal(signal);
        assertThat(engine.await().status()).isIn(129, 130, 143);
      }
      host.assertNothingLeft();
    }
  }

  /** The keys of a terminal, job control inside and outside: see the script. */
  @ParameterizedTest
  @EnumSource
  void terminalIsTheCommands(LaunchHost.Caller caller) {
    LaunchHost.Result result =
        host.run(caller, "python3", host.resource("guest-terminal.py"), host.launcher());
    assertThat(result.out()).as(result.err()).endsWith("all as expected\n");
    host.assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource
  void missingDeviceIsOneLine(LaunchHost.Caller caller) {
    List<String> hidden =
        new ArrayList<>(
            List.of(
                "unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev/net; exec \"$@\"", "sh"));
    hidden.addAll(caller.as(host, host.launcher(), "true"));
    LaunchHost.Result result = host.run(LaunchHost.Caller.ROOT, hidden.toArray(new String[0]));
    assertThat(result.err()).startsWith("slipway: /dev/net/tun: ENOENT (").hasLineCount(1);
    assertThat(result.status()).isEqualTo(125);
  }
}
