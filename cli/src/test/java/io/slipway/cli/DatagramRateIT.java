package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.HandMade;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.TestHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Datagrams as QUIC sends them, 1400 bytes each and 46 to a call, next to slirp4netns and pasta: at
 * least four times as many as the one and not fewer than the other. All have an MTU of 1500 and
 * take turns; medians are compared.
 */
@Isolated
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class DatagramRateIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final int ROUNDS = TestHost.LONG ? 9 : 3;
  private static final double SECONDS = TestHost.LONG ? 1 : 0.15;
  private static final String SCRIPT = "datagram_rate.py";

  @Parameter Caller caller;

  private Proc server;
  private Guest guest;
  private HandMade besideSlirp;
  private HandMade besidePasta;
  private Proc slirp4netns;
  private Proc pasta;

  @BeforeParameterizedClassInvocation
  void start() {
    server = Proc.startScript(List.of(), SCRIPT, "serve");
    Await.until("a server", SOON, () -> !server.out().isBlank(), server::soFar);
    guest = Guest.startUnwatched(caller, "--host-loopback");
    // pasta wants a user namespace, root or not
    besideSlirp = HandMade.make(Caller.USER, "ip link set lo up");
    besidePasta = HandMade.make(Caller.USER, "ip link set lo up");
    slirp4netns =
        Proc.start(
            Caller.USER.shell("exec slirp4netns -c --mtu=1500 " + besideSlirp.pid() + " tap0"));
    pasta =
        Proc.start(
            Caller.USER.shell(
                "exec pasta -f -q --config-net -4 -m 1500 -a 10.0.2.100 -n 24 -g 10.0.2.2"
                    + " --ns-ifname tap0 -t none -u none -T none -U none "
                    + besidePasta.pid()));
    waitFor(besideSlirp, slirp4netns);
    waitFor(besidePasta, pasta);
  }

  private static void waitFor(HandMade namespace, Proc engine) {
    Await.until(
        "a default route",
        SOON,
        () -> !namespace.run("ip -4 route show default").text().isEmpty(),
        engine::soFar);
  }

  @AfterParameterizedClassInvocation
  void stop() {
    pasta.close();
    slirp4netns.close();
    besidePasta.close();
    besideSlirp.close();
    guest.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"out", "in"})
  void ofBurstsMoreCrossThanBesideOthers(String way) {
    List<Double> ours = new ArrayList<>();
    List<Double> slirps = new ArrayList<>();
    List<Double> pastas = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      double one = rate(way, line -> guest.run(line).ok().text());
      double other = rate(way, line -> besideSlirp.run(line).ok().text());
      double third = rate(way, line -> besidePasta.run(line).ok().text());
      if (round > 0) { // everybody has warmed up
        ours.add(one);
        slirps.add(other);
        pastas.add(third);
      }
    }
    String all = "%s: %s, slirp4netns %s, pasta %s".formatted(way, ours, slirps, pastas);
    if (TestHost.LONG) {
      System.out.println(all);
    }
    assertThat(median(slirps)).as(all).isPositive();
    assertThat(median(pastas)).as(all).isPositive();
    assertThat(median(ours) / median(slirps)).as(all).isGreaterThanOrEqualTo(4);
    assertThat(median(ours) / median(pastas)).as(all).isGreaterThanOrEqualTo(1);
  }

  /** iperf3's datagrams of 41 packets each, which arrive whole or not at all. */
  @ParameterizedTest
  @CsvSource({"127.0.0.1, 10.0.2.2", "::1, fd00::2"})
  void largeOnesInASteadyStream(String host, String gateway) {
    for (String way : new String[] {"", "-R"}) {
      int port = Services.freePort();
      String serve = "exec iperf3 -s -1 -B %s -p %d --forceflush".formatted(host, port);
      String ask =
          "iperf3 -c %s -p %d -u -l 60000 -b 100M -k 200 -J %s".formatted(gateway, port, way);
      try (Proc iperf3 = Proc.start(List.of("sh", "-c", serve))) {
        Await.until("iperf3", SOON, () -> iperf3.out().contains("listening"), iperf3::soFar);
        String said = guest.run(ask).ok().out();
        Matcher lost = Pattern.compile("\"lost_percent\":\\s*([0-9.]+)").matcher(said);
        assertThat(lost.results().mapToDouble(result -> Double.parseDouble(result.group(1))))
            .as(said)
            .isNotEmpty()
            .allMatch(percent -> percent < 5);
      }
    }
  }

  /** Bytes a second that arrived. */
  private double rate(String way, Function<String, String> run) {
    String script = TestHost.checkout().resolve("cli/src/test/resources/" + SCRIPT).toString();
    String port = server.out().strip();
    String line =
        String.join(
            " ",
            "exec /usr/bin/python3",
            script,
            way,
            Guest.GATEWAY,
            port,
            Double.toString(SECONDS));
    return Double.parseDouble(run.apply(line));
  }

  private static double median(List<Double> rates) {
    List<Double> sorted = new ArrayList<>(rates);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }
}
