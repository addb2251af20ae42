package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Needs root and {@code /dev/net/tun}. */
class TapDeviceIT {
  private static final TapFlags PLAIN = new TapFlags(false, false, false);
  private static final TapFlags MULTI_QUEUE = new TapFlags(false, false, true);

  private final ScratchNamespace guest = new ScratchNamespace();
  private final List<TapDevice> opened = new ArrayList<>();

  @AfterEach
  void close() {
    List.copyOf(opened).forEach(this::end);
    guest.close();
  }

  @Test
  void createsADeviceWithEveryOffloadThatGoesWithItsQueue() {
    TapDevice tap = attach("tap0", null, true, 1);

    assertThat(tap.created()).isTrue();
    assertThat(tap.name()).isEqualTo("tap0");
    assertThat(tap.queues()).hasSize(1);
    assertThat(tap.offload()).hasToString("vnet,csum,tso4,tso6,uso");
    assertThat(tap.offload().complete()).isTrue();
    assertThat(guest.ip("-d link show dev tap0")).contains("vnet_hdr on persist off");

    end(tap);
    assertThatThrownBy(() -> guest.ip("link show dev tap0")).hasMessageContaining("does not exist");
  }

  @Test
  void readsAreNonBlocking() {
    TapDevice tap = attach("tap0", null, true, 1);
    try (Arena arena = Arena.ofConfined()) {
      long buffer = arena.allocate(2048).address();
      assertThat(Linux.read(tap.queues()[0], buffer, 2048)).isEqualTo(-Errno.EAGAIN);
    }
  }

  @Test
  void doesWithoutAHeaderWhenOffloadIsOff() {
    TapDevice tap = attach("tap0", null, false, 1);
    assertThat(tap.offload()).isEqualTo(TapOffload.NONE);
    assertThat(guest.ip("-d link show dev tap0")).contains("vnet_hdr off");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void leavesAPersistentDeviceAsItWasFound(boolean vnetHeader) {
    guest.ip("tuntap add mode tap name tun0" + (vnetHeader ? " vnet_hdr" : ""));
    String before = guest.ip("-d link show dev tun0");

    TapDevice tap = attach("tun0", new TapFlags(false, vnetHeader, false), true, 1);
    assertThat(tap.created()).isFalse();
    assertThat(tap.offload().complete()).isTrue();
    assertThat(features("tun0")).contains("tcp-segmentation-offload: on");
    end(tap);

    assertThat(guest.ip("-d link show dev tun0")).isEqualTo(before);
    assertThat(features("tun0")).contains("tcp-segmentation-offload: off");
  }

  @Test
  void clearsTheOffloadsThatAKilledEngineLeft() {
    guest.ip("tuntap add mode tap name tun0");
    TapDevice killed = attach("tun0", PLAIN, true, 1);
    opened.remove(killed);
    Linux.close(killed.queues()[0]);
    assertThat(features("tun0")).contains("tcp-segmentation-offload: on");

    end(attach("tun0", PLAIN, false, 1));

    assertThat(features("tun0")).contains("tcp-segmentation-offload: off");
    killed.close();
  }

  @Test
  void putsBackALongerHeader() {
    guest.ip("tuntap add mode tap vnet_hdr name tun0");
    TapFlags found = new TapFlags(false, true, false);
    int first = openTun();
    headerLengthOf(first, "tun0", 12);
    Linux.close(first);

    TapDevice tap = attach("tun0", found, true, 1);
    assertThat(tap.offload().complete()).isTrue();
    assertThat(headerLength(tap.queues()[0])).isEqualTo(TapDevice.HEADER_LENGTH);
    end(tap);

    int last = openTun();
    assertThat(headerLengthOf(last, "tun0", 0)).isEqualTo(12);
    Linux.close(last);
  }

  @Test
  void saysThatSomebodyElseHoldsTheDevice() {
    attach("tap0", null, true, 1);
    assertThatThrownBy(() -> attach("tap0", PLAIN, true, 1))
        .isInstanceOf(LinuxException.class)
        .hasMessage("tap0: EBUSY (in use by another process)");
  }

  @Test
  void servesASingleQueueDeviceWithOneQueue() {
    guest.ip("tuntap add mode tap name tun0");
    TapDevice tap = attach("tun0", PLAIN, true, 4);
    assertThat(tap.queues()).hasSize(1);
    assertThat(tap.offload().complete()).isTrue();
  }

  @Test
  void opensEveryQueueOfAMultiQueueDevice() {
    guest.ip("tuntap add mode tap multi_queue name tun0");
    TapDevice tap = attach("tun0", MULTI_QUEUE, true, 4);
    assertThat(tap.queues()).hasSize(4);
    assertThat(tap.offload().complete()).isTrue();
    assertThat(guest.ip("-d link show dev tun0")).contains("numqueues 4");
  }

  @Test
  void servesAMultiQueueDeviceWithOneQueueToo() {
    guest.ip("tuntap add mode tap multi_queue name tun0");
    assertThat(attach("tun0", MULTI_QUEUE, true, 1).queues()).hasSize(1);
  }

  @Test
  void createsSeveralQueues() {
    TapDevice tap = attach("tap0", null, true, 2);
    assertThat(tap.queues()).hasSize(2);
    assertThat(tap.offload().complete()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void adoptsADescriptorAsItWasAttached(boolean vnetHeader) {
    TapDevice theirs = attach("tap0", null, vnetHeader, 1);
    int handedOver = Linux.duplicate(theirs.queues()[0]);

    TapDevice tap = TapDevice.adopt(handedOver, true);
    opened.add(tap);

    assertThat(tap.name()).isEqualTo("tap0");
    assertThat(tap.created()).isFalse();
    assertThat(tap.offload().complete()).isEqualTo(vnetHeader);
    assertThat(tap.offload().vnetHeader()).isEqualTo(vnetHeader);
  }

  @Test
  void keepsTheHeaderOfAnAdoptedDescriptorWithoutOffloads() {
    TapDevice theirs = attach("tap0", null, true, 1);
    TapDevice tap = TapDevice.adopt(Linux.duplicate(theirs.queues()[0]), false);
    opened.add(tap);
    assertThat(tap.offload()).hasToString("vnet");
  }

  @Test
  void refusesWhatIsNoTap() {
    int socket = UdpSocket.open(false);
    int unattached = openTun();
    assertThatThrownBy(() -> TapDevice.adopt(socket, true)).hasMessageContaining("ENOTTY");
    assertThatThrownBy(() -> TapDevice.adopt(unattached, true)).hasMessageContaining("EBADFD");
    Linux.close(socket);
    Linux.close(unattached);
  }

  @Test
  void refusesATun() {
    guest.ip("tuntap add mode tun name tun0");
    assertThatThrownBy(() -> attach("tun0", PLAIN, true, 1)).hasMessageContaining("EINVAL");
  }

  @Test
  void closesEveryDescriptorWhenItFails() {
    int first = openTun();
    Linux.close(first);
    attach("tap0", null, true, 1);
    int next = openTun();
    Linux.close(next);
    assertThatThrownBy(() -> attach("tap0", PLAIN, true, 3)).isInstanceOf(LinuxException.class);
    int after = openTun();
    Linux.close(after);
    assertThat(after).isEqualTo(next);
  }

  /** Attaches as another program might, sets a header length unless it is 0, returns the actual. */
  private static int headerLengthOf(int tun, String name, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(40, 8);
      request.setString(0, name);
      request.set(ValueLayout.JAVA_SHORT, 16, (short) 0x5002);
      LinuxException.check("TUNSETIFF", Linux.ioctl(tun, 0x400454caL, request));
      if (length != 0) {
        MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, length);
        LinuxException.check("TUNSETVNETHDRSZ", Linux.ioctl(tun, 0x400454d8L, value));
      }
    }
    return headerLength(tun);
  }

  private static int headerLength(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
      LinuxException.check("TUNGETVNETHDRSZ", Linux.ioctl(fd, 0x800454d7L, value));
      return value.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private TapDevice attach(String name, TapFlags found, boolean offload, int queues) {
    int[] tuns = new int[queues + 1];
    for (int i = 0; i < tuns.length; i++) {
      tuns[i] = openTun();
    }
    TapDevice tap = TapDevice.attach(name, found, offload, tuns);
    opened.add(tap);
    return tap;
  }

  private int openTun() {
    int flags = Linux.O_RDWR | Linux.O_CLOEXEC;
    return Namespaces.call(
        guest.fd(), () -> LinuxException.check("tun", Linux.open("/dev/net/tun", flags)));
  }

  private void end(TapDevice tap) {
    opened.remove(tap);
    for (int queue : tap.queues()) {
      Linux.close(queue);
    }
    tap.close();
  }

  private String features(String name) {
    return guest.run("ethtool", "-k", name);
  }
}
