package io.slipway.launch;

import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.TapDevice;
import io.slipway.sys.TapFlags;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The guest's end of the wire: looked at, opened, configured. No state; every call works through a
 * {@link NamespaceDoor} and blocks for the milliseconds that a short program takes.
 */
public final class GuestInterface {
  private static final String SEPARATOR = "----";

  /** {@code $0} is the device. */
  private static final String LOOK =
      "ip -d addr show dev \"$0\"; echo "
          + SEPARATOR
          + "; ip route show default dev \"$0\"; echo "
          + SEPARATOR
          + "; ip -6 route show default dev \"$0\"";

  private static final Pattern FAILED_LINE = Pattern.compile("^Command failed -:(\\d+)$");

  /**
   * Whoever is told its address by us needs no second one from our advertisements. Where the sysctl
   * cannot be written, for want of IPv6 or because /proc is read-only, it has both.
   */
  private static final String CONFIGURE =
      "{ echo 0 >\"/proc/sys/net/ipv6/conf/$0/accept_ra\"; } 2>/dev/null;"
          + " exec ip -force -batch -";

  private GuestInterface() {}

  /**
   * Reads the interface as it is.
   *
   * @return its state; {@link InterfaceState#absent} when there is no such device
   * @throws LaunchException when there is one that is not a TAP, or that somebody else holds
   */
  public static InterfaceState look(NamespaceDoor door, String name) {
    NamespaceDoor.Outcome outcome = door.run("", "sh", "-c", LOOK, name);
    String[] parts = outcome.output().split(SEPARATOR + "\n", -1);
    if (parts.length != 3) {
      throw new LaunchException("ip: " + outcome.firstError());
    }
    if (parts[0].isBlank()) {
      if (outcome.errors().contains("does not exist")) {
        return InterfaceState.absent(name);
      }
      throw new LaunchException("ip: " + outcome.firstError() + "; iproute2 is needed");
    }
    return InterfaceText.parse(name, parts[0], parts[1], parts[2]);
  }

  /**
   * Opens the TAP, creating it unless it exists. One that exists is guarded ({@link
   * InterfaceGuard}) until it is closed.
   *
   * @param state what {@link #look} said, or {@link InterfaceState#absent}
   * @param offload false: no virtio header and no offloads
   * @param queues the number wanted; a single-queue device gives one
   * @throws LaunchException when it is held by somebody else or not ours to open
   */
  public static TapDevice open(
      NamespaceDoor door, InterfaceState state, boolean offload, int queues) {
    String name = state.name();
    int[] tuns = door.openTuns(queues + 1);
    try {
      TapDevice device = TapDevice.attach(name, state.flags(), offload, tuns);
      TapFlags found = state.flags();
      if (found != null && !found.multiQueue() && device.offload().checksum()) {
        InterfaceGuard guard = InterfaceGuard.post(door, name, found);
        device.afterClose(guard::dismiss);
      }
      return device;
    } catch (LinuxException e) {
      throw new LaunchException(
          switch (e.errno()) {
            case Errno.EBUSY -> busy(name);
            case Errno.EPERM ->
                e.getMessage() + "; it takes CAP_NET_ADMIN in the namespace, or to own the device";
            default -> e.getMessage();
          },
          e);
    }
  }

  /**
   * Makes the TAP of a namespace that is new and has none.
   *
   * @param offload false: no virtio header and no offloads
   * @param queues the number wanted
   * @param tun a descriptor of {@code /dev/net/tun} opened inside, attached to nothing; becomes the
   *     first queue, or is closed when this fails
   * @throws LaunchException when it cannot be made
   */
  public static TapDevice create(
      NamespaceDoor door, String name, boolean offload, int queues, int tun) {
    int[] tuns = new int[queues + 1];
    tuns[0] = tun;
    try {
      System.arraycopy(door.openTuns(queues - 1), 0, tuns, 1, queues - 1);
    } catch (RuntimeException e) {
      Linux.close(tun);
      throw e;
    }
    // Nothing has to be put back, so that any will do as the spare one; attach closes what it has.
    tuns[queues] = Linux.duplicate(tun);
    try {
      return TapDevice.attach(name, null, offload, tuns);
    } catch (LinuxException e) {
      throw new LaunchException(e.getMessage(), e);
    }
  }

  /**
   * Gives a new interface its MTU, addresses and routes, and brings it and the loopback up: one
   * program for all of it.
   *
   * @return null, or why IPv6 could not be configured (the rest then is)
   * @throws LaunchException when anything else could not
   */
  public static @Nullable String configure(NamespaceDoor door, InterfacePlan plan) {
    String batch = String.join("\n", plan.commands()) + "\n";
    NamespaceDoor.Outcome outcome = door.run(batch, "sh", "-c", CONFIGURE, plan.name());
    if (outcome.status() == 0) {
      return null;
    }
    String reason = outcome.firstError();
    for (String line : outcome.errors().lines().toList()) {
      Matcher failed = FAILED_LINE.matcher(line);
      if (failed.matches()) {
        int number = Integer.parseInt(failed.group(1));
        if (number < plan.firstIpv6Line()) {
          throw new LaunchException("ip " + command(plan.commands(), number) + ": " + reason);
        }
        return reason;
      }
    }
    throw new LaunchException("ip: " + reason);
  }

  static String busy(String name) {
    return name + ": EBUSY (in use by another process); another engine holds this device";
  }

  private static String command(List<String> commands, int number) {
    return number > commands.size() ? "" : commands.get(number - 1);
  }
}
