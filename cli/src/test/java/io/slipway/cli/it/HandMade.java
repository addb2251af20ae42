package io.slipway.cli.it;

import java.time.Duration;
import java.util.List;

/**
 * A network namespace made without Slipway, held by a process of its own: for a user with a user
 * namespace around it. Closed by the test that made it.
 */
public final class HandMade implements AutoCloseable {
  private final Caller caller;
  private final Proc holder;

  private HandMade(Caller caller, Proc holder) {
    this.caller = caller;
    this.holder = holder;
  }

  /** Makes the namespace, and in it runs a setup line as its root. */
  public static HandMade make(Caller caller, String setup) {
    List<String> unshare =
        caller == Caller.ROOT
            ? List.of("unshare", "-n", "sleep", "100000")
            : List.of("unshare", "-Urn", "sleep", "100000");
    Proc holder = Proc.start(caller.as(unshare));
    HandMade made = new HandMade(caller, holder);
    Await.until(
        "a namespace of its own",
        Duration.ofSeconds(10),
        () -> Proc.run(caller.as("cat", "/proc/" + holder.pid() + "/comm")).text().equals("sleep"),
        holder::soFar);
    made.run(setup).ok();
    return made;
  }

  /** The process that holds the namespace. */
  public long pid() {
    return holder.pid();
  }

  /** Runs a shell line in the namespace to its end. */
  public Result run(String line) {
    return Proc.run(caller.as(Guest.enter(caller, pid(), "sh", "-c", line)));
  }

  /** Everything about an interface that a user may have set. */
  public String describe(String device) {
    return describe(caller, pid(), device);
  }

  /** Everything about an interface in the namespaces of a process that a user may have set. */
  public static String describe(Caller caller, long pid, String device) {
    // Left out: whether the last opener wanted offload headers, which the next one decides anew;
    // what the kernel itself does when a carrier comes (link-local address, duplicate detection);
    // and "requested on", which says that an offload could be had.
    String line =
        """
        ip -d link show DEV | sed -E 's/ vnet_hdr (on|off)//'
        ip addr show DEV | grep -v -e valid_lft -e fe80: | sed 's/ tentative//'
        ip -4 route; ip -6 route | grep -v fe80:
        ethtool -k DEV | sed -E 's/ *\\[.*//'
        """
            .replace("DEV", device);
    return Proc.run(caller.as(Guest.enter(caller, pid, "sh", "-ec", line))).ok().out();
  }

  @Override
  public void close() {
    holder.close();
  }
}
