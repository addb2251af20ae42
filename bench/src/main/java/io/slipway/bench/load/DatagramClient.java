package io.slipway.bench.load;

import java.net.InetSocketAddress;

/**
 * One datagram asked and one answered, again and again: how many, how fast. One that has no answer
 * within a second is lost, and the next follows.
 */
final class DatagramClient implements AutoCloseable {
  private static final long TIMEOUT_NANOS = 1_000_000_000;

  private final Peer server;
  private final DatagramPort port;
  private final Latencies latencies = new Latencies();
  private int number;
  private long lost;

  private DatagramClient(Peer server) {
    this.server = server;
    port = DatagramPort.open(server);
  }

  /** Blocks for both times. */
  static Report measure(InetSocketAddress server, long warmNanos, long nanos) {
    try (DatagramClient client = new DatagramClient(Peer.of(server))) {
      client.exchange(warmNanos);
      client.latencies.clear();
      client.lost = 0;
      long took = client.exchange(nanos);
      return new Report("udprr").with(client.latencies, took).with("lost", client.lost);
    }
  }

  private long exchange(long nanos) {
    long begin = System.nanoTime();
    long now = begin;
    while (now - begin < nanos) {
      port.say(Datagram.ECHO, ++number, server);
      boolean answered = awaitAnswer(now);
      long end = System.nanoTime();
      if (answered) {
        latencies.add(end - now);
      } else {
        lost++;
      }
      now = end;
    }
    return now - begin;
  }

  private boolean awaitAnswer(long since) {
    long left;
    while ((left = since + TIMEOUT_NANOS - System.nanoTime()) > 0) {
      int arrived = port.receive((int) (left / 1_000_000) + 1);
      for (int slot = 0; slot < arrived; slot++) {
        if (port.id(slot) == number) {
          return true;
        }
      }
    }
    return false;
  }

  @Override
  public void close() {
    port.close();
  }
}
