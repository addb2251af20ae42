package io.slipway.cli;

import io.slipway.EventLoops;
import io.slipway.launch.CallerState;
import io.slipway.launch.CommandException;
import io.slipway.launch.ExitStatus;
import io.slipway.launch.LaunchException;
import io.slipway.observe.EventLevel;
import io.slipway.sys.LinuxException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The program. Says what went wrong in one line, and ends with the status that scripts rely on. */
public final class Main {
  /** Exit status of {@code attach} when the engine could not start. */
  static final int START_FAILED = 1;

  private Main() {}

  /** Runs and ends the JVM. */
  public static void main(String[] args) {
    // First of all, because what is opened from here on is no longer what the caller gave us.
    String command = CommandLineParser.command(args);
    @Nullable CallerState caller =
        command.equals(CommandLineParser.RUN) ? CallerState.capture() : null;
    LibraryLog.choose();
    @Nullable EventLoops loops = CommandLineParser.needsEngine(command) ? EventLoops.begin() : null;
    int status = run(caller, loops, args);
    System.out.flush();
    System.err.flush();
    // A JVM gives threads that are in a system call a third of a second to come out before it
    // halts.
    if (loops != null) {
      loops.close();
    }
    // Not exit: everything that has to be put away is put away by now, and the shutdown hook's only
    // business is a signal.
    Runtime.getRuntime().halt(status);
  }

  /** Does what the arguments ask for and returns the exit status. */
  static int run(@Nullable CallerState caller, @Nullable EventLoops loops, String... args) {
    @Nullable Request request = null;
    try {
      request = new CommandLineParser().parse(args);
      return switch (request) {
        case Request.Print print -> print(print.text());
        case Request.Run run ->
            new RunCommand(
                    run.given(),
                    run.command(),
                    Objects.requireNonNull(caller),
                    Objects.requireNonNull(loops))
                .call();
        case Request.Attach attach ->
            new AttachCommand(attach.given(), Objects.requireNonNull(loops)).call();
      };
    } catch (UsageException e) {
      complain(e, request);
      return CommandLineParser.usageStatus(args);
    } catch (CommandException e) {
      complain(e, request);
      return e.exitStatus();
    } catch (LaunchException | LinuxException e) {
      complain(e, request);
      return failed(request);
    } catch (RuntimeException e) {
      complain(new IllegalStateException("internal error: " + e, e), request);
      return failed(request);
    }
  }

  private static int failed(@Nullable Request request) {
    return request instanceof Request.Run ? ExitStatus.ENGINE_FAILED : START_FAILED;
  }

  private static int print(String text) {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    out.print(text);
    out.flush();
    return out.checkError() ? START_FAILED : 0;
  }

  private static void complain(Exception e, @Nullable Request request) {
    System.err.println("slipway: " + e.getMessage());
    if (isDebugging(request)) {
      e.printStackTrace();
    }
  }

  private static boolean isDebugging(@Nullable Request request) {
    @Nullable Given given =
        switch (request) {
          case Request.Run run -> run.given();
          case Request.Attach attach -> attach.given();
          case Request.Print print -> null;
          case null -> null;
        };
    return given != null
        && EventLevel.DEBUG.isWithin(given.value(Options.LOG_LEVEL, EventLevel.INFO));
  }
}
