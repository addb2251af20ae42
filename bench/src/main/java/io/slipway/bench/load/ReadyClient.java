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
    for (int attempt = 0; System.nanoTime() < deadline; attempt++) {
      if (answers(server, FIRST_TIMEOUT_MILLIS + attempt)) {
        return new Report("ready").with("at_ns", System.nanoTime()).with("attempts", attempt + 1);
      }
      Thread.sleep(1);
    }
    throw new IOException("no answer");
  }

  private static boolean answers(InetSocketAddress server, long timeoutMillis) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1);
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
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
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0 || selector.select(left) == 0) {
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
