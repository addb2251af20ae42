package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostEcho;
import io.slipway.flow.HostSocketException;
import io.slipway.flow.HostSockets;
import io.slipway.flow.HostStream;
import io.slipway.names.NamesConfig.OwnName;
import io.slipway.route.Endpoint;
import io.slipway.route.Lan;
import io.slipway.route.Router;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Counters;
import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A name service whose resolvers are the test, and whose time is what the test says. */
final class DnsKit implements HostSockets, AutoCloseable {
  static final Lan LAN =
      Lan.standard(
          Cidr.parse("10.0.2.0/24"),
          Cidr.parse("fd00::/64"),
          MacAddress.parse("02:11:22:33:44:55"),
          1500);

  final Counters counters = new Counters();
  final TimerWheel timers = new TimerWheel(1_000_000, 0);
  final Deque<Runnable> turns = new ArrayDeque<>();
  final List<String> sent = new ArrayList<>();
  final List<String> errors = new ArrayList<>();
  final List<Upstream> upstreams = new ArrayList<>();
  final List<Stream> streams = new ArrayList<>();
  final DnsService service;
  long now;

  DnsKit(RouterConfig config, List<String> servers, String... names) {
    List<OwnName> own = new ArrayList<>();
    for (String name : names) {
      int at = name.indexOf('=');
      own.add(
          new OwnName(
              DomainName.parse(name.substring(0, at)), IpAddress.parse(name.substring(at + 1))));
    }
    NamesConfig plan =
        new NamesConfig(
            servers.stream().map(IpAddress::parse).toList(), Path.of("/nonexistent"), own);
    service =
        new DnsService(
            new DnsService.Parts(
                this,
                new Router(LAN, config.withNameService(true)),
                timers,
                () -> now,
                counters,
                UnpooledByteBufAllocator.DEFAULT,
                (name, server, reason) -> errors.add(name + " " + server + " " + reason),
                turns::add),
            plan,
            HostResolvers.of(plan));
  }

  static ByteBuf query(int id, String name, int type) {
    ByteBuf out = Unpooled.directBuffer();
    out.writeShort(id).writeShort(0x0100).writeShort(1).writeShort(0).writeInt(0);
    for (String label : name.split("\\.", -1)) {
      out.writeByte(label.length());
      out.writeCharSequence(label, StandardCharsets.US_ASCII);
    }
    return out.writeByte(0).writeShort(type).writeShort(1);
  }

  static ByteBuf response(ByteBuf query, int code) {
    ByteBuf out = query.copy();
    return out.setShort(2, 0x8180 | code);
  }

  static DnsMessage message(ByteBuf data) {
    return new DnsMessage(data, 0, data.readableBytes());
  }

  /** Events that were put off happen. */
  void turn() {
    while (!turns.isEmpty()) {
      turns.remove().run();
    }
  }

  void pass(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
    timers.advance(now);
    turn();
  }

  @Override
  public HostStream connect(
      Endpoint target, IpAddress source, int hopLimit, HostStream.Events events) {
    Stream made = new Stream(target, events);
    streams.add(made);
    return made;
  }

  @Override
  public HostDatagrams openDatagrams(
      boolean v6, IpAddress source, int port, HostDatagrams.Events events) {
    Upstream made = new Upstream(events);
    upstreams.add(made);
    return made;
  }

  @Override
  public HostEcho openEcho(boolean v6, IpAddress source, int id, HostEcho.Events events)
      throws HostSocketException {
    throw new HostSocketException("socket", 1);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    service.close();
  }

  /** A socket towards resolvers. */
  final class Upstream implements HostDatagrams {
    final HostDatagrams.Events events;
    boolean closed;

    Upstream(HostDatagrams.Events events) {
      this.events = events;
    }

    void deliver(String from, ByteBuf message) {
      IpAddress source = IpAddress.parse(from);
      events.onDatagrams(
          message, 0, message.readableBytes(), 0, source.high(), source.low(), DnsService.PORT, 64);
      message.release();
    }

    void refuse(String server) {
      IpAddress to = IpAddress.parse(server);
      events.onError(
          111, 3, 3, 0, to.high(), to.low(), to.high(), to.low(), 53, Unpooled.EMPTY_BUFFER, 0, 0);
      turn();
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
      sent.add(IpAddress.text(dstHigh, dstLow) + " " + new DnsMessage(data, offset, length).name());
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
      closed = true;
    }

    @Override
    public Endpoint local() {
      return new Endpoint(IpAddress.ANY4, 1);
    }
  }

  /** A connection to a resolver. */
  static final class Stream implements HostStream {
    final Endpoint target;
    final HostStream.Events events;
    final ByteBuf written = Unpooled.buffer();
    boolean aborted;

    Stream(Endpoint target, HostStream.Events events) {
      this.target = target;
      this.events = events;
    }

    @Override
    public Endpoint local() {
      return target;
    }

    @Override
    public void write(ByteBuf data) {
      written.writeBytes(data);
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
      aborted = true;
    }

    @Override
    public void abort() {
      aborted = true;
    }
  }
}
