package io.slipway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.slipway.flow.FlowListener;
import io.slipway.sys.TapDevice;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One guest's network, at work. Owned by whoever started it; every method may be called by any
 * thread.
 *
 * <pre>
 *   start ---> frames are served ---> close, or the device disappears ---> closed() is completed
 * </pre>
 *
 * <p>It owns the device and all sockets of the host that it opened, and runs on an event loop that
 * it is lent. When it is closed, every flow is reset towards both of its sides, and nothing of it
 * is left.
 */
public final class Engine {
  private static final long STATS_PATIENCE_MILLIS = 1_000;

  private final TapDevice device;
  private final EventLoop loop;
  private final QueueService service;
  private final int maxFlows;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private volatile EngineStats last = EngineStats.NONE;

  private Engine(EngineConfig config, TapDevice device, EventLoop loop, FlowListener flows)
      throws ExecutionException, InterruptedException {
    this.device = device;
    this.loop = loop;
    this.maxFlows = DescriptorLimit.bound(config.maxFlows());
    QueueService.Plan plan =
        new QueueService.Plan(config, maxFlows, flows, System::nanoTime, this::deviceGone);
    // Made where it will live, so that its memory is that thread's.
    this.service =
        loop.submit(() -> new QueueService(plan, device.queues()[0], device.offload(), loop)).get();
  }

  /**
   * Starts to serve a device.
   *
   * @param loops where it is to run; not closed with the engine
   * @param device becomes the engine's, to be closed with it, also when the start fails
   * @param flows told of the life of every flow, on the event loop: must not block
   * @throws IllegalStateException when it cannot be started
   */
  public static Engine start(
      EventLoops loops, EngineConfig config, TapDevice device, FlowListener flows) {
    try {
      Engine engine = new Engine(config, device, loops.next(), flows);
      engine.service.begin().get();
      return engine;
    } catch (ExecutionException e) {
      device.close();
      throw new IllegalStateException("the engine cannot be started: " + e.getCause(), e);
    } catch (InterruptedException e) {
      device.close();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Flows that are carried at a time: what was asked for, or what the descriptor limit allows. */
  public int maxFlows() {
    return maxFlows;
  }

  /** What has happened so far; after the end, what had happened in all. */
  public EngineStats stats() {
    if (!closed.isDone()) {
      try {
        last = loop.submit(service::stats).get(STATS_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
        return last;
      }
    }
    return last;
  }

  /**
   * Waits until what the guest has sent is with the host's kernel: for a guest that is gone, whose
   * kernel still delivers what its programs had written. Blocks for as long as something moves, a
   * moment when nothing does, and ten seconds at most.
   */
  public void settle() {
    Settling settling = new Settling();
    try {
      while (!closed.isDone() && !settling.isOver(stats())) {
        Thread.sleep(Settling.LOOK_EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Completed with the reason when the engine has ended and nothing of it is left. */
  public CompletableFuture<String> closed() {
    return closed;
  }

  /**
   * Ends the engine: every flow is reset towards both sides, all descriptors are closed, and a
   * device that existed before is put back as it was. The first reason counts.
   *
   * @return {@link #closed()}
   */
  public CompletableFuture<String> close(String reason) {
    if (closing.compareAndSet(false, true)) {
      try {
        loop.execute(() -> closeService(reason));
      } catch (RejectedExecutionException e) {
        // The loops were ended before the engine, and its channels with them.
        end(reason);
      }
    }
    return closed;
  }

  private void closeService(String reason) {
    Future<?> down = service.close();
    last = service.stats();
    down.addListener(done -> end(reason));
  }

  /** What existed before is put back only when our hold on it has ended. */
  private void end(String reason) {
    device.close();
    closed.complete(reason);
  }

  private void deviceGone(int errno) {
    close("the device is gone (errno " + errno + ")");
  }
}
