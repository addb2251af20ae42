package io.slipway.sys;

import static io.slipway.sys.LibC.INT;
import static io.slipway.sys.LibC.SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device that frames are read from and written to: opened by name or adopted. Owned by the
 * engine; used at start and end only, by one thread at a time.
 *
 * <p><b>Opening.</b> An open {@code /dev/net/tun} belongs to the network namespace it was opened
 * in, wherever it is attached from; {@link #attach} therefore takes descriptors that somebody
 * opened inside the guest's namespace. A device that does not exist is created and disappears with
 * its last descriptor. A persistent one is attached to; whoever attaches decides anew about the
 * virtio-net header (Linux changes the flags while nobody holds the device), but single-queue and
 * multi-queue stay what they are.
 *
 * <p><b>Offloads</b> are asked for step by step until the kernel agrees; {@link #offload} says what
 * came of it. They stick to a persistent device after its descriptor is closed: an opener that does
 * not know about them would then be handed 64 KiB segments. Hence we always set them, even to
 * nothing, and {@link #close} puts flags and offloads back. An engine that is killed cannot: {@link
 * #restore} is for whoever comes after it, and {@code ethtool -K DEVICE tx off} does it by hand.
 *
 * <p>Whether a header is there for an adopted descriptor is fixed by whoever attached it, and read
 * back. Its length is a property of the device too; where somebody left another than {@link
 * #HEADER_LENGTH}, it is changed and put back.
 */
public final class TapDevice implements AutoCloseable {
  /** Bytes of virtio-net header in front of a frame: the one without {@code num_buffers}. */
  public static final int HEADER_LENGTH = 10;

  private static final int IFF_TUN = 0x1;
  private static final int IFF_TAP = 0x2;
  private static final int IFF_MULTI_QUEUE = 0x100;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;

  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNGETIFF = 0x800454d2L;
  private static final long TUNGETVNETHDRSZ = 0x800454d7L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final long TUNGETDEVNETNS = 0x54e3L;

  private static final int TUN_F_CSUM = 0x1;
  private static final int TUN_F_TSO4 = 0x2;
  private static final int TUN_F_TSO6 = 0x4;
  private static final int TUN_F_USO = 0x20 | 0x40;

  /** From the best down; USO came with Linux 6.2. */
  private static final int[] OFFLOAD_STEPS = {
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO,
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
    TUN_F_CSUM | TUN_F_TSO4,
    TUN_F_CSUM,
    0,
  };

  private static final long IFREQ_SIZE = 40;
  private static final int NAME_SIZE = 16;

  private final String name;
  private final int[] queues;
  private final TapOffload offload;
  private final boolean created;
  private final int spare;
  private final int flagsAsFound;
  private final int headerLengthAsFound;
  private Runnable afterClose = () -> {};

  private TapDevice(String name, int[] queues, int flags, AsFound asFound, boolean wantOffload) {
    this.name = name;
    this.queues = queues;
    this.created = asFound.created;
    this.spare = asFound.spare;
    this.flagsAsFound = asFound.flags;
    this.headerLengthAsFound = headerLength(queues[0]);
    this.offload = negotiate(queues[0], flags, wantOffload);
    if (offload.vnetHeader() && headerLengthAsFound != HEADER_LENGTH) {
      LinuxException.check(
          name + ": length of the virtio header", setHeaderLength(queues[0], HEADER_LENGTH));
    }
  }

  /**
   * What it takes to put a device back.
   *
   * @param spare a descriptor for it; attached to nothing when {@code flags} are to be set with it
   * @param flags 0 when there are none to put back
   */
  private record AsFound(boolean created, int spare, int flags) {}

  /**
   * Attaches to the device {@code name}, creating it unless it exists.
   *
   * @param name at most 15 bytes
   * @param found what the device was found to be, null when there was none
   * @param wantOffload false: no header and no offloads
   * @param tuns descriptors of {@code /dev/net/tun}, opened in the guest's namespace and attached
   *     to nothing: one per wanted queue and one more, which is kept to put the device back. They
   *     belong to this call: whatever does not become a queue is closed, all of them when it fails
   * @throws LinuxException EBUSY when somebody else holds the device; EPERM when it is not ours
   */
  public static TapDevice attach(
      String name, @Nullable TapFlags found, boolean wantOffload, int... tuns) {
    if (tuns.length < 2) {
      throw new IllegalArgumentException("needs a descriptor per queue and one more");
    }
    try {
      boolean multiQueue = found == null ? tuns.length > 2 : found.multiQueue();
      int wanted = IFF_TAP | IFF_NO_PI | (multiQueue ? IFF_MULTI_QUEUE : 0);
      int queueFlags = attachFirst(tuns[0], name, wanted, wantOffload);
      int queueCount = multiQueue ? tuns.length - 1 : 1;
      for (int i = 1; i < queueCount; i++) {
        LinuxException.check(name, setInterface(tuns[i], name, queueFlags));
      }
      for (int i = queueCount; i < tuns.length - 1; i++) {
        Linux.close(tuns[i]);
      }
      int[] queues = Arrays.copyOf(tuns, queueCount);
      for (int queue : queues) {
        setNonBlocking(name, queue);
      }
      // Read back: a multi-queue device that others hold keeps the flags of the first.
      Interface actual = queryInterface(name, queues[0]);
      int spare = tuns[tuns.length - 1];
      AsFound asFound = new AsFound(found == null, spare, found == null ? 0 : flags(found));
      return new TapDevice(actual.name, queues, actual.flags, asFound, wantOffload);
    } catch (RuntimeException e) {
      for (int tun : tuns) {
        Linux.close(tun);
      }
      throw e;
    }
  }

  /**
   * Adopts a descriptor that somebody attached to a TAP and handed to us.
   *
   * @param fd becomes the device's only queue, ours from now on, non-blocking and close-on-exec
   * @throws LinuxException ENOTTY when it is no TUN/TAP descriptor, EBADFD when it is one that is
   *     attached to nothing, EINVAL when it is of a kind we do not serve
   */
  public static TapDevice adopt(int fd, boolean wantOffload) {
    String what = "descriptor " + fd;
    Interface actual = queryInterface(what, fd);
    if ((actual.flags & IFF_TUN) != 0) {
      throw new LinuxException(what + " is a TUN, not a TAP", Errno.EINVAL);
    }
    if ((actual.flags & IFF_NO_PI) == 0) {
      throw new LinuxException(what + " was attached without IFF_NO_PI", Errno.EINVAL);
    }
    setNonBlocking(what, fd);
    LinuxException.check(what, Linux.fcntl(fd, Linux.F_SETFD, Linux.FD_CLOEXEC));
    int spare = LinuxException.check(what, Linux.duplicate(fd));
    AsFound asFound = new AsFound(false, spare, 0);
    return new TapDevice(actual.name, new int[] {fd}, actual.flags, asFound, wantOffload);
  }

  /** The device's name in its namespace. */
  public String name() {
    return name;
  }

  /**
   * The descriptors that carry frames, non-blocking; they belong to the caller, who closes them.
   */
  public int[] queues() {
    return queues.clone();
  }

  /** What was obtained. */
  public TapOffload offload() {
    return offload;
  }

  /** Whether the device did not exist before, so that it goes when its last queue is closed. */
  public boolean created() {
    return created;
  }

  /**
   * Puts a persistent device that nobody holds back as it was, after an engine that could not.
   * Works in the network namespace of the calling thread; an error is of no interest, as in {@link
   * #close}.
   */
  public static void restore(String name, TapFlags found) {
    int tun = Linux.open("/dev/net/tun", Linux.O_RDWR | Linux.O_CLOEXEC);
    if (tun >= 0) {
      if (setInterface(tun, name, flags(found)) >= 0) {
        Linux.ioctl(tun, TUNSETOFFLOAD, 0);
      }
      Linux.close(tun);
    }
  }

  /** Has something run at the end of {@link #close}, once. */
  public void afterClose(Runnable action) {
    afterClose = action;
  }

  /**
   * Puts a device that existed before back as it was found. To be called after the queues are
   * closed. An error is of no interest then: somebody else may hold the device, or it is gone.
   */
  @Override
  public void close() {
    if (flagsAsFound != 0) {
      setInterface(spare, name, flagsAsFound);
    }
    if (!created) {
      Linux.ioctl(spare, TUNSETOFFLOAD, 0);
      if (offload.vnetHeader() && headerLengthAsFound != HEADER_LENGTH) {
        setHeaderLength(spare, headerLengthAsFound);
      }
    }
    Linux.close(spare);
    afterClose.run();
  }

  /**
   * The network namespace that the device is in.
   *
   * @return a new descriptor that belongs to the caller, or the negated errno: EPERM without
   *     CAP_NET_ADMIN over it
   */
  public int namespace() {
    return Linux.ioctl(queues[0], TUNGETDEVNETNS, 0);
  }

  /**
   * Attaches with a header if that is wanted and this kernel can; returns the flags that worked.
   */
  private static int attachFirst(int tun, String name, int flags, boolean wantHeader) {
    if (wantHeader) {
      int result = setInterface(tun, name, flags | IFF_VNET_HDR);
      if (result >= 0) {
        return flags | IFF_VNET_HDR;
      }
      if (result != -Errno.EINVAL) {
        throw new LinuxException(name, -result);
      }
    }
    LinuxException.check(name, setInterface(tun, name, flags));
    return flags;
  }

  private static TapOffload negotiate(int fd, int flags, boolean wanted) {
    if ((flags & IFF_VNET_HDR) == 0) {
      Linux.ioctl(fd, TUNSETOFFLOAD, 0);
      return TapOffload.NONE;
    }
    int granted = 0;
    for (int step : wanted ? OFFLOAD_STEPS : new int[] {0}) {
      if (Linux.ioctl(fd, TUNSETOFFLOAD, step) >= 0) {
        granted = step;
        break;
      }
    }
    return new TapOffload(
        true,
        (granted & TUN_F_CSUM) != 0,
        (granted & TUN_F_TSO4) != 0,
        (granted & TUN_F_TSO6) != 0,
        (granted & TUN_F_USO) != 0);
  }

  private static int headerLength(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocate(INT);
      LinuxException.check("TUNGETVNETHDRSZ", Linux.ioctl(fd, TUNGETVNETHDRSZ, length));
      return length.get(INT, 0);
    }
  }

  private static int setHeaderLength(int fd, int length) {
    try (Arena arena = Arena.ofConfined()) {
      return Linux.ioctl(fd, TUNSETVNETHDRSZ, arena.allocateFrom(INT, length));
    }
  }

  private static int setInterface(int tun, String name, int flags) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length >= NAME_SIZE) {
      throw new IllegalArgumentException("an interface name has 1 to 15 bytes: '" + name + "'");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ_SIZE, 8);
      MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, 0, bytes.length);
      request.set(SHORT, NAME_SIZE, (short) flags);
      return Linux.ioctl(tun, TUNSETIFF, request);
    }
  }

  private record Interface(String name, int flags) {}

  private static Interface queryInterface(String what, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ_SIZE, 8);
      LinuxException.check(what, Linux.ioctl(fd, TUNGETIFF, request));
      return new Interface(
          request.getString(0), Short.toUnsignedInt(request.get(SHORT, NAME_SIZE)));
    }
  }

  private static void setNonBlocking(String what, int fd) {
    int status = LinuxException.check(what, Linux.fcntl(fd, Linux.F_GETFL, 0));
    LinuxException.check(what, Linux.fcntl(fd, Linux.F_SETFL, status | Linux.O_NONBLOCK));
  }

  private static int flags(TapFlags found) {
    return IFF_TAP
        | (found.packetInformation() ? 0 : IFF_NO_PI)
        | (found.vnetHeader() ? IFF_VNET_HDR : 0)
        | (found.multiQueue() ? IFF_MULTI_QUEUE : 0);
  }
}
