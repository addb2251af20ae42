package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Services.Server;
import io.slipway.cli.it.Slipway;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everyday programs in a guest, unchanged, against everyday servers on the host. */
@ResourceLock(Load.PROCESSORS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ParameterizedClass
@EnumSource(Caller.class)
final class TransferIT {
  @Parameter Caller caller;

  private static final int SECONDS = TestHost.LONG ? 10 : 2;
  private static final Pattern RECEIVED =
      Pattern.compile("\"sum_received\":\\s*\\{[^}]*?\"bytes\":\\s*(\\d+)");

  private final Sample sample = Sample.make(TestHost.LONG ? 1024 : 64);
  private Server nginx;
  private Server iperf3;
  private Guest guest;

  @BeforeParameterizedClassInvocation
  void start() {
    nginx = Services.nginx(sample.path().getParent());
    iperf3 = Services.iperf3();
    guest = Guest.start(caller, "--host-loopback");
  }

  @AfterParameterizedClassInvocation
  void stop() {
    guest.close();
    nginx.close();
    iperf3.close();
  }

  private String url() {
    return "http://" + Guest.GATEWAY + ":" + nginx.port() + "/" + sample.name();
  }

  @Test
  void theFirstUse() {
    Result fetched =
        Proc.run(
            caller.shell(
                Slipway.launcher()
                    + " run --host-loopback -- curl -s --fail "
                    + url()
                    + " | sha256sum"));
    assertThat(fetched.ok().text()).as(fetched.toString()).startsWith(sample.sha256());
  }

  @Test
  void downloadOverIpv6() {
    Result fetched =
        guest.run(
            "curl -gsS --fail 'http://[fd00::2]:"
                + nginx.port()
                + "/"
                + sample.name()
                + "' | sha256sum");
    assertThat(fetched.ok().text()).as(fetched.toString()).startsWith(sample.sha256());
  }

  @ParameterizedTest
  @ValueSource(strings = {Guest.GATEWAY, "[fd00::2]"})
  void upload(String gateway) {
    try (TcpServer sink = Services.uploadSink()) {
      Result sent =
          guest.run(
              "curl -gsS --fail -H Expect: -T "
                  + sample.path()
                  + " http://"
                  + gateway
                  + ":"
                  + sink.port()
                  + "/");
      assertThat(sent.ok().text()).isEqualTo(sample.sha256());
    }
  }

  @Test
  void twoHundredAtOnce() {
    Sample small = Sample.make(1);
    try (Server files = Services.nginx(small.path().getParent())) {
      Result fetched =
          guest.run(
              ("seq 200 | xargs -P 200 -I{} sh -c 'curl -sS --fail http://%s:%d/%s | sha256sum'"
                      + " | sort | uniq -c")
                  .formatted(Guest.GATEWAY, files.port(), small.name()));
      assertThat(fetched.ok().text().split("\\s+")).contains("200", small.sha256()).hasSize(3);
      assertThat(fetched.err()).isEmpty();
    }
  }

  @Test
  void wrkSeesNoError() {
    Sample page = Sample.make(0);
    try (Server files = Services.nginx(page.path().getParent())) {
      String url = "http://" + Guest.GATEWAY + ":" + files.port() + "/" + page.name();
      Result load = guest.run("wrk -t2 -c50 -d" + SECONDS + "s --timeout 5s " + url);
      assertThat(load.ok().out())
          .contains("requests in")
          .doesNotContain("Socket errors")
          .doesNotContain("Non-2xx")
          .doesNotContainPattern("\\b0 requests in");
    }
  }

  @Test
  void digOverUdpAndTcp() {
    try (Server dns = Services.dnsmasq()) {
      String dig = "dig +time=3 +tries=1 @" + Guest.GATEWAY + " -p " + dns.port() + " ";
      assertThat(guest.run(dig + "+short slipway.test").ok().text()).isEqualTo("10.9.8.7");
      assertThat(guest.run(dig + "+tcp +short slipway.test").ok().text()).isEqualTo("10.9.8.7");
      assertThat(guest.run(dig + "+ignore +bufsize=512 long.test TXT").ok().out())
          .containsPattern("flags:[^;]* tc");
      assertThat(guest.run(dig + "+bufsize=512 long.test TXT").ok().out())
          .contains("TCP mode", "xxxx");
    }
  }

  @Test
  void iperf3GuestToHost() {
    assertThat(received(iperf3("-P 1"))).isPositive();
  }

  @Test
  void iperf3HostToGuest() {
    assertThat(received(iperf3("-R -P 4"))).isPositive();
  }

  @Test
  void iperf3BothAtOnce() {
    String report = iperf3("--bidir");
    Matcher reverse =
        Pattern.compile("\"sum_received_bidir_reverse\":\\s*\\{[^}]*?\"bytes\":\\s*(\\d+)")
            .matcher(report);
    assertThat(reverse.find()).as(report).isTrue();
    assertThat(Long.parseLong(reverse.group(1))).as("host to guest").isPositive();
    assertThat(received(report)).as("guest to host").isPositive();
  }

  @Test
  void iperf3OverUdp() {
    for (String direction : new String[] {"", "-R"}) {
      String report = iperf3("-u -b 20M -l 1400 " + direction);
      Matcher lost = Pattern.compile("\"lost_percent\":\\s*([0-9.]+)").matcher(report);
      assertThat(lost.find()).as(report).isTrue();
      assertThat(Double.parseDouble(lost.group(1))).as("%% lost at 20 Mbit/s").isLessThan(1.0);
      Matcher packets = Pattern.compile("\"packets\":\\s*(\\d+)").matcher(report);
      assertThat(packets.find() && Long.parseLong(packets.group(1)) > 1000).as(report).isTrue();
    }
  }

  private String iperf3(String options) {
    String line =
        "iperf3 -J -t %d -c %s -p %d %s".formatted(SECONDS, Guest.GATEWAY, iperf3.port(), options);
    return guest.run(line).ok().out();
  }

  private static long received(String report) {
    Matcher matcher = RECEIVED.matcher(report);
    assertThat(matcher.find()).as(report).isTrue();
    return Long.parseLong(matcher.group(1));
  }
}
