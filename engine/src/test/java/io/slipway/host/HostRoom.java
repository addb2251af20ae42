package io.slipway.host;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * One event loop with the room's sockets on it, for tests. Closing it checks that no buffer and no
 * descriptor was left behind.
 */
final class HostRoom implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Between two looks at a condition: what the tests wait for takes the loop microseconds. */
  private static final long POLL_NANOS = 50_000;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
  final ChannelGroup children = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  final EventLoop loop = loops.next();
  final NettyHostSockets sockets =
      new NettyHostSockets(loop, children, allocator, Duration.ofSeconds(77));
  private final int descriptorsAtStart;

  HostRoom() {
    call(() -> true);
    warmUp();
    descriptorsAtStart = descriptors();
  }

  /** Has the JDK open the descriptors that its own sockets share, so that they do not count. */
  private static void warmUp() {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket accepted = server.accept();
        DatagramSocket datagrams = new DatagramSocket()) {
      accepted.setSoLinger(true, 0);
      client.setTcpNoDelay(true);
      datagrams.setSoTimeout(1);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Endpoint loopback(int port) {
    return new Endpoint(IpAddress.parse("127.0.0.1"), port);
  }

  /** Runs on the loop and waits. */
  <T> T call(Callable<T> task) {
    try {
      return loop.submit(task).get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Runs on the loop and waits. */
  void run(Runnable task) {
    call(() -> {
      task.run();
      return true;
    });
  }

  /** Opens a stream and returns its log. */
  StreamLog connect(Endpoint target) {
    StreamLog log = new StreamLog();
    run(() -> log.stream = sockets.connect(target, null, 0, log));
    return log;
  }

  /** Opens a stream, waits until it stands, and returns its log. */
  StreamLog connected(Endpoint target) {
    StreamLog log = connect(target);
    await("connected", () -> log.has("connected"));
    return log;
  }

  static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (int i = 0; !condition.getAsBoolean(); i++) {
      if (System.nanoTime() > end) {
        throw new AssertionError("timed out waiting: " + what);
      }
      if (i > 200) {
        LockSupport.parkNanos(POLL_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Descriptors that this process has open. */
  static int descriptors() {
    int count = 0;
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path ignored : open) {
        count++;
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return count;
  }

  /** The child channels that are left. */
  int channels() {
    return children.size();
  }

  @Override
  public void close() {
    children.close().syncUninterruptibly();
    run(() -> {});
    run(sockets::close);
    int left = descriptors();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    if (allocator.metric().usedDirectMemory() != 0) {
      throw new AssertionError(allocator.metric().usedDirectMemory() + " bytes were not released");
    }
    if (left > descriptorsAtStart) {
      throw new AssertionError(
          left + " descriptors are open, " + descriptorsAtStart + " were at the start");
    }
  }
}
