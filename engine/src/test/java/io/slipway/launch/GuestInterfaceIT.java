package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.sys.Linux;
import io.slipway.sys.ScratchNamespace;
import io.slipway.sys.TapDevice;
import io.slipway.sys.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Needs root and {@code /dev/net/tun}. */
@Isolated // it counts the descriptors of this process
class GuestInterfaceIT {
  private static final InterfacePlan PLAN =
      new InterfacePlan("tap0", 1400, "10.0.2.100/24", "10.0.2.2", "fd00::100/64", "fd00::2");

  private final ScratchNamespace guest = new ScratchNamespace();
  private final NamespaceDoor door = NamespaceDoor.open(AttachTarget.Named.of(guest.name(), null));

  @AfterEach
  void close() {
    door.close();
    guest.close();
  }

  @Test
  void createsAndConfiguresAnInterface() throws IOException {
    InterfaceState state = GuestInterface.look(door, "tap0");
    assertThat(state).isEqualTo(InterfaceState.absent("tap0"));

    TapDevice tap = GuestInterface.open(door, state, true, 1);
    assertThat(tap.created()).isTrue();
    assertThat(tap.offload().complete()).isTrue();
    assertThat(GuestInterface.configure(door, PLAN)).isNull();

    assertThat(guest.ip("addr show dev tap0"))
        .contains("mtu 1400")
        .contains("UP,LOWER_UP")
        .contains("inet 10.0.2.100/24")
        .contains("inet6 fd00::100/64 scope global nodad");
    assertThat(guest.ip("route show dev tap0").lines())
        .hasSize(2)
        .allMatch(route -> route.contains("congctl reno"));
    assertThat(guest.ip("addr show dev lo")).contains("127.0.0.1").contains("UP,LOWER_UP");
    assertThat(guest.ip("route show default")).contains("via 10.0.2.2 dev tap0");
    assertThat(guest.ip("-6 route show default")).contains("via fd00::2 dev tap0");
    InterfaceState after = GuestInterface.look(door, "tap0");
    assertThat(after.addresses()).containsExactly("10.0.2.100/24", "fd00::100/64");
    assertThat(after.gateway4()).isEqualTo("10.0.2.2");
    assertThat(after.gateway6()).isEqualTo("fd00::2");
    assertThat(door.identity().networkName()).startsWith("net:[");
    end(tap);
  }

  @Test
  void saysWhyIpv6CouldNotBeConfigured() {
    guest.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    TapDevice tap = GuestInterface.open(door, InterfaceState.absent("tap0"), true, 1);
    assertThat(GuestInterface.configure(door, PLAN)).contains("IPv6 is disabled");
    assertThat(guest.ip("route show default")).contains("via 10.0.2.2 dev tap0");
    end(tap);
  }

  @Test
  void saysWhichStepFailed() {
    assertThatThrownBy(() -> GuestInterface.configure(door, PLAN))
        .isInstanceOf(LaunchException.class)
        .hasMessage("ip link set tap0 mtu 1400 txqueuelen 4096 up: Cannot find device \"tap0\"");
  }

  @Test
  void usesAnExistingInterfaceAsFoundAndLeavesItSo() {
    guest.ip("tuntap add mode tap name tun0");
    guest.ip("link set tun0 mtu 65521 up");
    guest.ip("addr add 10.0.2.100/24 dev tun0");
    guest.ip("addr add 2001:2::100/32 dev tun0 nodad");
    guest.ip("route add default via 10.0.2.2 dev tun0");
    guest.ip("route add default via 2001:2::2 dev tun0");
    String before = guest.ip("-d addr show dev tun0");

    InterfaceState state = GuestInterface.look(door, "tun0");
    assertThat(state.created()).isFalse();
    assertThat(state.mtu()).isEqualTo(65521);
    assertThat(state.mac()).matches("([0-9a-f]{2}:){5}[0-9a-f]{2}");
    assertThat(state.addresses()).containsExactly("10.0.2.100/24", "2001:2::100/32");
    assertThat(state.gateway4()).isEqualTo("10.0.2.2");
    assertThat(state.gateway6()).isEqualTo("2001:2::2");
    TapDevice tap = GuestInterface.open(door, state, true, 1);
    assertThat(tap.offload().complete()).isTrue();
    assertThatThrownBy(() -> GuestInterface.open(door, state, true, 1))
        .isInstanceOf(LaunchException.class)
        .hasMessage("tun0: EBUSY (in use by another process); another engine holds this device");
    end(tap);

    assertThat(settled(guest.ip("-d addr show dev tun0"))).isEqualTo(settled(before));
    end(GuestInterface.open(door, state, true, 1));
  }

  @Test
  void aKilledEngineLeavesNoOffloadsOnTheInterface() throws Exception {
    guest.ip("tuntap add mode tap name tun0");
    String before = guest.ip("-d link show dev tun0");
    Process engine =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                HeldInterface.class.getName(),
                guest.name(),
                "tun0")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(engine.getInputStream().read()).isEqualTo('r');
      assertThat(features()).contains("tcp-segmentation-offload: on");
    } finally {
      engine.destroyForcibly();
    }
    engine.waitFor();
    for (int i = 0; i < 100 && features().contains("tcp-segmentation-offload: on"); i++) {
      Thread.sleep(100);
    }
    assertThat(features()).contains("tcp-segmentation-offload: off", "tx-checksumming: off");
    assertThat(guest.ip("-d link show dev tun0")).isEqualTo(before);
  }

  private String features() {
    return guest.run("ethtool", "-k", "tun0");
  }

  @Test
  void doesNotJoinTheQueuesOfAnotherEngine() {
    guest.ip("tuntap add mode tap multi_queue name tun0");
    TapDevice tap = GuestInterface.open(door, GuestInterface.look(door, "tun0"), true, 2);
    assertThat(tap.queues()).hasSize(2);
    assertThatThrownBy(() -> GuestInterface.look(door, "tun0"))
        .hasMessageStartingWith("tun0: EBUSY");
    end(tap);
  }

  @Test
  void refusesAnInterfaceThatIsNoTap() {
    assertThatThrownBy(() -> GuestInterface.look(door, "lo"))
        .hasMessageStartingWith("lo: is not a TAP device");
  }

  @Test
  void entersThroughTheUserNamespaceWhenItMust() throws Exception {
    Process holder =
        new ProcessBuilder("unshare", "-Urn", "sh", "-c", "echo ready; exec sleep 60").start();
    assertThat(holder.getInputStream().read()).isEqualTo('r');
    int pid = (int) holder.pid();
    AttachTarget.Pid target = new AttachTarget.Pid(pid, Path.of("/proc/" + pid + "/ns/user"));
    CountDownLatch ended = new CountDownLatch(1);
    try (NamespaceDoor inside = NamespaceDoor.open(target);
        Watch _ = inside.watch(ended::countDown)) {
      assertThat(inside.entry()).anyMatch(word -> word.startsWith("--user="));
      int before = descriptors();

      TapDevice tap = GuestInterface.open(inside, InterfaceState.absent("tap0"), true, 9);
      assertThat(tap.queues()).hasSize(9);
      assertThat(tap.offload().complete()).isTrue();
      assertThat(GuestInterface.configure(inside, PLAN)).isNull();
      assertThat(GuestInterface.look(door, "tap0").created()).isTrue();
      assertThatThrownBy(() -> GuestInterface.look(inside, "tap0"))
          .hasMessageStartingWith("tap0: EBUSY");
      end(tap);

      assertThat(descriptors()).isEqualTo(before);
      holder.destroyForcibly();
      assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
    } finally {
      holder.destroyForcibly();
    }
  }

  @Test
  void findsTheNamespaceBehindADescriptor() throws IOException {
    TapDevice theirs = GuestInterface.open(door, InterfaceState.absent("tap0"), true, 1);
    TapDevice tap = TapDevice.adopt(Linux.duplicate(theirs.queues()[0]), true);
    try (NamespaceDoor behind = NamespaceDoor.behind(tap)) {
      assertThat(behind).isNotNull();
      assertThat(behind.identity()).isEqualTo(door.identity());
      assertThat(GuestInterface.look(behind, "tap0").mtu()).isEqualTo(1500);
    }
    end(tap);
    end(theirs);
  }

  @Test
  void aNamedNamespaceEndsWithItsName() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    TapDevice tap = GuestInterface.open(door, InterfaceState.absent("tap0"), true, 1);
    try (Watch _ = door.watch(ended::countDown)) {
      guest.delete();
      assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
    }
    end(tap);
  }

  private static void end(TapDevice tap) {
    for (int queue : tap.queues()) {
      Linux.close(queue);
    }
    tap.close();
  }

  /** Without what Linux itself changes as a carrier comes and goes. */
  private static String settled(String text) {
    return text.replaceAll("state [A-Z]+", "").replaceAll("(?s)inet6 fe80.*", "").strip();
  }

  private static int descriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return (int) files.count();
    }
  }
}
