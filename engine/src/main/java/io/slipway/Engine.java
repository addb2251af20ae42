package io.slipway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.slipway.flow.FlowListener;
import io.slipway.flow.FlowQuota;
import io.slipway.gateway.DhcpLeases;
import io.slipway.names.HostResolvers;
import io.slipway.names.NameListener;
import io.slipway.pipeline.Siblings;
import io.slipway.sys.TapDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One guest's network, at work. Owned by whoever started it; every method may be called by any
 * thread.
 *
 * <pre>
 *   start ---> frames are served ---> close, or the device disappears ---> closed() is completed
 * </pre>
 *
 * <p>It owns the device and all sockets of the host that it opened, and runs on event loops that it
 * is lent, one for each queue of the device. When it is closed, every flow is reset towards both of
 * its sides, and nothing of it is left.
 */
public final class Engine {
  private static final long STATS_PATIENCE_MILLIS = 1_000;

  private final TapDevice device;
  private final QueueService[] services;
  private final HostResolvers resolvers;
  private final int maxFlows;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private volatile EngineStats last = EngineStats.NONE;

  /**
   * Who hears of what happens.
   *
   * @param flows told of the life of every flow
   * @param nameErrors told of names that nobody could resolve
   */
  public record Listeners(FlowListener flows, NameListener nameErrors) {}

  private Engine(
      EngineConfig config,
      TapDevice device,
      HostResolvers resolvers,
      List<EventLoop> on,
      Listeners listeners)
      throws ExecutionException, InterruptedException {
    this.device = device;
    this.resolvers = resolvers;
    this.maxFlows = DescriptorLimit.bound(config.maxFlows());
    int[] queues = device.queues();
    QueueService.Plan plan =
        new QueueService.Plan(
            config,
            new Siblings(queues.length, config.memoryBytes()),
            new FlowQuota(maxFlows),
            new DhcpLeases(config.lan()),
            resolvers,
            listeners.flows(),
            listeners.nameErrors(),
            System::nanoTime,
            this::deviceGone);
    services = new QueueService[queues.length];
    for (int i = 0; i < queues.length; i++) {
      int own = i;
      EventLoop loop = on.get(i);
      // Made where it will live, so that its memory is that thread's.
      services[i] =
          loop.submit(() -> new QueueService(plan, own, queues[own], device.offload(), loop)).get();
    }
  }

  /**
   * Starts to serve a device: each of its queues on an event loop of its own.
   *
   * @param loops where it is to run; not closed with the engine
   * @param device becomes the engine's, to be closed with it, also when the start fails
   * @param listeners told of what happens, on the event loops: must not block
   * @throws IllegalStateException when it cannot be started
   */
  public static Engine start(
      EventLoops loops, EngineConfig config, TapDevice device, Listeners listeners) {
    HostResolvers resolvers =
        config.router().nameService() ? HostResolvers.of(config.names()) : HostResolvers.none();
    try {
      List<EventLoop> on = loops.some(device.queues().length);
      Engine engine = new Engine(config, device, resolvers, on, listeners);
      List<Future<?>> begun = new ArrayList<>();
      for (QueueService service : engine.services) {
        begun.add(service.begin());
      }
      for (Future<?> one : begun) {
        one.get();
      }
      return engine;
    } catch (ExecutionException e) {
      device.close();
      resolvers.close();
      throw new IllegalStateException("the engine cannot be started: " + e.getCause(), e);
    } catch (InterruptedException e) {
      device.close();
      resolvers.close();
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
    if (closed.isDone()) {
      return last;
    }
    List<Future<EngineStats>> looks = new ArrayList<>();
    try {
      for (QueueService service : services) {
        looks.add(service.loop().submit(service::stats));
      }
      EngineStats sum = EngineStats.NONE;
      for (Future<EngineStats> look : looks) {
        sum = sum.plus(look.get(STATS_PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
      }
      return closed.isDone() ? last : sum;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
      // A loop that is busy, or has ended: what was known at the end is all there is.
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
      AtomicInteger left = new AtomicInteger(services.length);
      for (QueueService service : services) {
        try {
          service.loop().execute(() -> service.close().addListener(_ -> oneClosed(left, reason)));
        } catch (RejectedExecutionException e) {
          // The loops were ended before the engine, and its channels with them.
          oneClosed(left, reason);
        }
      }
    }
    return closed;
  }

  /** What existed before is put back only when our hold on it has ended. */
  private void oneClosed(AtomicInteger left, String reason) {
    if (left.decrementAndGet() == 0) {
      EngineStats sum = EngineStats.NONE;
      for (QueueService service : services) {
        sum = sum.plus(service.statsAtEnd());
      }
      last = sum;
      resolvers.close();
      device.close();
      closed.complete(reason);
    }
  }

  private void deviceGone(int errno) {
    close("the device is gone (errno " + errno + ")");
  }
}
