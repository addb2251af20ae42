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
  private static final long OPENING_NANOS = 30_000_000_000L;

  private final InetSocketAddress server;
  private final int count;
  private final List<SocketChannel> open = new ArrayList<>();
  private int begun;
  private int errors;

  private IdleClient(InetSocketAddress server, int count) {
    this.server = server;
    this.count = count;
  }

  /**
   * Says when they are open, and then holds them until the standard input ends or the time is over.
   * Opens no more when as many have failed as there are threads, or after half a minute.
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
      long left = begin + OPENING_NANOS - System.nanoTime();
      thread.join(Math.max(1, left / 1_000_000));
    }
    System.out.println(client.report(begin));
    Thread reader = Thread.ofPlatform().daemon().name("stdin").start(IdleClient::drainInput);
    reader.join(nanos / 1_000_000);
    return client.close();
  }

  private synchronized Report report(long begin) {
    return new Report("idle")
        .with("open", open.size())
        .with("errors", errors)
        .with("seconds", (System.nanoTime() - begin) / 1e9);
  }

  private synchronized Report close() throws IOException {
    for (SocketChannel channel : open) {
      channel.close();
    }
    return new Report("closed").with("count", open.size());
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
      try {
        SocketChannel channel = SocketChannel.open(server);
        channel.write(buffer.clear());
        done(channel.read(buffer.clear()) == 1 ? channel : null);
      } catch (IOException e) {
        done(null);
      }
    }
  }

  private synchronized boolean wantsMore() {
    if (begun == count || errors == THREADS) {
      return false;
    }
    begun++;
    return true;
  }

  private synchronized void done(@Nullable SocketChannel channel) {
    if (channel == null) {
      errors++;
      begun--;
    } else {
      open.add(channel);
    }
  }
}
