package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Slipway;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Names: real programs ask at the DNS address of a guest, and dnsmasq answers as the host's
 * resolver. The host is a network and mount namespace whose /etc/resolv.conf is a link, as
 * systemd's is.
 */
final class DnsIT {
  private static final String FIRST = "127.0.0.2";
  private static final String SECOND = "127.0.0.3";
  private static final String SILENT = "127.0.0.9";

  /** Binds the port and reads nothing, as a resolver behind a dead link. */
  private static final String SILENCE =
      """
      import signal, socket, sys
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.bind((sys.argv[1], 53))
      t = socket.socket()
      t.bind((sys.argv[1], 53))
      t.listen(64)
      print("bound", flush=True)
      signal.pause()
      """;

  @TempDir Path directory;

  private final List<Proc> running = new ArrayList<>();
  private Proc host;

  @BeforeEach
  void makeHost() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    host = keep(Proc.start(List.of("unshare", "-nm", "sleep", "100000")));
    Await.until(
        "a namespace of its own",
        Duration.ofSeconds(10),
        () -> Proc.run("cat", "/proc/" + host.pid() + "/comm").text().equals("sleep"),
        host::soFar);
    host("ip link set lo up; mkdir run; mount -t tmpfs tmpfs /run; mkdir /run/names;"
            + " mount --bind run /run/names; mount -t tmpfs tmpfs /mnt; cp -a /etc /mnt/etc;"
            + " mount --bind /mnt/etc /etc; rm -f /etc/resolv.conf;"
            + " ln -s /run/names/resolv.conf /etc/resolv.conf")
        .ok();
  }

  @AfterEach
  void end() {
    running.reversed().forEach(Proc::close);
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void programsResolveNames(Caller caller) throws IOException {
    resolvers(FIRST);
    dnsmasq(FIRST, "1.2.3.4");
    Result result =
        slipway(
                caller,
                "--host-loopback --host-name db.test=10.9.8.7 --host-name db.test=2001:db8::7",
                """
                cat /etc/resolv.conf
                a() { echo "$1 = $(eval "$2" | tr '\\n' ' ')"; }
                a a 'dig +short one.test'
                a aaaa 'dig +short one.test AAAA'
                a mx 'dig +short one.test MX'
                a txt 'dig +short one.test TXT'
                a ptr 'dig +short -x 1.2.3.4'
                a any 'dig +short +tcp one.test ANY | sort'
                a search 'dig +short +search one'
                a tcp 'dig +short +tcp one.test'
                a six 'dig +short @fd00::3 one.test; dig +short +tcp @fd00::3 one.test'
                a large 'dig +bufsize=4096 +ignore big.test TXT | grep -E "udp:|flags:|SIZE"'
                a cut 'dig +noedns +ignore big.test TXT | grep -o "flags: [a-z ]*"'
                a retried 'dig big.test TXT | grep -E "SIZE|\\(TCP\\)"'
                a missing 'dig none.test | grep -o "status: [A-Z]*"'
                a own 'dig +short db.test; dig +short db.test AAAA; dig +short -x 10.9.8.7'
                a host 'dig +short host.slipway.internal; dig +short host.docker.internal AAAA'
                a podman 'dig +short +tcp host.containers.internal; dig +short -x 10.0.2.2'
                a getent 'getent ahosts db.test | cut -d" " -f1 | sort -u'
                a python 'python3 -c "import socket; print(socket.gethostbyname(\\"one\\"))"'
                a curl 'curl -s -o /dev/null --max-time 5 http://host.slipway.internal:1; echo $?'
                """)
            .ok();
    assertThat(result.out())
        .contains("nameserver 10.0.2.3\nsearch test other.test\noptions timeout:9\n")
        .contains("a = 1.2.3.4 \n")
        .contains("aaaa = 2001:db8::1 \n")
        .contains("mx = 10 mail.one.test. \n")
        .contains("txt = \"hello\" \n")
        .contains("ptr = one.test. \n")
        .containsPattern("any = .*10 mail.one.test.")
        .contains("search = 1.2.3.4 \n")
        .contains("tcp = 1.2.3.4 \n")
        .contains("six = 1.2.3.4 1.2.3.4 \n")
        .containsPattern("large = .*flags: qr aa rd ra; .*udp: 4096.*rcvd: 35..")
        .contains("cut = flags: qr aa tc rd ra \n")
        .containsPattern("retried = .*\\(TCP\\).*rcvd: 35..")
        .contains("missing = status: NXDOMAIN \n")
        .contains("own = 10.9.8.7 2001:db8::7 db.test. \n")
        .contains("host = 10.0.2.2 fd00::2 \n")
        .contains("podman = 10.0.2.2 host.slipway.internal. \n")
        .contains("getent = 10.9.8.7 2001:db8::7 \n")
        .contains("python = 1.2.3.4 \n")
        .contains("curl = 7 \n"); // the name was found, the port was not
    assertThat(result.err()).doesNotContain("xception");
    assertThat(host("cat /etc/resolv.conf").ok().out()).contains("nameserver " + FIRST);
  }

  @Test
  void aSilentResolverCostsLessThanASecondOnce() throws IOException {
    resolvers(SILENT, FIRST);
    dnsmasq(FIRST, "1.2.3.4");
    Proc silent = keep(Proc.start(inHost(List.of("python3", "-c", SILENCE, SILENT))));
    Await.until(
        "the silence", Duration.ofSeconds(10), () -> silent.out().contains("bound"), silent::soFar);
    Result result =
        slipway(
                Caller.ROOT,
                "",
                """
                for n in 1 2 3 4 5; do dig +time=3 +tries=1 one.test | grep -E 'Query time|^one'; done
                dig +tcp +time=3 +tries=1 one.test | grep -E 'Query time|^one'
                """)
            .ok();
    assertThat(result.out().split("1\\.2\\.3\\.4", -1)).hasSize(7);
    List<Integer> millis =
        result
            .out()
            .lines()
            .filter(line -> line.contains("Query time"))
            .map(line -> Integer.parseInt(line.replaceAll("[^0-9]", "")))
            .toList();
    assertThat(millis.getFirst()).isBetween(350, 999);
    assertThat(millis.subList(1, 6)).allMatch(one -> one < 350);
  }

  @Test
  void aChangedFileIsFollowed() throws IOException {
    resolvers(FIRST);
    dnsmasq(FIRST, "1.2.3.4");
    dnsmasq(SECOND, "5.6.7.8");
    Proc guest =
        keep(
            Proc.start(
                inHost(
                    command(
                        Caller.ROOT,
                        "",
                        "dig +short one.test; while [ ! -e DIR/changed ]; do sleep 0.05; done;"
                            + " dig +short one.test"))));
    Await.until(
        "an answer", Duration.ofSeconds(30), () -> guest.out().contains("1.2.3.4"), guest::soFar);
    resolvers(SECOND);
    Await.pause(Duration.ofMillis(300)); // inotify is quick, and nobody can ask whether it was
    Files.writeString(directory.resolve("changed"), "");
    assertThat(guest.await(Duration.ofSeconds(20)).ok().out()).isEqualTo("1.2.3.4\n5.6.7.8\n");
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void aPlainFileIsCoveredToo(Caller caller) throws IOException {
    resolvers(FIRST);
    dnsmasq(FIRST, "1.2.3.4");
    host("rm /etc/resolv.conf; cat run/resolv.conf > /etc/resolv.conf").ok();
    assertThat(slipway(caller, "", "cat /etc/resolv.conf; ls /sys; dig +short one.test").ok().out())
        .contains("nameserver 10.0.2.3\n")
        .contains("class\n")
        .contains("1.2.3.4\n");
    assertThat(host("cat /etc/resolv.conf").ok().out()).contains("nameserver " + FIRST);
  }

  @Test
  void optionsDecideWhoAnswers() throws IOException {
    resolvers(FIRST);
    dnsmasq(FIRST, "1.2.3.4");
    dnsmasq(SECOND, "5.6.7.8");
    assertThat(slipway(Caller.ROOT, "--dns-server " + SECOND, "dig +short one.test").ok().out())
        .isEqualTo("5.6.7.8\n");
    Result refused =
        slipway(
                Caller.ROOT,
                "--no-outbound --host-name a.test=10.1.1.1",
                "dig one.test | grep -o 'status: [A-Z]*'; dig +short a.test")
            .ok();
    assertThat(refused.out()).isEqualTo("status: REFUSED\n10.1.1.1\n");
    assertThat(refused.err()).contains("info name_error name=one.test reason=policy\n");
    Result none =
        slipway(
            Caller.ROOT,
            "--no-dns",
            "cat /etc/resolv.conf; dig +time=2 +tries=1 @10.0.2.3 one.test");
    assertThat(none.out()).contains("nameserver " + FIRST).contains("connection refused");
  }

  @Test
  void aNameThatNobodyResolvesIsAnEvent() throws IOException {
    resolvers(FIRST);
    String script =
        """
        dig +tries=1 one.test | grep -o 'status: [A-Z]*'
        dig +tcp 'a\\027[31m b.test' | grep -o 'status: [A-Z]*'
        """;
    Result result = slipway(Caller.ROOT, "--log-format json", script).ok();
    assertThat(result.out()).isEqualTo("status: SERVFAIL\nstatus: SERVFAIL\n");
    String rest = "\",\"server\":\"" + FIRST + "\",\"reason\":\"unreachable\"}\n";
    assertThat(result.err())
        .contains("\"level\":\"info\",\"event\":\"name_error\",\"name\":\"one.test" + rest)
        .contains("\"name\":\"a\\\\027[31m\\\\032b.test" + rest);
  }

  private Result slipway(Caller caller, String options, String script) {
    return Proc.run(inHost(command(caller, options, script)));
  }

  private List<String> command(Caller caller, String options, String script) {
    List<String> arguments = new ArrayList<>(List.of("run"));
    if (!options.isEmpty()) {
      arguments.addAll(List.of(options.split(" ", -1)));
    }
    arguments.addAll(List.of("--", "sh", "-c", script.replace("DIR", directory.toString())));
    return Slipway.command(caller, arguments.toArray(String[]::new));
  }

  private Result host(String line) {
    String there = "cd " + directory + "; " + line.replace("DIR", directory.toString());
    return Proc.run(inHost(List.of("sh", "-c", there)));
  }

  private List<String> inHost(List<String> argv) {
    List<String> all =
        new ArrayList<>(List.of("nsenter", "-t", Long.toString(host.pid()), "-n", "-m", "--"));
    all.addAll(argv);
    return all;
  }

  /** By a rename, as those who write it do. */
  private void resolvers(String... servers) throws IOException {
    StringBuilder text = new StringBuilder("search test other.test\noptions timeout:9\n");
    for (String server : servers) {
      text.append("nameserver ").append(server).append('\n');
    }
    Path fresh = directory.resolve("run/fresh");
    Files.writeString(fresh, text, StandardCharsets.US_ASCII);
    Files.move(fresh, directory.resolve("run/resolv.conf"), StandardCopyOption.ATOMIC_MOVE);
  }

  private void dnsmasq(String at, String one) {
    String text = "x".repeat(250);
    List<String> argv =
        List.of(
            "dnsmasq",
            "-k",
            "--user=root",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            "--listen-address=" + at,
            "--edns-packet-max=4096",
            "--pid-file=",
            "--host-record=one.test," + one + ",2001:db8::1",
            "--mx-host=one.test,mail.one.test,10",
            "--txt-record=one.test,hello",
            "--txt-record=big.test," + String.join(",", List.of(text, text, text, text, text)),
            "--txt-record=big.test,2" + String.join(",", List.of(text, text, text, text, text)),
            "--txt-record=big.test,3" + String.join(",", List.of(text, text, text, text)),
            "--local=/test/");
    Proc server = keep(Proc.start(inHost(argv)));
    Await.until(
        "dnsmasq at " + at,
        Duration.ofSeconds(10),
        () -> host("dig +time=1 +tries=1 +short @" + at + " one.test").out().contains(one),
        server::soFar);
  }

  private Proc keep(Proc started) {
    running.add(started);
    return started;
  }
}
