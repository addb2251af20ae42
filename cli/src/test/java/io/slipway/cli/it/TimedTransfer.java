package io.slipway.cli.it;

import java.time.Duration;
import java.util.List;

/** One stream, checked to its last byte by {@link #SCRIPT}, whose head says how to start it. */
public final class TimedTransfer {
  public static final String SCRIPT = "timed_transfer.py";

  /** More octets than anyone sends before the time is over. */
  public static final long ENDLESS = 1_000_000_000_000L;

  private static final Duration START = Duration.ofSeconds(15);

  private TimedTransfer() {}

  /** Starts a server on the host; the port is what it says first. */
  public static Proc serve() {
    return serve(List.of(), "127.0.0.1");
  }

  /** Starts a server behind a prefix such as {@code ip netns exec NAME}. */
  static Proc serve(List<String> prefix, String address) {
    Proc server = Proc.startScript(prefix, SCRIPT, "serve", address);
    try {
      Await.until("a server", START, () -> server.out().endsWith("\n"), server::soFar);
      return server;
    } catch (AssertionError e) {
      server.close();
      throw e;
    }
  }
}
