package io.slipway.cli;

import io.slipway.launch.GuestInterface;
import io.slipway.launch.InterfaceState;
import io.slipway.launch.NamespaceDoor;
import io.slipway.observe.EventLevel;
import io.slipway.observe.Readiness;
import io.slipway.route.Lan;
import io.slipway.sys.TapDevice;
import org.jspecify.annotations.Nullable;

/** The guest's device, between the options and the rooms that do the work. */
final class Devices {
  private Devices() {}

  /** Sets up a device that we made, unless that was declined; one that existed stays as found. */
  static void setUp(
      Given given, Session session, NamespaceDoor door, InterfaceState found, Lan lan) {
    @Nullable String note = Settings.ipv6Note(given, lan);
    if (note != null) {
      session.log().message(EventLevel.INFO, note);
    }
    if (found.created() && !given.flag(Options.NO_CONFIGURE)) {
      @Nullable String why = GuestInterface.configure(door, Settings.device(found.name(), lan));
      if (why != null) {
        session.log().message(EventLevel.WARN, "the guest has no IPv6: " + why);
      }
    }
  }

  /** A warning when several queues were asked for and one is all there is; the rest works. */
  static void sayIfFewerQueues(Given given, Session session, TapDevice device, String why) {
    int wanted = given.value(Options.QUEUES, 1);
    int got = device.queues().length;
    if (got < wanted) {
      session
          .log()
          .message(
              EventLevel.WARN,
              ("%d queue instead of %d: %s; 'ip tuntap add mode tap multi_queue name %s' makes a"
                      + " device that has more")
                  .formatted(got, wanted, why, device.name()));
    }
  }

  /** What is said when the network works. */
  static Readiness readiness(Lan lan, TapDevice device, @Nullable String netns) {
    return new Readiness(
        ProcessHandle.current().pid(),
        netns,
        device.name(),
        lan.guest4().toString(),
        lan.gateway4().toString(),
        lan.dns4().toString(),
        lan.mtu(),
        device.offload().toString(),
        StartUp.millis());
  }
}
