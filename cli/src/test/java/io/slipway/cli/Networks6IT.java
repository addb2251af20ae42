package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.HandMade;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Services.Server;
import io.slipway.cli.it.Slipway;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IPv6 networks of other lengths than 64 bits work, from large ones to the smallest. */
final class Networks6IT {

  @ParameterizedTest
  @CsvSource({
    "USER, 2001:2::/32, 2001:2::2, 2001:2::100",
    "USER, fd00::/120, fd00::2, fd00::4",
    "ROOT, fd00::/126, fd00::2, fd00::1"
  })
  void aCommandRunsInIt(Caller caller, String net, String gateway, String guestAddress) {
    Sample sample = Sample.make(1);
    try (Server nginx = Services.nginx(sample.path().getParent());
        Guest guest = Guest.start(caller, "--cidr6", net, "--host-loopback")) {
      assertWorks(guest::run, net, gateway, guestAddress, nginx, sample);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ROOT, 2001:db8:7::/48, 2001:db8:7::2, 2001:db8:7::100",
    "USER, fd00:0:0:7::a0/126, fd00:0:0:7::a2, fd00:0:0:7::a1"
  })
  void aNamespaceIsGivenIt(Caller caller, String net, String gateway, String guestAddress) {
    Sample sample = Sample.make(1);
    try (Server nginx = Services.nginx(sample.path().getParent());
        HandMade space = HandMade.make(caller, "true");
        Proc engine =
            Slipway.start(
                caller, "attach", "--pid", "" + space.pid(), "--cidr6", net, "--host-loopback")) {
      Await.until(
          "ready",
          Duration.ofSeconds(30),
          () -> engine.err().contains("ready") || !engine.isAlive(),
          engine::soFar);
      assertWorks(space::run, net, gateway, guestAddress, nginx, sample);
    }
  }

  private static void assertWorks(
      Function<String, Result> guest,
      String net,
      String gateway,
      String guestAddress,
      Server nginx,
      Sample sample) {
    String length = net.substring(net.indexOf('/'));
    assertThat(guest.apply("ip -6 -o addr show dev tap0 scope global").ok().text())
        .contains("inet6 " + guestAddress + length + " ")
        .hasLineCount(1);
    guest.apply("ping -6 -n -c 1 -W 5 " + gateway).ok();
    String line = "curl -sS --fail http://[" + gateway + "]:" + nginx.port() + "/" + sample.name();
    assertThat(guest.apply(line + " | sha256sum").ok().text()).startsWith(sample.sha256());
  }

  @Test
  void oneThatIsTooSmallIsRefusedInOneLine() {
    Result result = Slipway.run(Caller.USER, "run", "--cidr6", "fd00::/127", "--", "true");
    assertThat(result.status()).isEqualTo(125);
    assertThat(result.err())
        .hasLineCount(1)
        .contains("--cidr6: 'fd00::/127' is too small for gateway, DNS server and guest");
  }
}
