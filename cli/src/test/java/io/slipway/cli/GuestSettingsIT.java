package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Result;
import io.slipway.cli.it.Services;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Services.Server;
import io.slipway.cli.it.TcpServer;
import io.slipway.cli.it.TestHost;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest's kernel without this or that of modern TCP, or with more of it than we have. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class GuestSettingsIT {
  private final Sample sample = Sample.make(TestHost.LONG ? 256 : 16);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp_ecn=1", // asks for what we refuse
        "tcp_timestamps=0",
        "tcp_sack=0",
        "tcp_window_scaling=0",
        "tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0",
        "tcp_congestion_control=reno",
        "tcp_congestion_control=bbr",
      })
  void bothWaysWhateverTheKernelSpeaks(String settings) {
    try (Server nginx = Services.nginx(sample.path().getParent());
        TcpServer sink = Services.uploadSink();
        Guest guest = Guest.start(Caller.ROOT, "--host-loopback")) {
      guest.run("sysctl -qw net.ipv4." + settings).ok();
      String url = "http://" + Guest.GATEWAY + ":" + nginx.port() + "/" + sample.name();
      Result fetched = guest.run("curl -sS --fail " + url + " | sha256sum");
      assertThat(fetched.ok().text()).as(fetched.toString()).startsWith(sample.sha256());
      String target = " http://" + Guest.GATEWAY + ":" + sink.port() + "/";
      Result sent = guest.run("curl -sS --fail -H Expect: -T " + sample.path() + target);
      assertThat(sent.ok().text()).isEqualTo(sample.sha256());
    }
  }
}
