package io.slipway;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.slipway.host.NettyHostSockets;
import io.slipway.sys.Linux;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * The event loops that engines run on, each with a thread of its own. Owned by whoever began them;
 * any thread may call. Several engines may share them.
 *
 * <p>They take about as long to make as everything else before a guest's network works, so they are
 * made on a thread of their own: begin them first, and do something else until an engine needs
 * them. One is made so; further ones cost little after it, and are made when an engine wants them.
 */
public final class EventLoops implements AutoCloseable {
  private static final long END_PATIENCE_MILLIS = 2_000;

  private final CompletableFuture<MultiThreadIoEventLoopGroup> first = new CompletableFuture<>();
  private final List<MultiThreadIoEventLoopGroup> others = new ArrayList<>();

  private EventLoops() {}

  /** Begins to make them; returns at once. */
  public static EventLoops begin() {
    EventLoops loops = new EventLoops();
    Thread.ofPlatform().name("slipway-start").daemon().start(loops::make);
    return loops;
  }

  private void make() {
    try {
      MultiThreadIoEventLoopGroup made = one();
      EventLoop loop = made.next();
      loop.execute(() -> warmUp(loop));
      first.complete(made);
      // The calls of Linux are bound when they are first needed; that is soon, and not yet.
      int _ = Linux.geteuid();
    } catch (RuntimeException | LinkageError e) {
      first.completeExceptionally(e);
    }
  }

  private static MultiThreadIoEventLoopGroup one() {
    return new MultiThreadIoEventLoopGroup(
        1,
        new DefaultThreadFactory("slipway-loop", true),
        EpollIoHandler.newFactory(0, () -> new SpinThenBlock(System::nanoTime)));
  }

  /** Makes and drops what every engine begins with: the second one costs a tenth of the first. */
  private static void warmUp(EventLoop loop) {
    new NettyHostSockets(
            loop, new DefaultChannelGroup(loop), ByteBufAllocator.DEFAULT, Duration.ZERO)
        .close();
  }

  /**
   * So many different loops for an engine; waits until they are made.
   *
   * @throws IllegalStateException when that failed
   */
  synchronized List<EventLoop> some(int count) {
    try {
      List<EventLoop> loops = new ArrayList<>();
      loops.add(first.join().next());
      while (others.size() < count - 1) {
        others.add(one());
      }
      others.stream().limit(count - 1).forEach(group -> loops.add(group.next()));
      return loops;
    } catch (CompletionException e) {
      throw new IllegalStateException("no event loop: " + e.getCause(), e);
    }
  }

  /** Ends the loops and their threads; the engines on them must have ended. */
  @Override
  public synchronized void close() {
    List<Future<?>> ends = new ArrayList<>();
    others.forEach(group -> ends.add(end(group)));
    first.thenAccept(group -> ends.add(end(group)));
    ends.forEach(Future::awaitUninterruptibly);
  }

  private static Future<?> end(MultiThreadIoEventLoopGroup group) {
    return group.shutdownGracefully(0, END_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
  }
}
