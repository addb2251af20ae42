package io.slipway.cli.it;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A host whose internet is two hops deep, so that TTLs expire and MTUs shrink on the way: three
 * network namespaces in a row.
 *
 * <pre>
 *   host                       router                          server
 *   203.0.113.10  -- 1500 --  203.0.113.1, 198.51.100.1  -- {@link #FAR_MTU} --  198.51.100.9
 *   2001:db8::10              2001:db8::1, 2001:db8:1::1                      2001:db8:1::9
 * </pre>
 *
 * Closed by the test that made it.
 */
public final class RoutedWorld implements AutoCloseable {
  public static final String ROUTER = "203.0.113.1";
  public static final String ROUTER6 = "2001:db8::1";
  public static final String SERVER = "198.51.100.9";
  public static final String SERVER6 = "2001:db8:1::9";

  /** MTU between router and server. */
  public static final int FAR_MTU = 1400;

  /** Everybody may have ping sockets, for {@link #pingSockets}. */
  public static final String ALL_GROUPS = "0 2147483647";

  /** Nobody may, which is what a new namespace has. */
  public static final String NO_GROUPS = "1 0";

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String host;
  private final String router;
  private final String server;

  private RoutedWorld(String suffix) {
    host = "slipway-it-rh" + suffix;
    router = "slipway-it-rr" + suffix;
    server = "slipway-it-rs" + suffix;
  }

  /**
   * Makes the namespaces and joins them; the router tells errors as often as there are any. Nobody
   * asks whether an address is taken: until a kernel knows that of its link-local address it does
   * not look for neighbors, and what it should forward waits a second or two.
   */
  public static RoutedWorld make() {
    RoutedWorld world =
        new RoutedWorld(ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
    Proc.run(
            "sh",
            "-ec",
            """
            for n in $1 $2 $3; do
              ip netns add $n; ip -n $n link set lo up
              ip netns exec $n sysctl -qw net.ipv4.ip_forward=0 net.ipv4.icmp_ratelimit=0 \\
                net.ipv6.icmp.ratelimit=0 net.ipv6.conf.default.accept_dad=0
            done
            ip netns exec $2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            ip -n $1 link add up0 type veth peer name near0 netns $2
            ip -n $2 link add far0 mtu $4 type veth peer name down0 mtu $4 netns $3
            ip -n $1 link set up0 up; ip -n $2 link set near0 up
            ip -n $2 link set far0 up; ip -n $3 link set down0 up
            ip -n $1 addr add 203.0.113.10/24 dev up0
            ip -n $1 addr add 2001:db8::10/64 dev up0 nodad
            ip -n $2 addr add 203.0.113.1/24 dev near0
            ip -n $2 addr add 2001:db8::1/64 dev near0 nodad
            ip -n $2 addr add 198.51.100.1/24 dev far0
            ip -n $2 addr add 2001:db8:1::1/64 dev far0 nodad
            ip -n $3 addr add 198.51.100.9/24 dev down0
            ip -n $3 addr add 2001:db8:1::9/64 dev down0 nodad
            ip -n $1 route add default via 203.0.113.1; ip -n $1 route add default via 2001:db8::1
            ip -n $3 route add default via 198.51.100.1; ip -n $3 route add default via 2001:db8:1::1
            ip -n $2 route add prohibit 198.51.100.66; ip -n $2 route add unreachable 198.51.100.67
            ip -n $2 route add prohibit 2001:db8:1::66
            """,
            "sh",
            world.host,
            world.router,
            world.server,
            Integer.toString(FAR_MTU))
        .ok();
    return world;
  }

  /** Sets which groups on the host may have ping sockets. */
  public void pingSockets(String groups) {
    host("sysctl -qw net.ipv4.ping_group_range='" + groups + "'").ok();
  }

  /** Runs a line as root on the host. */
  public Result host(String line) {
    return Proc.run("ip", "netns", "exec", host, "sh", "-c", line);
  }

  /** Starts a Python program as root on the server. */
  public Proc serverPython(String program, Object... arguments) {
    List<String> argv = new ArrayList<>(List.of("ip", "netns", "exec", server));
    argv.addAll(List.of(Guest.pythonArgv(program, arguments)));
    return Proc.start(argv);
  }

  /** Starts a Python program as root on the router. */
  public Proc routerPython(String program, Object... arguments) {
    List<String> argv = new ArrayList<>(List.of("ip", "netns", "exec", router));
    argv.addAll(List.of(Guest.pythonArgv(program, arguments)));
    return Proc.start(argv);
  }

  /** Starts a guest whose engine lives on the server of this world. */
  public Guest serverGuest(Caller caller, String... options) {
    return Guest.start(List.of("ip", "netns", "exec", server), caller, options);
  }

  /** Starts a guest whose engine lives on the host of this world. */
  public Guest guest(Caller caller, String... options) {
    return Guest.start(List.of("ip", "netns", "exec", host), caller, options);
  }

  @Override
  public void close() {
    Proc.run("ip", "netns", "del", server);
    Proc.run("ip", "netns", "del", router);
    Proc.run("ip", "netns", "del", host);
  }
}
