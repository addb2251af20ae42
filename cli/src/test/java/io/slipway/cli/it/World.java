package io.slipway.cli.it;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A host of its own, 203.0.113.10 and .11 (2001:db8::10 and ::11), and behind it an internet of one
 * machine, 203.0.113.1 (2001:db8::1): two network namespaces and a veth pair. For tests that need
 * routes, addresses or an empty machine. Closed by the test that made it.
 */
public final class World implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String host;
  private final String internet;

  private World(String suffix) {
    host = "slipway-it-h" + suffix;
    internet = "slipway-it-i" + suffix;
  }

  /** Makes both namespaces and joins them; they tell errors as often as there are any. */
  public static World make() {
    World world = new World(ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
    Proc.run(
            "sh",
            "-ec",
            """
            ip netns add $1; ip netns add $2
            ip -n $1 link add up0 type veth peer name down0 netns $2
            for n in $1 $2; do
              ip netns exec $n sysctl -qw net.ipv4.ip_forward=0 net.ipv4.icmp_ratelimit=0 \\
                net.ipv6.icmp.ratelimit=0
            done
            ip -n $1 link set lo up; ip -n $2 link set lo up
            ip -n $1 link set up0 up; ip -n $2 link set down0 up
            ip -n $1 addr add 203.0.113.10/24 dev up0; ip -n $1 addr add 203.0.113.11/24 dev up0
            ip -n $1 addr add 2001:db8::11/64 dev up0 nodad
            ip -n $1 addr add 2001:db8::10/64 dev up0 nodad
            ip -n $2 addr add 203.0.113.1/24 dev down0
            ip -n $2 addr add 2001:db8::1/64 dev down0 nodad
            """,
            "sh",
            world.host,
            world.internet)
        .ok();
    return world;
  }

  /** Runs a line as root on the host. */
  public Result host(String line) {
    return Proc.run("ip", "netns", "exec", host, "sh", "-c", line);
  }

  /** Starts a line as root on the machine that stands for the internet. */
  public Proc internet(String line) {
    return Proc.start(List.of("ip", "netns", "exec", internet, "sh", "-c", line));
  }

  /** Starts a Python program as root on the machine that stands for the internet. */
  public Proc internetPython(String program, Object... arguments) {
    List<String> argv = new ArrayList<>(List.of("ip", "netns", "exec", internet));
    argv.addAll(List.of(Guest.pythonArgv(program, arguments)));
    return Proc.start(argv);
  }

  /** Starts a guest whose engine lives on the host of this world. */
  public Guest guest(Caller caller, String... options) {
    return Guest.start(hostPrefix(), caller, options);
  }

  /** What stands before a command of root's to make it run on the host. */
  public List<String> hostPrefix() {
    return List.of("ip", "netns", "exec", host);
  }

  /** The host's network namespace. */
  public String hostNamespace() {
    return "/run/netns/" + host;
  }

  /** The network namespace of the machine that stands for the internet. */
  public String internetNamespace() {
    return "/run/netns/" + internet;
  }

  @Override
  public void close() {
    Proc.run("ip", "netns", "del", internet);
    Proc.run("ip", "netns", "del", host);
  }
}
