package io.slipway.host;

import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket of the host as a child channel: registration with the event loop, the interest mask, and
 * the end. Owned by the event loop it was made for; only that thread calls it.
 *
 * <p>It is a channel so that the device's channel group can close it; its pipeline stays empty and
 * its bytes do not pass through it, since there is one reader and one writer, the flow.
 */
final class HostChannel extends AbstractChannel {
  static final int IN = EpollIoOps.EPOLLIN.value();
  static final int OUT = EpollIoOps.EPOLLOUT.value();
  static final int ERROR = EpollIoOps.EPOLLERR.value();
  static final int PEER_FINISHED = EpollIoOps.EPOLLRDHUP.value();

  /** EPOLLHUP of epoll_ctl(2), which Netty reports but has no constant for. */
  static final int HANGUP = 0x10;

  /**
   * Waiting for nothing. Not an empty mask: Netty then deletes the descriptor from the epoll set
   * and cannot modify it afterwards. Edge-triggered, so that an error or a hang-up that has to wait
   * (for reads to resume) is told once and does not spin.
   */
  static final EpollIoOps IDLE = EpollIoOps.valueOf(ERROR | EpollIoOps.EPOLLET.value());

  private static final Logger log = LoggerFactory.getLogger(HostChannel.class);
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  private final EventLoop loop;
  private final FileDescriptor descriptor;
  private final Owner owner;
  private final ChannelConfig config = new DefaultChannelConfig(this);
  private @Nullable IoRegistration registration;
  private @Nullable EpollIoOps watched;
  private boolean told;

  /**
   * Wraps a non-blocking descriptor.
   *
   * @param loop where the channel will be registered
   * @param descriptor owned by the channel from here on
   * @param owner told what happens to it
   */
  HostChannel(EventLoop loop, FileDescriptor descriptor, Owner owner) {
    super(null);
    this.loop = loop;
    this.descriptor = descriptor;
    this.owner = owner;
  }

  /** Who uses the socket: the stream or the datagrams of one flow. */
  interface Owner {
    /** The descriptor is ready as {@code ops} says: an or of the bits named above. */
    void ready(int ops);

    /** The descriptor is about to be closed: let go of what was held for it. Calls nobody. */
    void release();

    /** The descriptor is gone. Called once, in a turn of the loop, never inside {@link #end}. */
    void gone();
  }

  /** Sets what the channel waits for; free when that is what it waits for already. */
  void watch(EpollIoOps ops) {
    IoRegistration current = registration;
    if (ops.equals(watched) || current == null || !isOpen()) {
      return;
    }
    try {
      current.submit(ops);
      watched = ops;
    } catch (UncheckedIOException e) {
      log.warn("host socket closed, the kernel refused to watch it: {}", e.getMessage());
      end();
    }
  }

  /** Closes the descriptor and the channel; does nothing the second time. */
  void end() {
    unsafe().close(voidPromise());
  }

  /** Runs {@code task} in a later turn of the loop; forgets it when the loop has ended. */
  void later(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("host socket: the event loop has ended");
    }
  }

  private void tellGone() {
    if (!told) {
      told = true;
      owner.gone();
    }
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    Future<IoRegistration> future = ((IoEventLoop) loop).register((SocketUnsafe) unsafe());
    if (future.isSuccess()) {
      registration = future.getNow();
      promise.setSuccess();
    } else {
      Throwable cause = future.cause();
      promise.setFailure(
          cause != null ? cause : new IllegalStateException("registered by another thread"));
    }
  }

  @Override
  protected void doClose() throws IOException {
    owner.release();
    // closing takes it out of the epoll set; the other way round costs one more call
    descriptor.close();
    if (registration != null) {
      registration.cancel();
    }
    if (!isRegistered()) {
      later(this::tellGone);
    }
  }

  @Override
  protected void doDeregister() {
    if (registration != null) {
      registration.cancel();
    }
    if (!isOpen()) {
      tellGone();
    }
  }

  @Override
  protected boolean isCompatible(EventLoop other) {
    return other instanceof IoEventLoop io && io.isCompatible(SocketUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new SocketUnsafe();
  }

  @Override
  public boolean isOpen() {
    return descriptor.isOpen();
  }

  @Override
  public boolean isActive() {
    return isOpen();
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return null;
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return null;
  }

  @Override
  protected void doBind(SocketAddress localAddress) {
    throw notThroughThePipeline();
  }

  @Override
  protected void doDisconnect() throws IOException {
    doClose();
  }

  /** Reading is the flow's to start, not the pipeline's. */
  @Override
  protected void doBeginRead() {}

  @Override
  protected Object filterOutboundMessage(Object message) {
    throw notThroughThePipeline();
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer buffer) {
    throw notThroughThePipeline();
  }

  private static UnsupportedOperationException notThroughThePipeline() {
    return new UnsupportedOperationException("a host socket is used by its flow, not a pipeline");
  }

  /** What Netty calls: the event loop with readiness, the channel group with the end. */
  private final class SocketUnsafe extends AbstractUnsafe implements EpollIoHandle {
    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
      if (!isOpen()) {
        return;
      }
      try {
        owner.ready(((EpollIoEvent) event).ops().value());
      } catch (Throwable t) {
        // A fault in one flow must not stop the loop that carries all of them.
        log.error("host socket closed after an error of ours", t);
        end();
      }
    }

    @Override
    public void close() {
      end();
    }

    @Override
    public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
      promise.setFailure(notThroughThePipeline());
    }
  }
}
