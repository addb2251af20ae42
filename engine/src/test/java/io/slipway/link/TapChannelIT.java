package io.slipway.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.egress.Offload;
import io.slipway.egress.SentFrame;
import io.slipway.route.Lan;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.Namespaces;
import io.slipway.sys.ScratchNamespace;
import io.slipway.sys.TapDevice;
import io.slipway.wire.Cidr;
import io.slipway.wire.Gather;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a real TAP and the kernel behind it do with our frames: kernel assumptions as tests. Needs
 * root, {@code /dev/net/tun}, iproute2 and python3.
 */
class TapChannelIT {

  private static final int SEGMENT = 1400;
  private static final int OUR_PORT = 5555;
  private static final int GUEST_PORT = 7000;

  /** Reads to the end, says what it was, and sends as much back. */
  private static final String SERVER =
      """
      import hashlib, socket
      s = socket.create_server(("", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
      print("listening", flush=True)
      c, _ = s.accept()
      data = b""
      while piece := c.recv(1 << 20):
          data += piece
      print(hashlib.sha256(data).hexdigest(), flush=True)
      c.sendall(data)
      """;

  private final BlockingQueue<SentFrame> received = new LinkedBlockingQueue<>();
  private final BlockingQueue<Integer> gone = new LinkedBlockingQueue<>();
  private final Counters counters = new Counters();
  private final ScratchNamespace guest = new ScratchNamespace();
  private final Lan lan =
      Lan.standard(
          Cidr.parse("10.0.2.0/24"),
          Cidr.parse("fd00::/64"),
          MacAddress.parse("52:55:0a:00:02:02"),
          1500);
  private EventLoopGroup group;
  private TapDevice device;
  private TapChannel channel;
  private Egress egress;

  @BeforeEach
  void start() {
    group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  }

  private void open(boolean offloads) throws Exception {
    device = TapDevice.attach("tap0", null, offloads, openTun(), openTun());
    Offload offload = offloads ? new Offload(true, true, true, true, true) : Offload.NONE;
    channel = new TapChannel(device.queues()[0], offload, counters, (_, errno) -> gone.add(errno));
    int virtio = channel.sink().virtioHeaderLength();
    channel
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                received.add(new SentFrame(ByteBufUtil.getBytes((ByteBuf) message), virtio));
              }
            });
    group.register(channel).sync();
    for (String line :
        new String[] {
          "addr add 10.0.2.100/24 dev tap0",
          "addr add fd00::100/64 dev tap0 nodad",
          "link set tap0 up",
          "neigh add 10.0.2.2 lladdr 52:55:0a:00:02:02 dev tap0",
          "neigh add fd00::2 lladdr 52:55:0a:00:02:02 dev tap0",
        }) {
      guest.ip(line);
    }
    // Linux takes no TCP that came in a broadcast frame.
    long mac = MacAddress.parse(guest.run("cat", "/sys/class/net/tap0/address").strip()).value();
    Neighbors neighbors = new Neighbors();
    neighbors.learn(0, 0, mac);
    egress = new Egress(lan, channel.sink(), neighbors, counters, 1500);
  }

  private int openTun() {
    int flags = Linux.O_RDWR | Linux.O_CLOEXEC;
    return Namespaces.call(
        guest.fd(), () -> LinuxException.check("tun", Linux.open("/dev/net/tun", flags)));
  }

  @AfterEach
  void close() throws Exception {
    if (channel != null) {
      channel.close().sync();
      device.close();
      egress.close();
    }
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    guest.close();
  }

  private <T> T onLoop(Callable<T> call) throws Exception {
    return channel.eventLoop().submit(call).get(5, TimeUnit.SECONDS);
  }

  private SentFrame await(Predicate<SentFrame> wanted) throws InterruptedException {
    for (SentFrame frame = poll(); frame != null; frame = poll()) {
      if (wanted.test(frame)) {
        return frame;
      }
    }
    throw new AssertionError("no such frame came");
  }

  private SentFrame poll() throws InterruptedException {
    return received.poll(5, TimeUnit.SECONDS);
  }

  private static boolean isTcp(SentFrame frame, boolean v6) {
    return frame.etherType() == (v6 ? 0x86DD : 0x0800) && frame.protocol() == 6;
  }

  private boolean send(boolean v6, int seq, int ack, int flags, Gather payload) throws Exception {
    IpAddress us = IpAddress.parse(v6 ? "fd00::2" : "10.0.2.2");
    IpAddress them = IpAddress.parse(v6 ? "fd00::100" : "10.0.2.100");
    ByteBuf options = Unpooled.directBuffer(40).writeZero(40);
    int length = flags == TcpHeader.SYN ? TcpOptions.writeMss(options, 0, SEGMENT) : 0;
    try {
      return onLoop(() ->
          egress.tcp(
              us.high(),
              us.low(),
              OUR_PORT,
              them.high(),
              them.low(),
              GUEST_PORT,
              seq,
              ack,
              flags,
              0xFFFF,
              options,
              length,
              payload,
              SEGMENT,
              0));
    } finally {
      options.release();
    }
  }

  @ParameterizedTest
  @CsvSource({"false, true", "true, true", "false, false", "true, false"})
  void theGuestsKernelTakesAndSendsLargeSegments(boolean v6, boolean offloads) throws Exception {
    open(offloads);
    Process server =
        new ProcessBuilder("ip", "netns", "exec", guest.name(), "python3", "-c", SERVER)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    ByteBuf data = Unpooled.directBuffer();
    try (BufferedReader says = server.inputReader(StandardCharsets.UTF_8)) {
      assertThat(says.readLine()).isEqualTo("listening");
      send(v6, 1000, 0, TcpHeader.SYN, null);
      SentFrame synAck = await(frame -> isTcp(frame, v6) && (frame.flags() & 0x12) == 0x12);
      int ack = synAck.seq() + 1;
      byte[] bytes = new byte[41 * SEGMENT + 777];
      new Random(5).nextBytes(bytes);
      data.writeBytes(bytes);
      Gather payload = new Gather();
      payload.add(data, 0, 12_345);
      payload.add(data, 12_345, bytes.length - 12_345);
      int end = 1001 + bytes.length;
      send(v6, 1001, ack, TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN, payload);
      await(frame -> isTcp(frame, v6) && frame.ack() == end + 1);
      assertThat(says.readLine()).isEqualTo(sha256(bytes));
      SentFrame back = await(frame -> isTcp(frame, v6) && frame.tcpPayload().length > 0);
      checkWayBack(back, v6, offloads);
      assertThat(counters.dropped(Drop.TAP_WRITE_FAILED)).isZero();
      send(v6, end + 1, ack, TcpHeader.RST | TcpHeader.ACK, null);
    } finally {
      data.release();
      stop(server);
    }
  }

  private static void checkWayBack(SentFrame frame, boolean v6, boolean offloads) {
    if (offloads) {
      frame.checkPartial();
      assertThat(frame.gsoType()).isEqualTo(v6 ? 4 : 1);
      assertThat(frame.gsoSize()).isEqualTo(SEGMENT);
      assertThat(frame.tcpPayload().length).isGreaterThan(SEGMENT);
    } else {
      frame.checkComplete();
      assertThat(frame.tcpPayload()).hasSize(SEGMENT);
    }
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static void stop(Process process) throws IOException, InterruptedException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor();
  }

  @Test
  void aLinkThatIsDownCostsFramesAndNothingElse() throws Exception {
    open(true);
    guest.ip("link set tap0 down");
    assertThat(send(false, 1, 0, TcpHeader.RST, null)).isFalse();
    assertThat(onLoop(() -> counters.dropped(Drop.TAP_WRITE_FAILED))).isEqualTo(1);
    assertThat(channel.isOpen()).isTrue();
    guest.ip("link set tap0 up");
    assertThat(send(false, 1, 0, TcpHeader.RST, null)).isTrue();
  }

  @Test
  void aDeviceThatIsDeletedClosesTheChannel() throws Exception {
    open(true);
    guest.ip("link del tap0");
    assertThat(gone.poll(5, TimeUnit.SECONDS)).isEqualTo(77);
    assertThat(channel.closeFuture().await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(gone.poll(50, TimeUnit.MILLISECONDS)).isNull();
  }
}
