package io.slipway.host;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.unix.FileDescriptor;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostEcho;
import io.slipway.flow.HostSocketException;
import io.slipway.flow.HostSockets;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.sys.TcpSocket;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.IpAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Opens sockets of the host for the flows of one event loop. Owned by the loop's {@code Shard};
 * used by the loop's thread alone.
 *
 * <p>Every socket becomes a channel in the group of the device's channel. Close the group first and
 * this afterwards, on the loop.
 */
public final class NettyHostSockets implements HostSockets, AutoCloseable {
  private static final IpAddress ANY4 = IpAddress.of(0);
  private static final IpAddress ANY6 = new IpAddress(0, 0);

  private final EventLoop loop;
  private final ChannelGroup children;
  private final StreamMemory streamMemory;
  private final int keepaliveSeconds;
  private final EchoIds echoIds = new EchoIds();
  private @Nullable DatagramMemory datagramMemory;

  /**
   * Takes 64 KiB of direct memory with the first stream, up to 256 KiB as streams have much to
   * read, and 2 MiB with the first datagram socket, until {@link #close}.
   *
   * @param loop the event loop of the guest's device, an epoll one
   * @param children the channels that end with the device's channel
   * @param allocator where bytes from the host are read to; should be pooled and direct
   * @param keepalive after this much silence the kernel probes a stream's peer; zero: never
   */
  public NettyHostSockets(
      EventLoop loop, ChannelGroup children, ByteBufAllocator allocator, Duration keepalive) {
    this.loop = loop;
    this.children = children;
    keepaliveSeconds = Math.toIntExact(keepalive.plusMillis(999).toSeconds());
    streamMemory = new StreamMemory(allocator);
  }

  @Override
  public HostStream connect(
      Endpoint target, @Nullable IpAddress source, int hopLimit, HostStream.Events events) {
    int fd = TcpSocket.open(!target.address().isV4());
    if (fd < 0) {
      return new RefusedStream(-fd, events).tellOn(loop);
    }
    if (keepaliveSeconds > 0) {
      TcpSocket.keepAlive(fd, keepaliveSeconds);
    }
    TcpHostStream stream = new TcpHostStream(loop, fd, streamMemory, events);
    adopt(stream.channel());
    stream.connect(target, source, hopLimit);
    return stream;
  }

  @Override
  public HostDatagrams openDatagrams(
      boolean v6, @Nullable IpAddress source, int port, HostDatagrams.Events events)
      throws HostSocketException {
    IpAddress address = source != null ? source : v6 ? ANY6 : ANY4;
    int fd = UdpHostDatagrams.openSocket(v6, address, port);
    Endpoint local = new Endpoint(address, UdpSocket.localPort(fd));
    UdpHostDatagrams datagrams =
        new UdpHostDatagrams(loop, new FileDescriptor(fd), v6, local, datagramMemory(), events);
    adopt(datagrams.channel());
    datagrams.start();
    return datagrams;
  }

  @Override
  public HostEcho openEcho(boolean v6, @Nullable IpAddress source, int id, HostEcho.Events events)
      throws HostSocketException {
    IpAddress address = source != null ? source : v6 ? ANY6 : ANY4;
    EchoOpening opening = EchoOpening.make(v6, address, id, echoIds);
    EchoHostSocket echo = new EchoHostSocket(loop, opening, datagramMemory(), echoIds, events);
    adopt(echo.channel());
    echo.start();
    return echo;
  }

  @Override
  public void flush() {
    if (datagramMemory != null) {
      datagramMemory.flush();
    }
  }

  private void adopt(HostChannel channel) {
    loop.register(channel);
    children.add(channel);
  }

  private DatagramMemory datagramMemory() {
    DatagramMemory memory = datagramMemory;
    if (memory == null) {
      memory = new DatagramMemory();
      datagramMemory = memory;
    }
    return memory;
  }

  /** Frees the memory that the sockets shared; they must be closed by now. */
  @Override
  public void close() {
    streamMemory.close();
    if (datagramMemory != null) {
      datagramMemory.close();
      datagramMemory = null;
    }
  }
}
