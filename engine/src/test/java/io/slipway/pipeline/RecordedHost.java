package io.slipway.pipeline;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostEcho;
import io.slipway.flow.HostSocketException;
import io.slipway.flow.HostSockets;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A host on which nothing answers: it notes who is connected to and what is sent. */
final class RecordedHost implements HostSockets {
  private static final int EACCES = 13;

  final List<Endpoint> connects = new ArrayList<>();
  final List<Endpoint> destinations = new ArrayList<>();
  final List<byte[]> datagrams = new ArrayList<>();

  @Override
  public HostStream connect(
      Endpoint target, @Nullable IpAddress source, int hopLimit, HostStream.Events events) {
    connects.add(target);
    return new Stream(events);
  }

  @Override
  public HostDatagrams openDatagrams(
      boolean v6, @Nullable IpAddress source, int port, HostDatagrams.Events events) {
    return new Datagrams(events);
  }

  @Override
  public HostEcho openEcho(boolean v6, @Nullable IpAddress source, int id, HostEcho.Events events)
      throws HostSocketException {
    throw new HostSocketException("ping socket", EACCES);
  }

  @Override
  public void flush() {}

  private static final class Stream implements HostStream {
    private final HostStream.Events events;

    Stream(HostStream.Events events) {
      this.events = events;
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
      events.onClosed();
    }

    @Override
    public void abort() {
      events.onClosed();
    }
  }

  private final class Datagrams implements HostDatagrams {
    private final HostDatagrams.Events events;

    Datagrams(HostDatagrams.Events events) {
      this.events = events;
    }

    @Override
    public int send(
        ByteBuf data,
        int offset,
        int length,
        long dstHigh,
        long dstLow,
        int dstPort,
        int hopLimit,
        boolean dontFragment) {
      destinations.add(new Endpoint(new IpAddress(dstHigh, dstLow), dstPort));
      datagrams.add(ByteBufUtil.getBytes(data, offset, length));
      return length;
    }

    @Override
    public int pathMtu() {
      return 0;
    }

    @Override
    public void pauseReads() {}

    @Override
    public void resumeReads() {}

    @Override
    public void close() {
      events.onClosed();
    }

    @Override
    public Endpoint local() {
      return new Endpoint(IpAddress.ANY4, 1);
    }
  }
}
