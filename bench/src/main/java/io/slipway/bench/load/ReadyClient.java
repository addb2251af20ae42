package io.slipway.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Tries to get one byte back from the server, a new connection for each attempt, from before there
 * is a network until it succeeds. An attempt is given up after four milliseconds and one more each
 * time, so that a SYN which nobody saw is not waited for.
 */
final class ReadyClient {
  private static final int FIRST_TIMEOUT_MILLIS = 4;

  private ReadyClient() {}

  /** Says that it has begun, tries, and says when it had its byte: on the monotonic clock. */
  static Report await(InetSocketAddress server, long nanos)
      throws IOException, InterruptedException {
    System.out.println(new Report("trying").with("at_ns", System.nanoTime()));
    long deadline = System.nanoTime() + nanos;
    int attempts = 0;
    for (int silences = 0; System.nanoTime() < deadline; attempts++) {
      long begin = System.nanoTime();
      long patience = (FIRST_TIMEOUT_MILLIS + silences) * 1_000_000L;
      if (answers(server, begin + patience)) {
        return new Report("ready").with("at_ns", System.nanoTime()).with("attempts", attempts + 1);
      }
      // Where there is no route yet, an attempt fails at once.
      silences += System.nanoTime() - begin >= patience ? 1 : 0;
      Thread.sleep(1);
    }
    throw new IOException("no answer");
  }

  private static boolean answers(InetSocketAddress server, long deadline) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1);
    try (Selector selector = Selector.open();
        SocketChannel channel = SocketChannel.open()) {
      channel.configureBlocking(false);
      boolean connected = channel.connect(server);
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      while (true) {
        if (connected) {
          connected = false;
          channel.write(buffer.clear());
          key.interestOps(SelectionKey.OP_READ);
        }
        long left = deadline - System.nanoTime();
        if (left <= 0 || selector.select(left / 1_000_000 + 1) == 0) {
          return false;
        }
        selector.selectedKeys().clear();
        if (key.isConnectable()) {
          connected = channel.finishConnect();
        } else if (key.isReadable()) {
          return channel.read(buffer.clear()) == 1;
        }
      }
    } catch (SocketException e) {
      // There is no route yet, or nobody at its end.
      return false;
    }
  }
}
