package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.RoutedWorld;
import io.slipway.cli.it.Services;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mappings in numbers, and what they are good for: two guests behind two engines meet. */
final class UdpMappingsIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int DESCRIPTORS = 1024;

  /** One question and one answer from each of many sockets, one after another. */
  private static final String MANY =
      """
      import socket, sys
      answered = 0
      for i in range(int(sys.argv[3])):
          s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          s.settimeout(5)
          # no port is used twice, so no mapping either
          s.bind(('10.0.2.%d' % (101 + i // 50000), 10000 + i % 50000))
          s.sendto(b'%d' % i, (sys.argv[1], int(sys.argv[2])))
          answered += s.recv(100) == b'%d' % i
          s.close()
      print(answered)
      """;

  /** Tells each of two where the other one is seen to be. */
  private static final String RENDEZVOUS =
      """
      import socket
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.bind(('', 9000))
      print('ready', flush=True)
      seen = {}
      while True:
          name, peer = s.recvfrom(100)
          seen[name] = peer
          other = seen.get(b'b' if name == b'a' else b'a')
          if other:
              s.sendto(b'%s %d' % (other[0].encode(), other[1]), peer)
      """;

  /** Asks who the other one is, and sends to it until it has heard from it, too. */
  private static final String PUNCH =
      """
      import socket, sys, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      s.settimeout(0.1)
      other = None
      heard = False
      end = time.time() + 15
      last = end
      while time.time() < min(end, last):
          s.sendto(sys.argv[1].encode(), (sys.argv[2], 9000)) if other is None else \\
              s.sendto(b'punch' if not heard else b'heard', other)
          try:
              data, peer = s.recvfrom(100)
          except TimeoutError:
              continue
          if peer[1] == 9000:
              address, port = data.decode().split()
              other = address, int(port)
          elif peer == other:
              heard = True
              if data == b'heard':
                  last = min(last, time.time() + 0.5)
          else:
              sys.exit('a stranger: %s' % (peer,))
      print('met' if last < end else 'missed')
      """;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void sixtyThousandShortFlowsLeaveNothing(Caller caller) {
    int port = Services.freePort();
    try (Proc echo = Proc.start(List.of("/usr/bin/python3", "-u", "-c", UdpIT.ECHO, "" + port));
        Guest guest = Guest.startLimited(caller, DESCRIPTORS, "--host-loopback")) {
      Await.until("an echo", SOON, () -> echo.out().contains("ready"), echo::soFar);
      guest.run("ip addr add 10.0.2.101/24 dev tap0; ip addr add 10.0.2.102/24 dev tap0").ok();
      // the bound is reached, and the compiler has seen all of it
      assertThat(guest.python(MANY, Guest.GATEWAY, port, 5_000).ok().text()).isEqualTo("5000");
      int descriptors = guest.descriptors();
      long bytes = guest.residentBytes();
      assertThat(descriptors).isLessThan(DESCRIPTORS);
      assertThat(guest.python(MANY, Guest.GATEWAY, port, 60_000).ok().text()).isEqualTo("60000");
      assertThat(guest.descriptors()).isBetween(descriptors - 16, descriptors + 16);
      assertThat(guest.residentBytes() - bytes).isLessThan(16L << 20);
      assertThat(guest.stop().err()).doesNotContain("xception").contains("because of the limit");
    }
  }

  /** Each lets in only whom it has sent to (RFC 4787 5, address-dependent filtering). */
  @ParameterizedTest
  @EnumSource(Caller.class)
  void guestsBehindTwoEnginesMeet(Caller caller) {
    try (RoutedWorld world = RoutedWorld.make();
        Proc rendezvous = world.routerPython(RENDEZVOUS);
        Guest here = world.guest(caller, "--udp-filter", "address");
        Guest there = world.serverGuest(caller, "--udp-filter", "address")) {
      Await.until(
          "a rendezvous", SOON, () -> rendezvous.out().contains("ready"), rendezvous::soFar);
      try (Proc one = here.startPython(PUNCH, "a", RoutedWorld.ROUTER);
          Proc other = there.startPython(PUNCH, "b", "198.51.100.1")) {
        assertThat(one.await(Duration.ofSeconds(25)).ok().text()).isEqualTo("met");
        assertThat(other.await(Duration.ofSeconds(25)).ok().text()).isEqualTo("met");
      }
    }
  }
}
