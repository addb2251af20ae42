package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostEcho;
import io.slipway.flow.HostSocketException;
import io.slipway.flow.HostSockets;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** A host without sockets: its kernel takes every byte at once. Owned by one {@link GuestLine}. */
final class WillingHost implements HostSockets, HostStream {
  private @Nullable Events events;
  private long taken;

  /** Hears of the stream that was opened last. */
  Events events() {
    Events hears = events;
    if (hears == null) {
      throw new IllegalStateException("nobody has connected");
    }
    return hears;
  }

  /** Bytes written so far. */
  long taken() {
    return taken;
  }

  @Override
  public HostStream connect(
      Endpoint target, @Nullable IpAddress source, int hopLimit, Events hears) {
    events = hears;
    return this;
  }

  @Override
  public HostDatagrams openDatagrams(
      boolean v6, @Nullable IpAddress source, int port, HostDatagrams.Events hears)
      throws HostSocketException {
    throw new UnsupportedOperationException("no benchmark sends datagrams");
  }

  @Override
  public HostEcho openEcho(boolean v6, @Nullable IpAddress source, int id, HostEcho.Events hears) {
    throw new UnsupportedOperationException("no benchmark pings");
  }

  @Override
  public Endpoint local() {
    return Endpoint.parse("192.0.2.1:1024");
  }

  @Override
  public void write(ByteBuf data) {
    taken += data.readableBytes();
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
  public void close() {}

  @Override
  public void abort() {}
}
