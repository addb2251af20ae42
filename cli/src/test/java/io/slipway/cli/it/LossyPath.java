package io.slipway.cli.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A guest's kernel behind a path that loses and delays packets:
 *
 * <pre>
 *   guest  eth0 ===== line  gate  tap0 ===== Slipway, or a kernel with the gateway's address
 *                        \__link__/
 * </pre>
 *
 * <p>Nothing on the way joins or cuts segments, so that every loss is one packet of the MTU. Closed
 * by the test that made it; closing fails if the engine reported a leaked buffer or an exception.
 */
public final class LossyPath implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final String RELAY =
      TestHost.checkout().resolve("bench/comparison/relay.py").toString();

  /** A small heap, all there from the start: what grows is then not garbage that nobody fetched. */
  private static final Map<String, String> WATCHED =
      Map.of(
          "SLIPWAY_JAVA_OPTS",
          Guest.PARANOID.get("SLIPWAY_JAVA_OPTS") + " -Xms48m -Xmx48m -XX:+AlwaysPreTouch");

  private static final String PLAIN =
      "for f in tx tso gso gro; do ethtool -K $0 $f off >/dev/null 2>&1 || :; done";

  private final List<AutoCloseable> parts = new ArrayList<>();
  private final HandMade guest;
  private final List<String> serverPrefix;
  private final String serverAddress;
  private final @Nullable Proc engine;

  /** What one transfer brought. */
  public record Outcome(long bytes, double seconds) {
    /** Megabits a second. */
    public double speed() {
      return bytes * 8 / 1e6 / seconds;
    }
  }

  private LossyPath(boolean kernel, boolean watched, String impairments, List<String> options) {
    guest = keep(HandMade.make(Caller.ROOT, "ip link set lo up"));
    HandMade gate = keep(HandMade.make(Caller.ROOT, "ip link set lo up"));
    Proc.run(
            "sh",
            "-ec",
            "ip link add eth0 netns $0 type veth peer name line netns $1",
            Long.toString(guest.pid()),
            Long.toString(gate.pid()))
        .ok();
    if (kernel) {
      HandMade far = keep(HandMade.make(Caller.ROOT, "ip link set lo up"));
      Proc.run(
              "sh",
              "-ec",
              "ip link add tap0 netns $0 type veth peer name eth0 netns $1",
              Long.toString(gate.pid()),
              Long.toString(far.pid()))
          .ok();
      // like our own it takes a loss for congestion; what BBR does not is no measure
      far.run(
              "sysctl -qw net.ipv4.tcp_congestion_control=reno;"
                  + "ip addr add 10.0.2.2/24 dev eth0; ip link set eth0 up; "
                  + plain("eth0"))
          .ok();
      engine = null;
      serverPrefix = enter(far.pid());
      serverAddress = Guest.GATEWAY;
    } else {
      List<String> argv = new ArrayList<>(Slipway.command(Caller.ROOT, "attach"));
      argv.addAll(List.of("--host-loopback", "--no-configure", "--offload", "off"));
      argv.addAll(List.of("--interface", "tap0", "--pid", Long.toString(gate.pid())));
      argv.addAll(options);
      engine = Proc.start(argv, watched ? WATCHED : Map.of());
      Proc ours = engine;
      parts.add(() -> end(ours));
      Await.until(
          "an engine that has opened all it will",
          START,
          () -> ours.err().contains(" ready ") || !ours.isAlive(),
          ours::soFar);
      serverPrefix = List.of();
      serverAddress = "127.0.0.1";
    }
    gate.run(
            "sysctl -qwe net.ipv6.conf.all.disable_ipv6=1; ip link set line up; ip link set tap0"
                + " up;"
                + plain("line")
                + ";"
                + plain("tap0"))
        .ok();
    guest
        .run(
            "ip addr add 10.0.2.100/24 dev eth0; ip link set eth0 up;"
                + "ip route add default via 10.0.2.2;"
                + plain("eth0"))
        .ok();
    List<String> link = enter(gate.pid());
    link.addAll(List.of("/usr/bin/python3", RELAY, "line", "tap0"));
    link.addAll(List.of(impairments.split(" ")));
    Proc relay = keep(Proc.start(link));
    Await.until("a link", START, () -> relay.out().startsWith("ready"), relay::soFar);
  }

  /** Slipway at the far end of the path; the watch for leaks costs it much of its speed. */
  public static LossyPath toSlipway(String impairments, String... options) {
    return new LossyPath(false, true, impairments, List.of(options));
  }

  /** Slipway as users have it at the far end of the path. */
  public static LossyPath toUnwatchedSlipway(String impairments) {
    return new LossyPath(false, false, impairments, List.of());
  }

  /** The kernel at the far end of the path. */
  public static LossyPath toKernel(String impairments) {
    return new LossyPath(true, false, impairments, List.of());
  }

  private static String plain(String device) {
    return PLAIN.replace("$0", device);
  }

  private static List<String> enter(long pid) {
    return Guest.enter(Caller.ROOT, pid);
  }

  private <T extends AutoCloseable> T keep(T part) {
    parts.add(part);
    return part;
  }

  /** The engine's process; there is none where a kernel is at the far end. */
  public Proc engine() {
    return Objects.requireNonNull(engine);
  }

  /** Starts a server at the far end: one of the programs among the tests' resources. */
  public Proc startServer(String script, Object... arguments) {
    return Proc.startScript(serverPrefix, script, arguments);
  }

  /** Starts one of those programs in the guest. */
  public Proc startInGuest(String script, Object... arguments) {
    return Proc.startScript(enter(guest.pid()), script, arguments);
  }

  /**
   * One stream between the guest and the far end, which fails unless every byte arrives.
   *
   * @param way {@code in} or {@code out}, seen from the guest's network
   * @param bytes after which the sender ends, or after {@code limit} if that comes first
   */
  public Outcome transfer(String way, long bytes, Duration limit) {
    try (Proc server = TimedTransfer.serve(serverPrefix, serverAddress);
        Proc client =
            startInGuest(
                TimedTransfer.SCRIPT,
                way,
                Guest.GATEWAY,
                server.out().strip(),
                bytes,
                limit.toSeconds())) {
      String said = client.await(Proc.LIMIT).ok().text();
      int space = said.indexOf(' ');
      return new Outcome(
          Long.parseLong(said.substring(0, space)), Double.parseDouble(said.substring(space + 1)));
    }
  }

  private static void end(Proc engine) {
    try (engine) {
      engine.signal("TERM");
      Result result = engine.await(Duration.ofSeconds(20));
      if (result.err().contains("LEAK:") || result.err().contains("Exception")) {
        throw new AssertionError(result.toString());
      }
    }
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        failure = new IllegalStateException("closing a path", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
