package io.slipway.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Connect, one byte asked, one answered, close; so many at once, by one thread. A latency is from
 * before the connect to the answer. What is still waiting some seconds after the end counts as
 * answered then, so that the slowest is in the maximum.
 */
final class ConnectClient {
  private static final long GRACE_NANOS = 3_000_000_000L;
  private static final long PAUSE_NANOS = 1_000_000;

  private final InetSocketAddress server;
  private final Selector selector;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1);
  private final Latencies latencies = new Latencies();
  private final long beginNanos;
  private final long endNanos;
  private final Queue<Conversation> resting = new ArrayDeque<>();
  private int waiting;
  private long errors;

  private ConnectClient(InetSocketAddress server, long beginNanos, long endNanos)
      throws IOException {
    this.server = server;
    this.beginNanos = beginNanos;
    this.endNanos = endNanos;
    selector = Selector.open();
  }

  /** Blocks for both times. */
  static Report measure(InetSocketAddress server, int parallel, long warmNanos, long nanos)
      throws IOException {
    long begin = System.nanoTime() + warmNanos;
    ConnectClient client = new ConnectClient(server, begin, begin + nanos);
    return client.run(parallel).with("parallel", parallel);
  }

  private Report run(int parallel) throws IOException {
    for (int i = 0; i < parallel; i++) {
      resting.add(new Conversation());
    }
    long now;
    while ((now = System.nanoTime()) < endNanos + (waiting > 0 ? GRACE_NANOS : 0)) {
      for (int i = resting.size(); i > 0 && now < endNanos; i--) {
        resting.remove().begin();
      }
      // Who could not even begin begins again, but not at once.
      long patience = resting.isEmpty() ? endNanos + GRACE_NANOS - now : PAUSE_NANOS;
      selector.select(ConnectClient::advance, patience / 1_000_000 + 1);
    }
    int stuck = waiting;
    for (SelectionKey key : selector.keys()) {
      if (key.isValid()) {
        ((Conversation) key.attachment()).giveUp();
      }
    }
    return new Report("crr")
        .with(latencies, endNanos - beginNanos)
        .with("errors", errors)
        .with("stuck", stuck);
  }

  private static void advance(SelectionKey key) {
    ((Conversation) key.attachment()).advance(key);
  }

  /** One of those that go on at once: one connection after the other. */
  private final class Conversation {
    private @Nullable SocketChannel channel;
    private long since;

    void begin() {
      waiting++;
      since = System.nanoTime();
      try {
        SocketChannel next = SocketChannel.open();
        channel = next;
        next.configureBlocking(false);
        if (next.connect(server)) {
          ask(next);
          next.register(selector, SelectionKey.OP_READ, this);
        } else {
          next.register(selector, SelectionKey.OP_CONNECT, this);
        }
      } catch (IOException e) {
        end(false);
      }
    }

    private void ask(SocketChannel peer) throws IOException {
      peer.write(buffer.clear());
    }

    void advance(SelectionKey key) {
      SocketChannel peer = (SocketChannel) key.channel();
      try {
        if (key.isConnectable()) {
          peer.finishConnect();
          ask(peer);
          key.interestOps(SelectionKey.OP_READ);
        } else {
          end(peer.read(buffer.clear()) == 1);
        }
      } catch (IOException e) {
        end(false);
      }
    }

    private void end(boolean answered) {
      long now = System.nanoTime();
      if (since >= beginNanos && answered) {
        latencies.add(now - since);
      } else if (since >= beginNanos) {
        errors++;
      }
      close();
      resting.add(this);
    }

    void giveUp() {
      latencies.add(System.nanoTime() - since);
      close();
    }

    private void close() {
      waiting--;
      try {
        if (channel != null) {
          channel.close();
        }
      } catch (IOException e) {
        errors++;
      }
    }
  }
}
