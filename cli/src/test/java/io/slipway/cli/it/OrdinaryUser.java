package io.slipway.cli.it;

import java.nio.file.Path;
import java.util.List;

/**
 * A user with no privileges whatever, made for the run and removed after it. Owned by {@link
 * TestHost}.
 */
final class OrdinaryUser {
  private static final String NAME = "slipway-it";

  private final Path home;
  private final String uid;

  OrdinaryUser(Path home) {
    remove();
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

  /** Removes the user and whatever still runs as it, also what a killed run left behind. */
  void remove() {
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
            NAME)
        .ok();
  }
}
