package io.slipway.cli.it;

import java.util.ArrayList;
import java.util.List;

/** The command under test, started from the checkout as a user would. */
public final class Slipway {
  private Slipway() {}

  /** The path of the launcher. */
  public static String launcher() {
    return TestHost.checkout().resolve("cli/bin/slipway").toString();
  }

  /** A complete command line. */
  public static List<String> command(Caller caller, String... arguments) {
    List<String> argv = new ArrayList<>();
    argv.add(launcher());
    argv.addAll(List.of(arguments));
    return caller.as(argv);
  }

  /** Runs it to its end. */
  public static Result run(Caller caller, String... arguments) {
    return Proc.run(command(caller, arguments));
  }

  /** Starts it. The process is the engine itself: the launcher ends in {@code exec}. */
  public static Proc start(Caller caller, String... arguments) {
    return Proc.start(command(caller, arguments));
  }
}
