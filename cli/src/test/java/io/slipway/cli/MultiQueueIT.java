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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Several queues, each with an event loop of its own: the guest's kernel puts a flow's first frames
 * into any of them, so with two every other flow begins on the wrong one.
 */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class MultiQueueIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  /**
   * Many sockets, each of which sends small datagrams and ones that go in fragments to two peers,
   * and is to be seen by all under one port.
   */
  private static final String MAPPINGS =
      """
      import socket, sys
      seen = set()
      for i in range(16):
          s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          s.settimeout(5)
          s.bind(('', 0))
          own = set()
          for size in 0, 3000, 0, 9000:
              for port in map(int, sys.argv[2:]):
                  s.sendto(b'port' + bytes(size), (sys.argv[1], port))
                  data, peer = s.recvfrom(100)
                  assert peer == (sys.argv[1], port), peer
                  own.add(data)
          assert len(own) == 1, own
          seen |= own
          s.close()
      print(len(seen))
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void flowsOfAllKindsTogether(Caller caller) {
    Sample sample = Sample.make(TestHost.LONG ? 256 : 4);
    int first = Services.freePort();
    int second = Services.freePort();
    List<String> echo =
        List.of("/usr/bin/python3", "-u", "-c", UdpIT.ECHO, "" + first, "" + second);
    try (Guest guest = Guest.start(caller, "--host-loopback", "--queues", "2");
        Server files = Services.nginx(sample.path().getParent());
        TcpServer sink = Services.uploadSink();
        Proc peers = Proc.start(echo)) {
      Await.until("an echo", SOON, () -> peers.out().contains("ready"), peers::soFar);
      assertThat(guest.run("ip -d link show tap0").ok().out()).contains("numqueues 2");
      String get =
          "curl -sS --fail http://%s:%d/%s".formatted(Guest.GATEWAY, files.port(), sample.name());
      String put =
          "curl -sS --fail -H Expect: -T %s http://%s:%d/"
              .formatted(sample.path(), Guest.GATEWAY, sink.port());
      Proc transfers =
          guest.start(
              ("seq 8 | xargs -P 8 -I{} sh -c '%s | sha256sum; echo $(%s)'"
                      + " | sed 's/ .*//' | sort | uniq -c")
                  .formatted(get, put));
      try (transfers) {
        assertThat(guest.python(UdpIT.SIZES, Guest.GATEWAY, first, 1).ok().text()).isEqualTo("all");
        assertThat(guest.python(MAPPINGS, Guest.GATEWAY, first, second).ok().text())
            .isEqualTo("16");
        guest.run("ping -c 3 -i 0.05 -W 2 " + Guest.GATEWAY).ok();
        guest.run("ping -c 3 -i 0.05 -W 2 fd00::2").ok();
        Result moved = transfers.await(Proc.LIMIT).ok();
        assertThat(moved.text().split("\\s+")).containsExactly("16", sample.sha256());
        assertThat(moved.err()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Caller.class)
  void aDeviceThatWasMadeWithManyHasAsManyAsIsAskedFor(Caller caller) {
    try (HandMade space = HandMade.make(caller, device("multi_queue"));
        Proc engine = attach(caller, space)) {
      assertThat(space.run("ip -d link show tun0").ok().out()).contains("numqueues 2");
      AttachIT.assertReaches(space, engine);
      assertThat(engine.err()).doesNotContain("queue instead of");
      AttachIT.end(engine);
      assertThat(space.run("ip -d link show tun0").ok().out()).doesNotContain("numqueues 2");
    }
  }

  @Test
  void aDeviceThatWasMadeWithOneHasOneAndThatIsSaid() {
    try (HandMade space = HandMade.make(Caller.ROOT, device(""));
        Proc engine = attach(Caller.ROOT, space)) {
      AttachIT.assertReaches(space, engine);
      assertSays(
          engine,
          "1 queue instead of 2: tun0 has only one; 'ip tuntap add mode tap multi_queue name"
              + " tun0'");
    }
  }

  @Test
  void aDescriptorIsOneQueue() {
    String program =
        AttachIT.OPEN_TAP_AND_EXEC.replace(
            "'--host-loopback'", "'--host-loopback', '--queues', '2'");
    try (HandMade space = HandMade.make(Caller.ROOT, "true");
        Proc engine =
            Proc.start(
                Caller.ROOT.as(
                    "/usr/bin/python3", "-c", program, "" + space.pid(), Slipway.launcher()))) {
      AttachIT.assertReaches(space, engine);
      assertSays(engine, "1 queue instead of 2: --fd names one; ");
    }
  }

  /** Its log is written beside its work. */
  private static void assertSays(Proc engine, String words) {
    Await.until("a warning", SOON, () -> engine.err().contains(words), engine::soFar);
    assertThat(engine.err().lines().filter(line -> line.contains(words)))
        .singleElement()
        .asString()
        .containsIgnoringCase("warn");
  }

  private static String device(String kind) {
    return "ip link set lo up; ip tuntap add mode tap "
        + kind
        + " name tun0; ip link set tun0 up; ip addr add 10.0.2.100/24 dev tun0;"
        + " ip route add default via 10.0.2.2 dev tun0";
  }

  private static Proc attach(Caller caller, HandMade space) {
    return AttachIT.ready(
        caller,
        "--pid",
        "" + space.pid(),
        "--interface",
        "tun0",
        "--host-loopback",
        "--queues",
        "2");
  }
}
