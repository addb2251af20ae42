package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.slipway.flow.HostEcho;
import io.slipway.sys.Errno;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpError;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.Checksum;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.Ipv4Header;

/**
 * One socket of the host that pings, of either kind that {@link EchoOpening} makes. Owned by the
 * flow that opened it; used by the event loop's thread alone. Allocates nothing per message.
 */
final class EchoHostSocket implements HostEcho, HostChannel.Owner {
  private static final EpollIoOps READ = EpollIoOps.EPOLLIN;

  /** Receive calls per turn, then the other sockets of the loop have theirs. */
  private static final int BATCHES_PER_TURN = 4;

  private static final int ERRORS_PER_TURN = 64;

  private final HostChannel channel;
  private final FileDescriptor descriptor;
  private final int fd;
  private final boolean v6;
  private final boolean raw;
  private final int id;
  private final DatagramMemory memory;
  private final EchoIds ids;
  private final Events events;
  private final SendOptions options;
  private boolean silent;
  private int pathMtu;

  /** Wraps a socket that {@link EchoOpening} made, which the channel owns from here on. */
  EchoHostSocket(
      EventLoop loop, EchoOpening opening, DatagramMemory memory, EchoIds ids, Events events) {
    descriptor = new FileDescriptor(opening.fd());
    channel = new HostChannel(loop, descriptor, this);
    fd = opening.fd();
    v6 = opening.v6();
    raw = opening.raw();
    id = opening.id();
    options = new SendOptions(fd, v6);
    this.memory = memory;
    this.ids = ids;
    this.events = events;
  }

  /** The child channel that stands for this socket. */
  HostChannel channel() {
    return channel;
  }

  /** Begins to watch for replies and errors. */
  void start() {
    channel.watch(READ);
  }

  @Override
  public int id() {
    return id;
  }

  // Sending.

  @Override
  public int send(
      ByteBuf message,
      int offset,
      int length,
      long dstHigh,
      long dstLow,
      int hopLimit,
      boolean dontFragment) {
    if (!descriptor.isOpen()) {
      return -Errno.EBADF;
    }
    options.hopLimit(hopLimit);
    options.dontFragment(dontFragment, length);
    if (!raw) {
      return sendNow(message, offset, length, dstHigh, dstLow);
    }
    int guestId = IcmpHeader.id(message, offset);
    int guestSum = IcmpHeader.checksum(message, offset);
    stamp(message, offset, length);
    int sent = sendNow(message, offset, length, dstHigh, dstLow);
    IcmpHeader.setId(message, offset, guestId);
    IcmpHeader.setChecksum(message, offset, guestSum);
    return sent;
  }

  /** What the kernel writes into the messages of a ping socket, and of a raw one it does not. */
  private void stamp(ByteBuf message, int offset, int length) {
    IcmpHeader.setId(message, offset, id);
    if (!v6) { // of ICMPv6 the kernel computes the checksum in any case (RFC 3542 3.1)
      IcmpHeader.setChecksum(message, offset, 0);
      long sum = Checksum.sum(message, offset, length);
      IcmpHeader.setChecksum(message, offset, Checksum.finish(sum));
    }
  }

  private int sendNow(ByteBuf message, int offset, int length, long high, long low) {
    UdpBatch batch = memory.batch;
    long address = message.memoryAddress() + offset;
    int sent = UdpSocket.send(fd, batch, address, length, high, low, 0);
    if (sent < 0 && sent != -Errno.EAGAIN && sent != -Errno.ENOBUFS) {
      // an earlier request's error may have come first, as in UdpHostDatagrams
      sent = UdpSocket.send(fd, batch, address, length, high, low, 0);
    }
    if (sent == -Errno.EMSGSIZE) {
      pathMtu = 0;
      readErrors(); // where the kernel put the MTU
    }
    return sent;
  }

  @Override
  public int pathMtu() {
    return pathMtu;
  }

  // Receiving.

  @Override
  public void ready(int ops) {
    if ((ops & HostChannel.ERROR) != 0) {
      readErrors();
    }
    if ((ops & HostChannel.IN) != 0) {
      readIn();
    }
  }

  private void readIn() {
    for (int i = 0; !silent && i < BATCHES_PER_TURN; i++) {
      int count = UdpSocket.receive(fd, memory.batch);
      for (int slot = 0; slot < count && !silent; slot++) {
        deliver(slot);
      }
      if (count < DatagramMemory.SLOTS) {
        return;
      }
    }
  }

  private void deliver(int slot) {
    UdpBatch batch = memory.batch;
    int at = slot * DatagramMemory.SLOT_SIZE;
    int end = at + batch.length(slot);
    int hopLimit = batch.hopLimit(slot);
    if (raw && !v6) { // the only kind that shows the IP header
      if (end - at < Ipv4Header.LENGTH) {
        return;
      }
      hopLimit = Ipv4Header.timeToLive(memory.slab, at);
      at += Ipv4Header.headerLength(memory.slab, at);
    }
    if (end - at >= IcmpHeader.LENGTH && isReply(at)) {
      long high = batch.sourceHigh(slot);
      long low = batch.sourceLow(slot);
      events.onReply(memory.slab, at, end - at, high, low, hopLimit);
    }
  }

  /** Of a raw socket, what came before its filter was there is not all its own. */
  private boolean isReply(int at) {
    int type = IcmpHeader.type(memory.slab, at);
    return type == (v6 ? IcmpHeader.ECHO_REPLY_V6 : IcmpHeader.ECHO_REPLY)
        && IcmpHeader.id(memory.slab, at) == id;
  }

  private void readErrors() {
    for (int i = 0; i < ERRORS_PER_TURN && !silent; i++) {
      int result = UdpSocket.readError(fd, memory.error);
      if (result == 0) {
        if (i == 0) {
          // An error outside the queue: reading SO_ERROR clears it.
          UdpSocket.option(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_ERROR);
        }
        return;
      }
      if (result > 0) {
        deliverError(memory.error);
      }
    }
  }

  private void deliverError(UdpError error) {
    int mtu = error.errno() == Errno.EMSGSIZE ? error.info() : 0;
    if (error.origin() == UdpError.ORIGIN_LOCAL) {
      pathMtu = Math.max(pathMtu, mtu);
    }
    int length = Math.min(error.payloadLength(), DatagramMemory.QUOTE_SIZE);
    boolean icmp =
        error.origin() == UdpError.ORIGIN_ICMP || error.origin() == UdpError.ORIGIN_ICMPV6;
    // A raw socket is told of every request that a socket of the host sends.
    if (icmp && length >= IcmpHeader.LENGTH && IcmpHeader.id(memory.quote, 0) == id) {
      events.onError(
          error.type(),
          error.code(),
          mtu,
          error.offenderHigh(),
          error.offenderLow(),
          error.destinationHigh(),
          error.destinationLow(),
          memory.quote,
          0,
          length);
    }
  }

  // Closing.

  @Override
  public void close() {
    channel.end();
  }

  @Override
  public void release() {
    silent = true;
    if (raw) {
      ids.giveBack(id);
    }
  }

  @Override
  public void gone() {
    events.onClosed();
  }
}
