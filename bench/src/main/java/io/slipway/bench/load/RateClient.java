package io.slipway.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The highest rate of datagrams that arrive, in one direction. The far end is told over TCP what to
 * do; that conversation and the datagrams are never there at the same time.
 */
final class RateClient implements AutoCloseable {
  /** Which way the datagrams go, seen from here. */
  enum Direction {
    UP,
    DOWN
  }

  private static final int TIMEOUT_MILLIS = 5000;
  private static final int HELLOS = 50;
  private static final int HELLO_MILLIS = 50;

  /** The last datagram has come when none has for so long. */
  private static final int QUIET_MILLIS = 60;

  private final Peer server;
  private final int size;
  private final long trialNanos;
  private final DatagramPort port;
  private final Socket control = new Socket();
  private final BufferedReader answers;
  private final PrintStream questions;
  private int id = (int) System.nanoTime() | 1;

  private RateClient(InetSocketAddress server, int size, long trialNanos) throws IOException {
    this.server = Peer.of(server);
    this.size = size;
    this.trialNanos = trialNanos;
    control.connect(
        new InetSocketAddress(server.getAddress(), server.getPort() + 1), TIMEOUT_MILLIS);
    control.setTcpNoDelay(true);
    control.setSoTimeout(TIMEOUT_MILLIS + (int) (trialNanos / 1_000_000));
    answers =
        new BufferedReader(
            new InputStreamReader(control.getInputStream(), StandardCharsets.US_ASCII));
    questions = new PrintStream(control.getOutputStream(), true, StandardCharsets.US_ASCII);
    port = DatagramPort.open(this.server);
  }

  /** Searches, some twenty trials. */
  static Report search(
      InetSocketAddress server, Direction direction, int size, long warmNanos, long trialNanos)
      throws IOException {
    warm(size, warmNanos);
    try (RateClient client = new RateClient(server, size, trialNanos)) {
      client.greet();
      RateSearch.Best best =
          new RateSearch(direction == Direction.UP ? client::up : client::down).search();
      if (best == null) {
        throw new IOException("no rate has less than one in a hundred lost");
      }
      return report(direction, size, best.outcome())
          .with("sender_limited", best.senderLimited())
          .with("trials", best.trials())
          .with("receive_buffer", client.port.receiveBuffer());
    }
  }

  /** One trial at a given rate. */
  static Report once(
      InetSocketAddress server,
      Direction direction,
      int size,
      double rate,
      long warmNanos,
      long trialNanos)
      throws IOException {
    warm(size, warmNanos);
    try (RateClient client = new RateClient(server, size, trialNanos)) {
      client.greet();
      return report(
          direction, size, direction == Direction.UP ? client.up(rate) : client.down(rate));
    }
  }

  private static Report report(Direction direction, int size, RateSearch.Outcome outcome) {
    return new Report(direction == Direction.UP ? "udpup" : "udpdown")
        .with("per_s", outcome.rate())
        .with("mbit_per_s", outcome.rate() * size * 8 / 1e6)
        .with("received_per_s", outcome.received() * 1e9 / outcome.nanos())
        .with("loss_percent", 100 * outcome.loss())
        .with("sent", outcome.sent())
        .with("received", outcome.received());
  }

  /** Sends to a socket of our own, until the compilers have seen all that a trial does. */
  static void warm(int size, long nanos) {
    Peer local = Peer.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    try (DatagramPort port = DatagramPort.bound(local)) {
      Peer self = new Peer(local.high(), local.low(), port.localPort());
      try (PacedSender sender = new PacedSender(port.descriptor(), self, 1, size);
          Counter counter = new Counter(port, 1)) {
        sender.send(100_000, nanos);
        counter.awaitQuiet();
      }
    }
  }

  /** Until the far end has heard of us, by the path that the datagrams will take. */
  private void greet() throws IOException {
    for (int i = 0; i < HELLOS; i++) {
      port.say(Datagram.HELLO, id, server);
      int arrived = port.receive(HELLO_MILLIS);
      for (int slot = 0; slot < arrived; slot++) {
        if (port.kind(slot) == Datagram.HELLO && port.id(slot) == id) {
          return;
        }
      }
    }
    throw new IOException("nobody answers datagrams");
  }

  private String ask(String question) throws IOException {
    questions.println(question);
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the server ended the conversation");
    }
    return answer;
  }

  private RateSearch.Outcome up(double rate) {
    try {
      id++;
      ask("sink " + id);
      RateSearch.Outcome outcome;
      try (PacedSender sender = new PacedSender(port.descriptor(), server, id, size)) {
        outcome = sender.send(rate, trialNanos);
      }
      long received = -1;
      long now = Long.parseLong(ask("count " + id));
      while (now < outcome.sent() && now > received) {
        received = now;
        pause();
        now = Long.parseLong(ask("count " + id));
      }
      return new RateSearch.Outcome(outcome.sent(), now, outcome.nanos());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RateSearch.Outcome down(double rate) {
    try {
      id++;
      greet();
      String line = "source %d %d %.0f %d".formatted(id, size, rate, trialNanos / 1_000_000);
      try (Counter counter = new Counter(port, id)) {
        String[] words = ask(line).split(" ", -1);
        long sent = Long.parseLong(words[0]);
        return new RateSearch.Outcome(sent, counter.awaitQuiet(), Long.parseLong(words[1]));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(QUIET_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Counts on a thread of its own what comes with one ID. */
  private static final class Counter implements AutoCloseable {
    private final AtomicLong received = new AtomicLong();
    private final DatagramPort port;
    private final int id;
    private final Thread thread;
    private volatile boolean ended;

    Counter(DatagramPort port, int id) {
      this.port = port;
      this.id = id;
      thread = Thread.ofPlatform().daemon().name("counter").start(this::run);
    }

    private void run() {
      while (!ended) {
        int arrived = port.receive(QUIET_MILLIS / 2);
        long mine = 0;
        for (int slot = 0; slot < arrived; slot++) {
          mine += port.kind(slot) == Datagram.DATA && port.id(slot) == id ? 1 : 0;
        }
        received.addAndGet(mine);
      }
    }

    /** What has come when nothing more comes. */
    long awaitQuiet() {
      long before = -1;
      long now = received.get();
      while (now > before) {
        before = now;
        pause();
        now = received.get();
      }
      return now;
    }

    @Override
    public void close() {
      ended = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    port.close();
    control.close();
  }
}
