package io.slipway.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One byte asked and one answered over a TCP connection, again and again: how many, how fast. */
final class RequestClient implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1);
  private final Latencies latencies = new Latencies();

  private RequestClient(SocketChannel channel) {
    this.channel = channel;
  }

  /** Blocks for both times. */
  static Report measure(InetSocketAddress server, long warmNanos, long nanos) throws IOException {
    try (RequestClient client = new RequestClient(SocketChannel.open(server))) {
      client.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      client.exchange(warmNanos);
      client.latencies.clear();
      long took = client.exchange(nanos);
      return new Report("rr").with(client.latencies, took);
    }
  }

  private long exchange(long nanos) throws IOException {
    long begin = System.nanoTime();
    long now = begin;
    while (now - begin < nanos) {
      channel.write(buffer.clear());
      if (channel.read(buffer.clear()) <= 0) {
        throw new IOException("the connection ended");
      }
      long end = System.nanoTime();
      latencies.add(end - now);
      now = end;
    }
    return now - begin;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
