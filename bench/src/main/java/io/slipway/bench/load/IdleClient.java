package io.slipway.bench.load;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens TCP connections that have each answered one byte, and keeps them. */
final class IdleClient {
  private static final int THREADS = 8;

  private final InetSocketAddress server;
  private final int count;
  private final List<SocketChannel> open = new ArrayList<>();
  private int errors;

  private IdleClient(InetSocketAddress server, int count) {
    this.server = server;
    this.count = count;
  }

  /**
   * Says when they are open, and then holds them until the standard input ends or the time is over.
   * Gives up opening when so many could not be opened as there are threads.
   */
  static Report hold(InetSocketAddress server, int count, long nanos)
      throws InterruptedException, IOException {
    IdleClient client = new IdleClient(server, count);
    List<Thread> threads = new ArrayList<>();
    long begin = System.nanoTime();
    for (int i = 0; i < THREADS; i++) {
      threads.add(Thread.ofPlatform().daemon().name("idle").start(client::open));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println(
        new Report("idle")
            .with("open", client.open.size())
            .with("errors", client.errors)
            .with("seconds", (System.nanoTime() - begin) / 1e9));
    Thread reader = Thread.ofPlatform().daemon().name("stdin").start(IdleClient::drainInput);
    reader.join(nanos / 1_000_000);
    for (SocketChannel channel : client.open) {
      channel.close();
    }
    return new Report("closed").with("count", client.open.size());
  }

  private static void drainInput() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // As good as its end.
    }
  }

  private void open() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1);
    while (wantsMore()) {
      SocketChannel channel = null;
      try {
        channel = SocketChannel.open(server);
        channel.write(buffer.clear());
        done(channel.read(buffer.clear()) == 1 ? channel : null);
      } catch (IOException e) {
        done(null);
      }
    }
  }

  private synchronized boolean wantsMore() {
    return open.size() < count && errors < THREADS;
  }

  private synchronized void done(@Nullable SocketChannel channel) {
    if (channel == null) {
      errors++;
    } else {
      open.add(channel);
    }
  }
}
