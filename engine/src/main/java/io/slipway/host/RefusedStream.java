package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import org.jspecify.annotations.Nullable;

/** A stream that never had a socket: tells its flow why, and then that it is gone. */
final class RefusedStream implements HostStream {
  private final int errno;
  private final Events events;
  private boolean silent;

  RefusedStream(int errno, Events events) {
    this.errno = errno;
    this.events = events;
  }

  /** Tells the flow in a later turn of {@code loop}. */
  RefusedStream tellOn(EventLoop loop) {
    loop.execute(this::tell);
    return this;
  }

  private void tell() {
    if (!silent) {
      silent = true;
      events.onConnectFailed(errno);
    }
    events.onClosed();
  }

  @Override
  public @Nullable Endpoint local() {
    return null;
  }

  @Override
  public void write(ByteBuf data) {
    data.release();
  }

  @Override
  public void flush() {}

  @Override
  public int pendingBytes() {
    return 0;
  }

  @Override
  public void shutdownOutput() {}

  @Override
  public void pauseReads() {}

  @Override
  public void resumeReads() {}

  @Override
  public void close() {
    silent = true;
  }

  @Override
  public void abort() {
    silent = true;
  }
}
