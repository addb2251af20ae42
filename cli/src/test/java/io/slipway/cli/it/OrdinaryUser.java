package io.slipway.cli.it;

import java.nio.file.Path;
import java.util.List;

/**
 * A user with no privileges whatever, made for the run and removed after it. Owned by {@link
 * TestHost}.
 */
final class OrdinaryUser {
  private static final String NAMES = "slipway-it-";
  private static final String NAME = NAMES + ProcessHandle.current().pid();

  private final Path home;
  private final String uid;

  OrdinaryUser(Path home) {
    removeStale();
    Proc.run("useradd", "--no-create-home", "--home-dir", home.toString(), NAME).ok();
    this.home = home;
    uid = Proc.run("id", "-u", NAME).ok().text();
    Proc.run("chown", uid, home.toString()).ok();
  }

  String uid() {
    return uid;
  }

  /** What stands before a command of root's to make it this user's. */
  List<String> prefix() {
    return List.of(
        "setpriv",
        "--reuid",
        uid,
        "--regid",
        uid,
        "--init-groups",
        "env",
        "HOME=" + home,
        "USER=" + NAME,
        "LOGNAME=" + NAME,
        "SHELL=/bin/bash",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  }

  /** Removes the user and whatever still runs as it. */
  void remove() {
    remove(NAME);
  }

  /** Removes what runs that were killed left behind: users named after processes that are gone. */
  private static void removeStale() {
    Proc.run("cut", "-d:", "-f1", "/etc/passwd")
        .ok()
        .out()
        .lines()
        .filter(name -> name.matches(NAMES + "\\d+"))
        .filter(name -> ProcessHandle.of(Long.parseLong(name.substring(NAMES.length()))).isEmpty())
        .forEach(OrdinaryUser::remove);
    remove(NAME);
  }

  private static void remove(String name) {
    Proc.run(
            "sh",
            "-c",
            """
            id -u $1 >/dev/null 2>&1 || exit 0
            while ps -o pid= -u $1 | xargs -r kill -KILL 2>/dev/null
              ps -o pid= -u $1 | grep -q .; do sleep 0.1; done
            userdel $1
            """,
            "sh",
            name)
        .ok();
  }
}
