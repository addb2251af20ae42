package io.slipway;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.slipway.host.NettyHostSockets;
import io.slipway.sys.Linux;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * The event loops that engines run on, each with a thread of its own. Owned by whoever began them;
 * any thread may call. Several engines may share them.
 *
 * <p>They take about as long to make as everything else before a guest's network works, so they are
 * made on a thread of their own: begin them first, and do something else until an engine needs
 * them.
 */
public final class EventLoops implements AutoCloseable {
  private static final int LOOPS = 1;
  private static final long END_PATIENCE_MILLIS = 2_000;

  private final CompletableFuture<MultiThreadIoEventLoopGroup> group = new CompletableFuture<>();

  private EventLoops() {}

  /** Begins to make them; returns at once. */
  public static EventLoops begin() {
    EventLoops loops = new EventLoops();
    Thread.ofPlatform().name("slipway-start").daemon().start(loops::make);
    return loops;
  }

  private void make() {
    try {
      MultiThreadIoEventLoopGroup made =
          new MultiThreadIoEventLoopGroup(
              LOOPS,
              new DefaultThreadFactory("slipway-loop", true),
              EpollIoHandler.newFactory(0, () -> new SpinThenBlock(System::nanoTime)));
      EventLoop loop = made.next();
      loop.execute(() -> warmUp(loop));
      group.complete(made);
      // The calls of Linux are bound when they are first needed; that is soon, and not yet.
      int _ = Linux.geteuid();
    } catch (RuntimeException | LinkageError e) {
      group.completeExceptionally(e);
    }
  }

  /** Makes and drops what every engine begins with: the second one costs a tenth of the first. */
  private static void warmUp(EventLoop loop) {
    new NettyHostSockets(
            loop, new DefaultChannelGroup(loop), ByteBufAllocator.DEFAULT, Duration.ZERO)
        .close();
  }

  /**
   * A loop for an engine; waits until they are made.
   *
   * @throws IllegalStateException when that failed
   */
  EventLoop next() {
    try {
      return group.join().next();
    } catch (CompletionException e) {
      throw new IllegalStateException("no event loop: " + e.getCause(), e);
    }
  }

  /** Ends the loops and their threads; the engines on them must have ended. */
  @Override
  public void close() {
    group.thenAccept(made ->
        made.shutdownGracefully(0, END_PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
            .awaitUninterruptibly());
  }
}
