package io.slipway.launch;

import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a command as {@code slipway run} does, but without an engine: what remains is the
 * namespaces, the process and its signals. {@code GuestProcessMain COMMAND [ARG...]}
 */
final class GuestProcessMain {
  private GuestProcessMain() {}

  public static void main(String[] arguments) {
    System.exit(run(CallerState.capture(), Arrays.asList(arguments)));
  }

  private static int run(CallerState caller, List<String> command) {
    boolean newUser = !GuestProcess.mayDoWithout();
    try (GuestProcess process =
            GuestProcess.prepare(new GuestProcess.Spec(command, newUser, caller, null));
        SignalRelay relay = SignalRelay.to(process)) {
      if (process.tunDescriptor() < 3) {
        throw new LaunchException("no descriptor; relay " + relay.hashCode());
      }
      process.start();
      int status = process.await();
      Linux.close(process.tunDescriptor());
      return status;
    } catch (CommandException e) {
      System.err.println("slipway: " + e.getMessage());
      return e.exitStatus();
    } catch (LaunchException | LinuxException e) {
      System.err.println("slipway: " + e.getMessage());
      return ExitStatus.ENGINE_FAILED;
    }
  }
}
