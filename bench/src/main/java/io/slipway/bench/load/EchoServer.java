package io.slipway.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Sends back what any TCP connection sends, of which little is expected at a time. One thread, one
 * selector; a new connection is read at once, since its request is often there already.
 */
final class EchoServer implements Runnable {
  private static final int BACKLOG = 4096;

  private final Selector selector;
  private final ServerSocketChannel listener;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(4096);

  EchoServer(InetSocketAddress local) throws IOException {
    selector = Selector.open();
    listener = ServerSocketChannel.open();
    listener.bind(local, BACKLOG);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
  }

  @Override
  public void run() {
    try {
      while (true) {
        selector.select(this::serve);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(SelectionKey key) {
    if (key.isAcceptable()) {
      accept();
    } else {
      answer((SocketChannel) key.channel());
    }
  }

  private void accept() {
    try {
      SocketChannel peer;
      while ((peer = listener.accept()) != null) {
        peer.configureBlocking(false);
        peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (answer(peer)) {
          peer.register(selector, SelectionKey.OP_READ);
        }
      }
    } catch (IOException e) {
      System.err.println("load: accept: " + e.getMessage());
    }
  }

  /** Whether the connection goes on. */
  private boolean answer(SocketChannel peer) {
    try {
      int length = peer.read(buffer.clear());
      if (length >= 0) {
        peer.write(buffer.flip());
        return true;
      }
    } catch (IOException e) {
      // The connection was reset; that is its end, too.
    }
    try {
      peer.close();
    } catch (IOException e) {
      System.err.println("load: close: " + e.getMessage());
    }
    return false;
  }
}
