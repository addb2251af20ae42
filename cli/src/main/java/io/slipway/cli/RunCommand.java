package io.slipway.cli;

import io.slipway.Engine;
import io.slipway.EngineConfig;
import io.slipway.EventLoops;
import io.slipway.launch.AttachTarget;
import io.slipway.launch.CallerState;
import io.slipway.launch.CommandException;
import io.slipway.launch.ExitStatus;
import io.slipway.launch.GuestInterface;
import io.slipway.launch.GuestProcess;
import io.slipway.launch.InterfaceState;
import io.slipway.launch.LaunchException;
import io.slipway.launch.NamespaceDoor;
import io.slipway.launch.SignalRelay;
import io.slipway.names.NamesConfig;
import io.slipway.observe.EventLevel;
import io.slipway.route.Lan;
import io.slipway.sys.SpawnSignals;
import io.slipway.sys.TapDevice;
import java.nio.file.Files;
import java.util.List;

/** {@code slipway run}: a command in a namespace of its own, with a network. */
final class RunCommand {
  private final Given given;
  private final List<String> command;
  private final CallerState caller;
  private final EventLoops loops;

  RunCommand(Given given, List<String> command, CallerState caller, EventLoops loops) {
    this.loops = loops;
    this.given = given;
    this.command = command;
    this.caller = caller.without(Session.ownDescriptors(given));
  }

  /**
   * Runs the command to its end.
   *
   * @return what to exit with; see {@link ExitStatus}
   * @throws CommandException when there is no such command
   * @throws LaunchException when the namespace or its network could not be made
   */
  int call() {
    boolean newUserns = given.flag(Options.NEW_USERNS) || !GuestProcess.mayDoWithout();
    InterfaceState absent =
        InterfaceState.absent(given.value(Options.INTERFACE, Settings.DEFAULT_INTERFACE));
    Lan lan = Settings.lan(given, absent);
    GuestProcess.Spec spec =
        new GuestProcess.Spec(command, newUserns, caller, Settings.resolvConf(given, lan));
    try (Session session = Session.begin(given)) {
      if (spec.resolvConf() != null && !Files.exists(NamesConfig.RESOLV_CONF)) {
        session
            .log()
            .message(
                EventLevel.WARN,
                "there is no /etc/resolv.conf to put the guest's over; programs that need one will"
                    + " not ask "
                    + lan.dns4());
      }
      int status = serve(session, spec, absent, lan);
      // The command's last words may still be on their way through the guest's kernel and ours.
      session.settle();
      session.end("the command has ended");
      return status;
    }
  }

  /** Processes of the guest end before its network does. */
  private int serve(Session session, GuestProcess.Spec spec, InterfaceState absent, Lan lan) {
    try (GuestProcess process = GuestProcess.prepare(spec);
        SignalRelay _ = SignalRelay.to(process)) {
      Engine engine = connect(session, process, absent, lan);
      session.ended().thenRun(() -> process.signal(SpawnSignals.SIGKILL));
      process.start();
      int status = process.await();
      return engine.closed().isDone() ? ExitStatus.ENGINE_FAILED : status;
    }
  }

  /** The network, working before the command starts. */
  private Engine connect(Session session, GuestProcess process, InterfaceState absent, Lan lan) {
    EngineConfig config = Settings.engine(given, lan);
    AttachTarget.Pid inside = new AttachTarget.Pid(process.namespacePid());
    try (NamespaceDoor door = NamespaceDoor.open(inside)) {
      TapDevice device =
          GuestInterface.create(
              door,
              absent.name(),
              given.value(Options.OFFLOAD, true),
              given.value(Options.QUEUES, 1),
              process.tunDescriptor());
      Engine engine = Engine.start(loops, config, device, session.listeners());
      session.engine(engine);
      Devices.setUp(given, session, door, absent, lan);
      session.ready(Devices.readiness(lan, device, inside.path().toString()));
      return engine;
    }
  }
}
