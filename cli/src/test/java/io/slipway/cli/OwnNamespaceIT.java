package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.HandMade;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Services.Server;
import io.slipway.cli.it.Slipway;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * README, "Bring your own namespace", typed into two shells as it stands there: the first block of
 * code into one, the second, in which {@code $PID} is what the first one printed, into the other.
 */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class OwnNamespaceIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String DEVICE = "tun0";
  private static final String GATEWAY6 = "2001:2::2";

  private final List<String> blocks = blocks();

  private static List<String> blocks() {
    try {
      String readme = Files.readString(TestHost.checkout().resolve("README.md"));
      Matcher section =
          Pattern.compile("<!-- begin: own-namespace -->(.*?)<!-- end -->", Pattern.DOTALL)
              .matcher(readme);
      assertThat(section.find()).as("README has the section's markers").isTrue();
      List<String> found = new ArrayList<>();
      Matcher code =
          Pattern.compile("^```\\w*\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
              .matcher(section.group(1));
      while (code.find()) {
        found.add(code.group(1));
      }
      assertThat(found).as("one block for either shell").hasSize(2);
      return List.copyOf(found);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void theReadmesStepsWork(Caller caller) {
    Sample sample = Sample.make(TestHost.LONG ? 1024 : 128);
    try (Server nginx = Services.nginx(sample.path().getParent());
        Proc first = Proc.start(caller.as("bash"))) {
      first.type(blocks.get(0));
      Await.until(
          "the namespace's shell says its process id",
          SOON,
          () -> first.out().matches("(?s)(.*\n)?\\d+\n.*"),
          first::soFar);
      long pid = Long.parseLong(first.out().strip().lines().reduce((a, b) -> b).orElseThrow());
      String before = HandMade.describe(caller, pid, DEVICE);
      assertThat(before).contains("mtu 65521", "10.0.2.100/24", "2001:2::100/32");

      try (Proc engine = second(caller, pid)) {
        Await.until("the engine serves", SOON, () -> answers(caller, pid), engine::soFar);
        // The kernel asks first whether anybody else has the guest's IPv6 address.
        Await.until("over IPv6 too", SOON, () -> answers(caller, pid, GATEWAY6), engine::soFar);
        first.type(fetch(nginx.port(), sample));
        Await.until("the file", Proc.LIMIT, () -> first.out().contains("fetched "), first::soFar);
        assertThat(first.out())
            .as("over both families: " + first.soFar() + engine.soFar())
            .containsSubsequence(sample.sha256(), sample.sha256());

        Result rival = Proc.run(secondCommand(caller), Map.of("PID", "" + pid));
        assertThat(rival.status()).as(rival.toString()).isEqualTo(1);
        assertThat(rival.err().strip().lines()).as("one line").hasSize(1);
        assertThat(rival.err()).contains("EBUSY", DEVICE);

        end(engine);
      }
      assertThat(HandMade.describe(caller, pid, DEVICE)).isEqualTo(before);
      try (Proc next = second(caller, pid)) {
        Await.until("the next engine serves", SOON, () -> answers(caller, pid), next::soFar);
        assertThat(first.isAlive()).isTrue();
      }
    }
  }

  private Proc second(Caller caller, long pid) {
    return Proc.start(secondCommand(caller), Map.of("PID", "" + pid));
  }

  private List<String> secondCommand(Caller caller) {
    // The engine takes the shell's place, so that a signal to the process is one to the engine.
    return caller.shell("exec " + blocks.get(1).strip() + " --host-loopback");
  }

  private static void end(Proc engine) {
    engine.signal("TERM");
    // Either an orderly end or, as a shell would say, one by signal 15.
    assertThat(engine.await(SOON).status()).as(engine.err()).isIn(0, 143);
  }

  private static String fetch(int port, Sample sample) {
    String line = "curl -gs http://%s:%d/%s | sha256sum; ";
    return line.formatted(Guest.GATEWAY, port, sample.name())
        + line.formatted("[" + GATEWAY6 + "]", port, sample.name())
        + "echo fetched it\n";
  }

  private static boolean answers(Caller caller, long pid) {
    return answers(caller, pid, Guest.GATEWAY);
  }

  private static boolean answers(Caller caller, long pid, String gateway) {
    return Proc.run(
                caller.as(
                    "nsenter",
                    "-t",
                    "" + pid,
                    "-U",
                    "-n",
                    "--preserve-credentials",
                    "ping",
                    "-c1",
                    "-W1",
                    gateway))
            .status()
        == 0;
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void aPlainEngineMayFollow(Caller caller) {
    // Offloads that stayed switched on would make the next opener's frames too big for it.
    Sample sample = Sample.make(8);
    try (TcpServer sink = Services.uploadSink();
        HandMade space =
            HandMade.make(
                caller,
                """
                ip tuntap add mode tap name tun0; ip link set lo up; ip link set tun0 up mtu 1500
                ip addr add 10.0.2.100/24 dev tun0; ip route add default via 10.0.2.2
                """)) {
      String netns = "/proc/" + space.pid() + "/ns/net";
      try (Proc ours =
          Slipway.start(
              caller, "attach", "--interface", DEVICE, "--netns", netns, "--host-loopback")) {
        upload(space, sink.port(), sample, ours);
        end(ours);
      }
      try (Proc slirp = Proc.start(caller.as("slirp4netns", "" + space.pid(), DEVICE))) {
        upload(space, sink.port(), sample, slirp);
      }
    }
  }

  private static void upload(HandMade space, int port, Sample sample, Proc engine) {
    Await.until(
        "the gateway answers",
        SOON,
        () -> space.run("ping -c1 -W1 " + Guest.GATEWAY).status() == 0,
        engine::soFar);
    Result put =
        space.run(
            "curl -sS -m 20 -H Expect: -T %s http://%s:%d/"
                .formatted(sample.path(), Guest.GATEWAY, port));
    assertThat(put.ok().text()).isEqualTo(sample.sha256());
  }
}
