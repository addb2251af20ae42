package io.slipway.launch;

import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.Spawn;
import io.slipway.sys.SpawnSignals;
import io.slipway.sys.SpawnTerminal;
import io.slipway.sys.SpawnedProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command in namespaces of its own: user (unless root needs none), network, mount and pid. Owned
 * by the thread that prepared it, but for {@link #signal}, which any thread may call.
 *
 * <pre>
 *   prepare ----> namespaces exist, /dev/net/tun is open in there, no command yet
 *   (the engine makes the interface and configures it)
 *   start ------> the command runs, a child of this process, in the caller's process group
 *   await ------> it has ended
 *   close ------> and everything that it left behind in the namespaces
 * </pre>
 *
 * <p>The command finds what our caller gave us, see {@link CallerState}. However this process ends,
 * all in the namespaces is killed with it.
 */
public final class GuestProcess implements AutoCloseable {
  /** CAP_SYS_ADMIN of capabilities(7), which making namespaces takes. */
  private static final int SYS_ADMIN = 21;

  /** Standard input and output; the engine shares standard error with the command. */
  private static final int[] HANDED_OVER = {0, 1};

  private final Spec spec;
  private final List<byte[]> arguments;
  private final GuestProcessNamespaces namespaces;
  private final SpawnTerminal terminal;
  private final boolean wasForeground;
  private boolean closed;

  private volatile boolean started;

  // Guarded by this, because signals come on threads of their own.
  private int processDescriptor = -1;
  private int signalBefore;

  private @Nullable SpawnedProcess command;
  private int waitStatus;

  /**
   * What to run.
   *
   * @param command name and arguments, the last words of this process's own command line
   * @param newUserNamespace whether to become root in a new user namespace; needed unless {@link
   *     #mayDoWithout}
   * @param caller what the command is to find
   * @param resolvConf what stands in its resolv.conf, plain ASCII; null leaves it the host's
   */
  public record Spec(
      List<String> command,
      boolean newUserNamespace,
      CallerState caller,
      @Nullable String resolvConf) {
    public Spec {
      command = List.copyOf(command);
    }
  }

  private GuestProcess(Spec spec, List<byte[]> arguments, GuestProcessNamespaces namespaces) {
    this.spec = spec;
    this.arguments = arguments;
    this.namespaces = namespaces;
    terminal = SpawnTerminal.open();
    wasForeground = terminal.isForeground();
  }

  /** Whether we may make namespaces as we are: root with CAP_SYS_ADMIN. */
  public static boolean mayDoWithout() {
    String key = "CapEff:";
    try {
      for (String line :
          Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(key)) {
          long effective = Long.parseUnsignedLong(line.substring(key.length()).strip(), 16);
          return Linux.geteuid() == 0 && (effective >>> SYS_ADMIN & 1) != 0;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Makes the namespaces.
   *
   * @throws CommandException when there is no such command, or none that can be executed
   * @throws LaunchException when namespaces cannot be made
   * @throws LinuxException when a call fails, of which {@code /dev/net/tun} is the likeliest
   */
  public static GuestProcess prepare(Spec spec) {
    List<byte[]> arguments = CallerArguments.bytes(spec.command());
    CommandLookup.command(arguments.getFirst(), spec.command().getFirst());
    return new GuestProcess(
        spec, arguments, GuestProcessNamespaces.make(spec.newUserNamespace(), spec.resolvConf()));
  }

  /**
   * A descriptor of the guest's {@code /dev/net/tun}, ready for TUNSETIFF. Whoever asks owns it.
   */
  public int tunDescriptor() {
    return namespaces.tunDescriptor();
  }

  /** A process that lives in the namespaces until {@link #close}. */
  public int namespacePid() {
    return namespaces.init().pid();
  }

  /**
   * Starts the command; not if a signal came before. From then on this process's own standard input
   * and output lead nowhere: they are the command's.
   *
   * @throws LaunchException when it could not be started
   */
  public void start() {
    namespaces.settle();
    waitStatus = signalBefore();
    if (waitStatus != 0) {
      return;
    }
    CallerState caller = spec.caller();
    SpawnedProcess entrance =
        new Spawn(entranceTool(), entranceArguments(caller))
            .keep(caller.descriptors())
            .signals(caller.blockedSignals(), caller.ignoredSignals())
            .start();
    started = true;
    for (int standard : HANDED_OVER) {
      if (caller.descriptors().contains(standard)) {
        Spawn.handOver(standard);
      }
    }
    GuestProcessAdoption.Outcome outcome = GuestProcessAdoption.of(entrance, namespaces.init());
    waitStatus = outcome.waitStatus();
    command = outcome.child();
    if (command != null) {
      watchForSignals(command);
    }
  }

  private String entranceTool() {
    return CommandLookup.tool(namespaces.ownsUser() ? "nsenter" : "setpriv", "util-linux");
  }

  /**
   * The way in: nsenter into the user namespace, setpriv, nsenter into the others, a program that
   * lowers the limit of descriptors where we have raised it, the command. What setpriv asks for is
   * that the nsenter which waits for the command dies with us, even while it is stopped for {@link
   * GuestProcessAdoption}; entering a user namespace would forget that.
   */
  private List<byte[]> entranceArguments(CallerState caller) {
    String nsenter = CommandLookup.tool("nsenter", "util-linux");
    String setpriv = CommandLookup.tool("setpriv", "util-linux");
    String target = "--target=" + namespaces.init().pid();
    List<String> words = new ArrayList<>();
    if (namespaces.ownsUser()) {
      words.addAll(List.of(nsenter, target, "--user", "--preserve-credentials", "--"));
    }
    words.addAll(List.of(setpriv, "--pdeathsig=KILL", "--", nsenter, target));
    // Root and working directory as process 1 has them, which are ours seen in its mount namespace.
    words.addAll(List.of("--mount", "--net", "--pid", "--root", "--wd", "--"));
    String limit = caller.descriptorLimit();
    if (!limit.equals(limitNow())) {
      words.add(CommandLookup.tool("prlimit", "util-linux"));
      words.add("--nofile=" + limit + ":");
      words.add("--");
    }
    List<byte[]> bytes = new ArrayList<>();
    for (String word : words) {
      bytes.add(word.getBytes(StandardCharsets.UTF_8));
    }
    bytes.addAll(arguments);
    return bytes;
  }

  private static String limitNow() {
    try {
      return CallerState.descriptorLimitNow();
    } catch (IOException e) {
      throw new LaunchException("/proc/self/limits: " + e.getMessage(), e);
    }
  }

  /** The signal that came too early, 0 if none: as a wait status, that it ended the command. */
  private synchronized int signalBefore() {
    return signalBefore;
  }

  private synchronized void watchForSignals(SpawnedProcess process) {
    processDescriptor = LinuxException.check("pidfd_open", Linux.pidfdOpen(process.pid()));
    if (signalBefore != 0) {
      Linux.pidfdSendSignal(processDescriptor, signalBefore);
    }
  }

  /**
   * Sends the command a signal. Before the start it is remembered, and the command is not started;
   * after the end nothing happens. Any thread.
   */
  public synchronized void signal(int number) {
    if (processDescriptor >= 0) {
      int result = Linux.pidfdSendSignal(processDescriptor, number);
      assert result >= 0 || result == -Errno.ESRCH || result == -Errno.EPERM : result;
    } else if (number != SpawnSignals.SIGWINCH) {
      signalBefore = number;
    }
  }

  /**
   * Whether the command gets what the terminal's keys send without our help: it has started, and
   * our process group, in which it did, is in the foreground. Any thread.
   */
  boolean hearsTerminal() {
    return started && terminal.isForeground();
  }

  /** Blocks until the command has ended; returns what to exit with, see {@link ExitStatus}. */
  public int await() {
    if (command != null) {
      waitStatus = command.awaitEnd();
      command = null;
    }
    return ExitStatus.of(waitStatus);
  }

  /**
   * Kills whatever is left in the namespaces, waits until it is gone, and gives the terminal back
   * to our process group. The descriptor of {@link #tunDescriptor} stays open.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    namespaces.kill();
    // Process 1 ends after every other process, and this one after we have seen its end.
    await();
    namespaces.close();
    if (wasForeground) {
      terminal.takeBack();
    }
    terminal.close();
    synchronized (this) {
      if (processDescriptor >= 0) {
        Linux.close(processDescriptor);
        processDescriptor = -1;
      }
    }
  }
}
