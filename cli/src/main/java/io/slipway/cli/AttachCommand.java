package io.slipway.cli;

import io.slipway.Engine;
import io.slipway.EngineConfig;
import io.slipway.EventLoops;
import io.slipway.launch.AttachTarget;
import io.slipway.launch.GuestInterface;
import io.slipway.launch.InterfaceState;
import io.slipway.launch.LaunchException;
import io.slipway.launch.NamespaceDoor;
import io.slipway.route.Lan;
import io.slipway.sys.LinuxException;
import io.slipway.sys.TapDevice;
import io.slipway.sys.Watch;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@code slipway attach}: gives a namespace that exists its network, until it or we are ended. */
final class AttachCommand {
  private static final long PATIENCE_MILLIS = 10_000;

  private final Given given;
  private final EventLoops loops;

  AttachCommand(Given given, EventLoops loops) {
    this.given = given;
    this.loops = loops;
  }

  /**
   * Runs until a signal, the exit descriptor or the end of the namespace.
   *
   * @return 0: an end that was asked for is no failure
   * @throws LaunchException when the network could not be started
   */
  int call() {
    AttachTarget target = target();
    try (Session session = Session.begin(given)) {
      Thread hook = new Thread(() -> endOnSignal(session), "signal");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        switch (target) {
          case AttachTarget.Descriptor inherited -> serve(session, inherited);
          case AttachTarget.Namespace namespace -> serve(session, namespace);
        }
      } finally {
        remove(hook);
      }
    }
    return 0;
  }

  /**
   * SIGTERM, SIGINT and SIGHUP. The JVM is on its way out and waits for this thread, which waits
   * for the main one to put everything away and halt with status 0; but not for ever.
   */
  private static void endOnSignal(Session session) {
    session.end("signal");
    try {
      Thread.sleep(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void remove(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The signal has come, and the hook is at its work.
    }
  }

  private AttachTarget target() {
    @Nullable Integer pid = given.value(Options.PID);
    @Nullable String netns = given.value(Options.NETNS);
    @Nullable Integer fd = given.value(Options.FD);
    int count = (pid == null ? 0 : 1) + (netns == null ? 0 : 1) + (fd == null ? 0 : 1);
    if (count != 1) {
      throw new UsageException(
          (count == 0 ? "a target is missing" : "one target, not " + count)
              + ": give --pid, --netns or --fd (see slipway attach --help)");
    }
    @Nullable String path = given.value(Options.USERNS);
    @Nullable Path userns = path == null ? null : Path.of(path);
    if (pid != null) {
      return new AttachTarget.Pid(pid, userns);
    }
    if (netns != null) {
      return AttachTarget.Named.of(netns, userns);
    }
    if (fd == null || userns != null) {
      throw new UsageException("--userns: '" + path + "' is of no use with --fd");
    }
    return new AttachTarget.Descriptor(fd);
  }

  private void serve(Session session, AttachTarget.Namespace target) {
    try (NamespaceDoor door = NamespaceDoor.open(target)) {
      String name = given.value(Options.INTERFACE, Settings.DEFAULT_INTERFACE);
      InterfaceState found = GuestInterface.look(door, name);
      EngineConfig config = Settings.engine(given, Settings.lan(given, found));
      TapDevice device =
          GuestInterface.open(
              door, found, given.value(Options.OFFLOAD, true), given.value(Options.QUEUES, 1));
      Devices.sayIfFewerQueues(given, session, device, name + " has only one");
      session.engine(Engine.start(loops, config, device, session.listeners()));
      Devices.setUp(given, session, door, found, config.lan());
      try (Watch _ = door.watch(() -> session.end("the namespace is gone"))) {
        session.ready(Devices.readiness(config.lan(), device, target.path().toString()));
        session.ended().join();
      }
    }
  }

  /** A TAP that somebody opened for us; where it is, and what it has, is asked if we may. */
  private void serve(Session session, AttachTarget.Descriptor target) {
    TapDevice device = adopt(target.fd());
    Lan lan = Settings.lan(given, lookBehind(device));
    EngineConfig config = Settings.engine(given, lan);
    Devices.sayIfFewerQueues(given, session, device, "--fd names one");
    session.engine(Engine.start(loops, config, device, session.listeners()));
    session.ready(Devices.readiness(lan, device, null));
    session.ended().join();
  }

  private static InterfaceState lookBehind(TapDevice device) {
    @Nullable NamespaceDoor door = NamespaceDoor.behind(device);
    if (door != null) {
      try (door) {
        return GuestInterface.look(door, device.name());
      } catch (LaunchException e) {
        // Not ours to look at, or a queue of several: then the options say what to expect.
        return InterfaceState.absent(device.name());
      }
    }
    return InterfaceState.absent(device.name());
  }

  private TapDevice adopt(int fd) {
    try {
      return TapDevice.adopt(fd, given.value(Options.OFFLOAD, true));
    } catch (LinuxException e) {
      throw new LaunchException("--fd " + fd + ": " + e.getMessage(), e);
    }
  }
}
