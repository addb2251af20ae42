package io.slipway.launch;

import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.Spawn;
import io.slipway.sys.SpawnPipe;
import io.slipway.sys.SpawnSignals;
import io.slipway.sys.SpawnedProcess;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The namespaces of one command and the process that keeps them: process 1 of the pid namespace, a
 * shell whose script comes through a pipe of ours and that waits for the pipe's end. So it reaps
 * orphans, and ends with us however we end; with it everything else in the namespace is killed.
 * Owned by its {@link GuestProcess}; one thread at a time.
 */
final class GuestProcessNamespaces implements AutoCloseable {
  /** Where the script opens the TAP's control file; fetched from there. */
  private static final int TUN = 3;

  private static final String TUN_FILE = "/dev/net/tun";

  /** Seen in the guest's list of processes. */
  private static final String NAME = "slipway";

  private static final String OPENED = "opened";
  private static final String OPENED_LINE = "echo opened\n";
  private static final String READY = "ready";

  /**
   * What process 1 does first. The fresh /proc shows the namespace's processes and the fresh /sys
   * its interfaces; where the kernel refuses them (as in some containers) the host's stay. Of what
   * is mounted below /sys the control groups are put back, because programs read their limits
   * there.
   */
  private static final String PREPARATION =
      """
      PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin
      exec 3<>/dev/net/tun
      echo opened
      exec 2>/dev/null
      mount -t proc -o nosuid,nodev,noexec proc /proc
      (
        cd /sys/fs/cgroup && mount -t sysfs -o nosuid,nodev,noexec sysfs /sys || exit
        mount -c --rbind . /sys/fs/cgroup || umount /sys
      )
      echo ready
      """;

  /**
   * Before the rest: a resolv.conf of the command's own over what the host's path leads to. Where
   * it is a link into a directory below /run, as those who manage names have it, that directory is
   * covered whole: they replace their file by renaming another over it, which takes away what is
   * mounted on the file, and no program finds their socket, by which it would ask past us.
   * Elsewhere the file is covered by one in a file system of its own, for which /sys lends its
   * place. Where there is no such file there is nothing to mount it on.
   */
  private static final String RESOLV_CONF =
      """
      (
        exec 2>/dev/null
        file=$(readlink -f /etc/resolv.conf) && [ -e "$file" ] || exit
        directory=${file%/*}
        case $directory in
        /run/?*) own=$file ;;
        *) own=/sys/resolv.conf directory=/sys ;;
        esac
        mount -t tmpfs -o mode=755,size=64k tmpfs "$directory" || exit
        cat >"$own" <<'END'
      CONTENT
      END
        chmod 644 "$own"
        [ "$own" = "$file" ] || mount --bind "$own" "$file"
        [ "$own" = "$file" ] || umount -l "$directory"
      )
      """;

  /** What it does for the rest of its life: wait for {@code cat}, and for whatever orphan ends. */
  private static final String KEEPING = "exec >/dev/null 3>&-; cat; exit\n";

  private final SpawnedProcess init;
  private final SpawnPipe control;
  private final SpawnPipe report;
  private final int tun;
  private final boolean ownsUser;

  private GuestProcessNamespaces(
      SpawnedProcess init, SpawnPipe control, SpawnPipe report, int tun, boolean ownsUser) {
    this.init = init;
    this.control = control;
    this.report = report;
    this.tun = tun;
    this.ownsUser = ownsUser;
  }

  /** Makes the namespaces; the calling process becomes the parent of process 1. */
  static GuestProcessNamespaces make(boolean newUserNamespace, @Nullable String resolvConf) {
    String unshare = CommandLookup.tool("unshare", "util-linux");
    String shell = CommandLookup.tool("sh", "the base system");
    checkTunFile();
    SpawnedProcess.adoptOrphans();
    SpawnPipe control = SpawnPipe.open();
    SpawnPipe report = SpawnPipe.open();
    List<String> arguments =
        newUserNamespace
            ? List.of("unshare", "--user", "--map-root-user", "-nmpf", shell, "-s", NAME)
            : List.of("unshare", "-nmpf", shell, "-s", NAME);
    try {
      control.write(preparation(resolvConf));
      SpawnedProcess parent =
          Spawn.of(unshare, arguments)
              .duplicate(control.readEnd(), 0)
              .duplicate(report.writeEnd(), 1)
              .duplicate(report.writeEnd(), 2)
              .newSession()
              .start();
      control.closeReadEnd();
      report.closeWriteEnd();
      return adopt(parent, control, report, newUserNamespace);
    } catch (RuntimeException e) {
      control.close();
      report.close();
      throw e;
    }
  }

  private static String preparation(@Nullable String resolvConf) {
    if (resolvConf == null) {
      return PREPARATION;
    }
    return PREPARATION.replace(
        OPENED_LINE, OPENED_LINE + RESOLV_CONF.replace("CONTENT\n", resolvConf));
  }

  /** Opened here first, because an errno says more than a shell. */
  private static void checkTunFile() {
    Linux.close(
        LinuxException.check(TUN_FILE, Linux.open(TUN_FILE, Linux.O_RDWR | Linux.O_CLOEXEC)));
  }

  private static GuestProcessNamespaces adopt(
      SpawnedProcess parent, SpawnPipe control, SpawnPipe report, boolean newUserNamespace) {
    String line = report.readLine();
    if (!line.equals(OPENED)) {
      parent.awaitEnd();
      throw new LaunchException(refusal(line, newUserNamespace));
    }
    SpawnedProcess init = GuestProcessAdoption.ofOnlyChild(parent);
    return new GuestProcessNamespaces(init, control, report, fetch(init.pid()), newUserNamespace);
  }

  private static String refusal(String line, boolean newUserNamespace) {
    String cause =
        newUserNamespace
            ? "; user namespaces may be forbidden here (sysctl user.max_user_namespaces,"
                + " kernel.unprivileged_userns_clone or an AppArmor rule)"
            : "; it takes root with CAP_SYS_ADMIN";
    return "cannot make namespaces: " + (line.isEmpty() ? "unshare said nothing" : line) + cause;
  }

  private static int fetch(int pid) {
    int process = LinuxException.check("pidfd_open", Linux.pidfdOpen(pid));
    try {
      return LinuxException.check("pidfd_getfd", Linux.pidfdGetfd(process, TUN));
    } finally {
      Linux.close(process);
    }
  }

  /** Process 1. */
  SpawnedProcess init() {
    return init;
  }

  /** Our duplicate of its /dev/net/tun, for whoever asks first to close. */
  int tunDescriptor() {
    return tun;
  }

  /** Whether a user namespace was made too. */
  boolean ownsUser() {
    return ownsUser;
  }

  /** Waits until the file systems are in place, and lets process 1 settle down. */
  void settle() {
    String line = report.readLine();
    report.close();
    if (!line.equals(READY)) {
      throw new LaunchException("process 1 ended: " + line);
    }
    control.write(KEEPING);
  }

  /** Sends every process in the namespaces to its end. */
  void kill() {
    init.signal(SpawnSignals.SIGKILL);
  }

  /** Waits until all are gone. */
  @Override
  public void close() {
    control.close();
    report.close();
    init.awaitEnd();
  }
}
