package io.slipway.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.slipway.clock.TimerWheel;
import io.slipway.egress.Egress;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Neighbors;
import io.slipway.egress.Offload;
import io.slipway.icmp.IcmpErrors;
import io.slipway.route.Endpoint;
import io.slipway.route.Lan;
import io.slipway.route.Router;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Counters;
import io.slipway.tcp.InitialSequence;
import io.slipway.tcp.TcpConfig;
import io.slipway.tcp.TcpLoop;
import io.slipway.udp.UdpTimeouts;
import io.slipway.wire.Checksum;
import io.slipway.wire.Cidr;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.Gather;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv4Header;
import io.slipway.wire.MacAddress;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.UdpHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Flows between a guest made of packets and a host made of lists, with time in the test's hand. */
final class FlowKit implements FrameSink, HostSockets, FlowListener, AutoCloseable {
  static final IpAddress GUEST = IpAddress.parse("10.0.2.100");
  static final IpAddress REMOTE = IpAddress.parse("192.0.2.7");
  static final long MILLIS = 1_000_000;

  final Counters counters = new Counters();
  final TimerWheel wheel = new TimerWheel(MILLIS, 0);
  final Deque<byte[]> frames = new ArrayDeque<>();
  final List<FakeStream> streams = new ArrayList<>();
  final List<FakeDatagrams> sockets = new ArrayList<>();
  final List<FakeEcho> echoes = new ArrayList<>();
  final List<String> events = new ArrayList<>();
  final Flows flows;
  long now = 7 * MILLIS;
  int hopLimit = 64;
  boolean dontFragment;
  int socketErrno;
  boolean noBatchEnd;
  private final TcpLoop tcp;
  private final Egress egress;
  private final IcmpErrors icmpErrors;

  FlowKit() {
    this(RouterConfig.DEFAULT.withHostLoopback(true), new FlowLimits(100, 1 << 20, 100_000));
  }

  FlowKit(RouterConfig policy, FlowLimits limits) {
    Lan lan =
        Lan.standard(Cidr.parse("10.0.2.0/24"), null, MacAddress.parse("02:11:22:33:44:55"), 1500);
    egress = new Egress(lan, this, new Neighbors(), counters, 1500);
    icmpErrors = new IcmpErrors(egress, lan, counters);
    tcp =
        new TcpLoop(
            TcpConfig.DEFAULT,
            wheel,
            counters,
            PooledByteBufAllocator.DEFAULT,
            new InitialSequence(5, 6));
    FlowParts parts =
        new FlowParts(
            egress,
            icmpErrors,
            this,
            NameService.NONE,
            tcp,
            UdpTimeouts.DEFAULT,
            () -> now,
            counters,
            PooledByteBufAllocator.DEFAULT,
            this,
            limits,
            1500);
    flows = new Flows(parts, new Router(lan, policy), 99);
  }

  Flow bareFlow(long guest, int port, long remote, int remotePort) {
    Packet packet = new Packet();
    ByteBuf none = PooledByteBufAllocator.DEFAULT.directBuffer(64).writeZero(64);
    packet.reset(none, 64);
    packet.source(0, guest);
    packet.destination(0, remote);
    packet.transport(6, 0, 20);
    packet.ports(port, remotePort);
    Flow flow = new TcpFlow(flows, 1, packet, null, now);
    none.release();
    return flow;
  }

  // ---- the guest ----------------------------------------------------------------------------

  void tcp(int port, IpAddress to, int toPort, int flags, int seq, int ack, String payload) {
    Packet packet = packet(6, TcpHeader.LENGTH + payload.length(), port, to, toPort);
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    TcpHeader.set(frame, at, port, toPort, seq, ack, TcpHeader.LENGTH, flags, 65535);
    frame.setCharSequence(at + TcpHeader.LENGTH, payload, StandardCharsets.ISO_8859_1);
    flows.tcp(packet, now);
    if (!noBatchEnd) {
      flows.batchEnd(now);
    }
    frame.release();
  }

  void udp(int port, IpAddress to, int toPort, String payload) {
    Packet packet = packet(17, UdpHeader.LENGTH + payload.length(), port, to, toPort);
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    UdpHeader.set(frame, at, port, toPort, UdpHeader.LENGTH + payload.length(), 0);
    frame.setCharSequence(at + UdpHeader.LENGTH, payload, StandardCharsets.ISO_8859_1);
    flows.udp(packet, now);
    flows.batchEnd(now);
    frame.release();
  }

  /** An echo request with so much of its TTL left. */
  void echo(int id, int seq, IpAddress to, int hops, String payload) {
    Packet packet = packet(1, IcmpHeader.LENGTH + payload.length(), 0, to, 0);
    ByteBuf frame = packet.frame();
    int at = packet.transportAt();
    packet.handling(hops, 0);
    IcmpHeader.set(frame, at, IcmpHeader.ECHO_REQUEST, 0, id << 16 | seq);
    frame.setCharSequence(at + IcmpHeader.LENGTH, payload, StandardCharsets.ISO_8859_1);
    flows.echo(packet, now);
    flows.batchEnd(now);
    frame.release();
  }

  private Packet packet(int protocol, int length, int port, IpAddress to, int toPort) {
    int ipAt = EthernetHeader.LENGTH;
    int total = Ipv4Header.LENGTH + length;
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(ipAt + total);
    frame.writeZero(ipAt + total);
    int flags = dontFragment ? Ipv4Header.DONT_FRAGMENT : 0;
    int guest = GUEST.v4();
    Ipv4Header.set(frame, ipAt, 0, total, 1, flags, hopLimit, protocol, guest, to.v4());
    Packet packet = new Packet();
    packet.reset(frame, frame.writerIndex());
    packet.ethernet(0x020000000001L, 0x021122334455L, 0x0800, ipAt);
    packet.ip(false, ipAt, Ipv4Header.LENGTH, total);
    packet.source(GUEST.high(), GUEST.low());
    packet.destination(to.high(), to.low());
    packet.handling(hopLimit, 0);
    packet.transport(protocol, ipAt + Ipv4Header.LENGTH, length);
    packet.ports(port, toPort);
    return packet;
  }

  /** The next frame to the guest, as {@code protocol: words}. */
  String nextFrame() {
    byte[] bytes = frames.poll();
    if (bytes == null) {
      return "nothing";
    }
    ByteBuf frame = Unpooled.wrappedBuffer(bytes);
    int ip = EthernetHeader.LENGTH;
    int at = ip + Ipv4Header.headerLength(frame, ip);
    String from = IpAddress.of(Ipv4Header.source(frame, ip)).toString();
    return switch (Ipv4Header.protocol(frame, ip)) {
      case 6 -> {
        int data = at + TcpHeader.dataOffset(frame, at);
        yield "tcp "
            + from
            + " flags "
            + Integer.toHexString(TcpHeader.flags(frame, at))
            + " \""
            + frame.toString(data, bytes.length - data, StandardCharsets.ISO_8859_1)
            + "\"";
      }
      case 17 ->
          "udp "
              + from
              + ":"
              + UdpHeader.sourcePort(frame, at)
              + " \""
              + frame.toString(at + 8, bytes.length - at - 8, StandardCharsets.ISO_8859_1)
              + "\"";
      default -> "icmp " + from + " " + frame.getByte(at) + "/" + frame.getByte(at + 1);
    };
  }

  int lastSeq(byte[] frame) {
    return Unpooled.wrappedBuffer(frame).getInt(EthernetHeader.LENGTH + 24);
  }

  void pass(long millis) {
    long until = now + millis * MILLIS;
    while (now < until) {
      now = Math.min(until, Math.max(now + MILLIS, wheel.nextDeadlineNanos()));
      wheel.advance(now);
    }
  }

  // ---- what the flows see -------------------------------------------------------------------

  @Override
  public boolean emit(ByteBuf header, int headerLength, Gather payload) {
    int total = headerLength + (payload == null ? 0 : payload.total());
    byte[] frame = new byte[total];
    header.getBytes(0, frame, 0, headerLength);
    int at = headerLength;
    for (int i = 0; payload != null && i < payload.count(); i++) {
      payload.buffer(i).getBytes(payload.offset(i), frame, at, payload.length(i));
      at += payload.length(i);
    }
    frames.add(frame);
    return true;
  }

  @Override
  public int virtioHeaderLength() {
    return 0;
  }

  @Override
  public Offload offload() {
    return Offload.NONE;
  }

  @Override
  public HostStream connect(Endpoint target, IpAddress source, int hopLimit, HostStream.Events to) {
    FakeStream stream = new FakeStream(target, to);
    stream.hopLimit = hopLimit;
    streams.add(stream);
    return stream;
  }

  @Override
  public HostDatagrams openDatagrams(
      boolean v6, IpAddress source, int port, HostDatagrams.Events to) throws HostSocketException {
    if (socketErrno != 0) {
      throw new HostSocketException("socket", socketErrno);
    }
    FakeDatagrams made = new FakeDatagrams(to);
    made.wantedPort = port;
    sockets.add(made);
    return made;
  }

  @Override
  public HostEcho openEcho(boolean v6, IpAddress source, int id, HostEcho.Events to)
      throws HostSocketException {
    if (socketErrno != 0) {
      throw new HostSocketException("socket", socketErrno);
    }
    FakeEcho made = new FakeEcho(to);
    echoes.add(made);
    return made;
  }

  @Override
  public boolean isDetailed() {
    return true;
  }

  @Override
  public void opened(FlowInfo flow) {
    events.add("opened " + flow.protocol());
  }

  @Override
  public void refused(FlowInfo flow, String reason) {
    events.add("refused " + flow.protocol() + " " + reason);
  }

  @Override
  public void closed(FlowInfo flow) {
    events.add(
        "closed "
            + flow.protocol()
            + " "
            + flow.reason()
            + " "
            + flow.bytesOut()
            + "/"
            + flow.bytesIn());
  }

  @Override
  public void close() {
    flows.closeAll();
    streams.forEach(FakeStream::gone);
    assertThat(flows.size()).isZero();
    assertThat(flows.held()).isZero();
    tcp.close();
    icmpErrors.close();
    egress.close();
  }

  @Override
  public void flush() {}

  /** A host's stream that remembers what was done to it. */
  static final class FakeStream implements HostStream {
    final Endpoint target;
    final HostStream.Events events;
    final StringBuilder written = new StringBuilder();
    final List<String> calls = new ArrayList<>();
    int hopLimit;
    int pending;
    boolean reading;
    private boolean gone;

    FakeStream(Endpoint target, HostStream.Events events) {
      this.target = target;
      this.events = events;
    }

    @Override
    public Endpoint local() {
      return new Endpoint(IpAddress.parse("127.0.0.1"), 55555);
    }

    void connected() {
      events.onConnected();
    }

    void data(String text) {
      ByteBuf data = PooledByteBufAllocator.DEFAULT.directBuffer(text.length());
      data.writeCharSequence(text, StandardCharsets.ISO_8859_1);
      events.onData(data);
      events.onReadBatchEnd();
    }

    void gone() {
      if (!gone) {
        gone = true;
        events.onClosed();
      }
    }

    @Override
    public void write(ByteBuf data) {
      written.append(data.toString(StandardCharsets.ISO_8859_1));
      data.release();
    }

    @Override
    public void flush() {}

    @Override
    public int pendingBytes() {
      return pending;
    }

    @Override
    public void shutdownOutput() {
      calls.add("shutdown");
    }

    @Override
    public void pauseReads() {
      reading = false;
    }

    @Override
    public void resumeReads() {
      reading = true;
    }

    @Override
    public void close() {
      calls.add("close");
    }

    @Override
    public void abort() {
      calls.add("abort");
    }
  }

  /** A host's ping socket, of identifier 7777, that remembers what was sent. */
  static final class FakeEcho implements HostEcho {
    static final int ID = 7777;

    final HostEcho.Events events;
    final List<String> sent = new ArrayList<>();
    boolean closed;
    int answer;
    int pathMtu;

    FakeEcho(HostEcho.Events events) {
      this.events = events;
    }

    /** An echo message as the host's side has it. */
    static ByteBuf message(int type, int seq, String payload) {
      ByteBuf message = PooledByteBufAllocator.DEFAULT.directBuffer(64);
      message.writeZero(IcmpHeader.LENGTH).writeCharSequence(payload, StandardCharsets.ISO_8859_1);
      IcmpHeader.set(message, 0, type, 0, ID << 16 | seq);
      int sum = Checksum.finish(Checksum.sum(message, 0, message.readableBytes()));
      IcmpHeader.setChecksum(message, 0, sum);
      return message;
    }

    void reply(IpAddress from, int seq, int hopLimit, String payload) {
      ByteBuf slab = message(IcmpHeader.ECHO_REPLY, seq, payload);
      events.onReply(slab, 0, slab.readableBytes(), from.high(), from.low(), hopLimit);
      slab.release();
    }

    void error(int type, int code, int mtu, IpAddress offender, IpAddress to, int seq) {
      ByteBuf quote = message(IcmpHeader.ECHO_REQUEST, seq, "quoted");
      events.onError(
          type,
          code,
          mtu,
          offender.high(),
          offender.low(),
          to.high(),
          to.low(),
          quote,
          0,
          quote.readableBytes());
      quote.release();
    }

    @Override
    public int send(
        ByteBuf message,
        int offset,
        int length,
        long dstHigh,
        long dstLow,
        int hopLimit,
        boolean dontFragment) {
      int body = offset + IcmpHeader.LENGTH;
      sent.add(
          new IpAddress(dstHigh, dstLow)
              + " hops "
              + hopLimit
              + " seq "
              + IcmpHeader.seq(message, offset)
              + " "
              + message.toString(body, length - IcmpHeader.LENGTH, StandardCharsets.ISO_8859_1));
      return answer < 0 ? answer : length;
    }

    @Override
    public int pathMtu() {
      return pathMtu;
    }

    @Override
    public void close() {
      closed = true;
    }

    @Override
    public int id() {
      return ID;
    }
  }

  /** A host's datagram socket that remembers what was sent. */
  static final class FakeDatagrams implements HostDatagrams {
    final HostDatagrams.Events events;
    final List<String> sent = new ArrayList<>();
    final List<Integer> hops = new ArrayList<>();
    final List<Boolean> whole = new ArrayList<>();
    int wantedPort;
    int pathMtu;
    boolean closed;
    int answer;

    FakeDatagrams(HostDatagrams.Events events) {
      this.events = events;
    }

    void datagram(String from, int port, String text) {
      datagrams(from, port, text, 0, 0);
    }

    void datagrams(String from, int port, String text, int size, int hopLimit) {
      ByteBuf slab = PooledByteBufAllocator.DEFAULT.directBuffer(text.length() + 3);
      slab.writeZero(3).writeCharSequence(text, StandardCharsets.ISO_8859_1);
      IpAddress source = IpAddress.parse(from);
      events.onDatagrams(slab, 3, text.length(), size, source.high(), source.low(), port, hopLimit);
      slab.release();
    }

    @Override
    public int send(
        ByteBuf data,
        int offset,
        int length,
        long dstHigh,
        long dstLow,
        int dstPort,
        int hop,
        boolean dontFragment) {
      hops.add(hop);
      whole.add(dontFragment);
      sent.add(
          new IpAddress(dstHigh, dstLow)
              + ":"
              + dstPort
              + " "
              + data.toString(offset, length, StandardCharsets.ISO_8859_1));
      return answer < 0 ? answer : length;
    }

    @Override
    public int pathMtu() {
      return pathMtu;
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
      return new Endpoint(IpAddress.parse("0.0.0.0"), 44444);
    }
  }
}
