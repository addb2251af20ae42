package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostSocketException;
import io.slipway.route.Endpoint;
import io.slipway.sys.EchoSocket;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpError;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.IpAddress;

/**
 * One unconnected UDP socket of the host. Owned by the flow that opened it; used by the event
 * loop's thread alone. Allocates nothing per datagram.
 */
final class UdpHostDatagrams implements HostDatagrams, HostChannel.Owner {
  private static final EpollIoOps READ = EpollIoOps.EPOLLIN;

  /** Paused: errors are always reported, and always taken, so they cannot spin. */
  private static final EpollIoOps ERRORS_ONLY = EpollIoOps.EPOLLERR;

  /** Receive calls per turn: 128 datagrams, then the other sockets of the loop have theirs. */
  private static final int BATCHES_PER_TURN = 4;

  private static final int ERRORS_PER_TURN = 64;

  /** What the kernel may queue, either way; it grants less where net.core.rmem_max says so. */
  private static final int KERNEL_BUFFER = 1 << 20;

  private final HostChannel channel;
  private final FileDescriptor descriptor;
  private final int fd;
  private final Endpoint local;
  private final DatagramMemory memory;
  private final Events events;
  private boolean reading;
  private boolean silent;
  private final SendOptions options;
  private int pathMtu;

  /** Until the kernel refuses to cut a run of this socket. */
  private boolean canSegment = true;

  /** Wraps a socket of {@link #openSocket}, which the channel owns from here on. */
  UdpHostDatagrams(
      EventLoop loop,
      FileDescriptor descriptor,
      boolean v6,
      Endpoint local,
      DatagramMemory memory,
      Events events) {
    channel = new HostChannel(loop, descriptor, this);
    this.descriptor = descriptor;
    fd = descriptor.intValue();
    options = new SendOptions(fd, v6);
    this.local = local;
    this.memory = memory;
    this.events = events;
  }

  /**
   * A bound socket with its error queue on; it belongs to the caller.
   *
   * @param port to bind to if nobody has it, or 0 for any
   * @throws HostSocketException when the kernel refuses any of it
   */
  static int openSocket(boolean v6, IpAddress address, int port) throws HostSocketException {
    int fd = UdpSocket.open(v6);
    if (fd < 0) {
      throw new HostSocketException("UDP socket", -fd);
    }
    int result = UdpSocket.reportErrors(fd, v6);
    if (result >= 0) {
      result = UdpSocket.bind(fd, address.high(), address.low(), port);
      if (result < 0 && port != 0) {
        result = UdpSocket.bind(fd, address.high(), address.low(), 0);
      }
    }
    if (result < 0) {
      Linux.close(fd);
      throw new HostSocketException("UDP socket at " + address, -result);
    }
    // Wishes; a kernel that grants less still works.
    EchoSocket.reportHopLimit(fd, v6);
    UdpSocket.setOption(fd, UdpSocket.SOL_UDP, UdpSocket.UDP_GRO, 1);
    UdpSocket.setOption(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_RCVBUF, KERNEL_BUFFER);
    UdpSocket.setOption(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_SNDBUF, KERNEL_BUFFER);
    return fd;
  }

  /** The child channel that stands for this socket. */
  HostChannel channel() {
    return channel;
  }

  /** Begins to watch for errors. */
  void start() {
    channel.watch(ERRORS_ONLY);
  }

  @Override
  public Endpoint local() {
    return local;
  }

  // Sending.

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
    if (!descriptor.isOpen()) {
      return -Errno.EBADF;
    }
    SendRun run = memory.run(fd);
    if (!run.takes(this, length, dstHigh, dstLow, dstPort, hopLimit, dontFragment)) {
      run.flush();
      if (length == 0 || length > SendRun.LONGEST) {
        long address = data.memoryAddress() + offset;
        return sendNow(address, length, dstHigh, dstLow, dstPort, hopLimit, dontFragment);
      }
      run.begin(this, length, dstHigh, dstLow, dstPort, hopLimit, dontFragment);
    }
    run.add(data, offset, length);
    return length;
  }

  /** Sends what has waited; called by the run. */
  void send(SendRun run) {
    int together = run.count() > 1 && canSegment ? sendTogether(run) : 0;
    if (together > 0) {
      return;
    }
    boolean allSent = sendEach(run);
    boolean wontCut =
        together == -Errno.EINVAL || together == -Errno.EIO || together == -Errno.EMSGSIZE;
    if (wontCut && allSent) {
      // They are larger than the path's packets, or leave by a device that computes no checksums.
      canSegment = false;
    }
  }

  private boolean sendEach(SendRun run) {
    boolean allSent = true;
    ByteBuf bytes = run.bytes();
    int end = bytes.writerIndex();
    for (int at = 0; at < end; at += run.size()) {
      int length = Math.min(run.size(), end - at);
      long address = bytes.memoryAddress() + at;
      int sent =
          sendNow(
              address,
              length,
              run.high(),
              run.low(),
              run.port(),
              run.hopLimit(),
              run.dontFragment());
      if (sent < 0) {
        allSent = false;
        if (!silent) {
          events.onRefused(-sent, run.high(), run.low(), run.port(), bytes, at, length);
        }
      }
    }
    return allSent;
  }

  /** Returns a negated errno when the kernel took nothing. */
  private int sendTogether(SendRun run) {
    options.hopLimit(run.hopLimit());
    options.dontFragment(run.dontFragment(), run.size());
    UdpBatch batch = memory.batch;
    long address = run.bytes().memoryAddress();
    int length = run.bytes().writerIndex();
    int sent = -Errno.EAGAIN;
    for (int tries = 0; tries < 2 && sent < 0; tries++) {
      // the second one as in sendNow
      batch.add(address, length, run.size(), run.high(), run.low(), run.port());
      sent = UdpSocket.sendAll(fd, batch);
      if (sent < 0) {
        batch.drop();
      }
    }
    return sent;
  }

  private int sendNow(
      long address, int length, long high, long low, int port, int hopLimit, boolean whole) {
    options.hopLimit(hopLimit);
    options.dontFragment(whole, length);
    UdpBatch batch = memory.batch;
    int sent = UdpSocket.send(fd, batch, address, length, high, low, port);
    if (sent < 0 && sent != -Errno.EAGAIN && sent != -Errno.ENOBUFS) {
      // Linux hands a socket's pending error to whichever call comes first, and clears it thereby
      // (ip(7), IP_RECVERR). If the error is our own, it comes again.
      sent = UdpSocket.send(fd, batch, address, length, high, low, port);
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
  public void pauseReads() {
    reading = false;
  }

  @Override
  public void resumeReads() {
    if (!silent) {
      reading = true;
      channel.watch(READ);
    }
  }

  @Override
  public void ready(int ops) {
    if ((ops & HostChannel.ERROR) != 0) {
      readErrors();
    }
    if (reading && (ops & HostChannel.IN) != 0) {
      readIn();
    }
    channel.watch(reading ? READ : ERRORS_ONLY);
  }

  private void readIn() {
    boolean progress = false;
    for (int i = 0; reading && i < BATCHES_PER_TURN; i++) {
      int count = UdpSocket.receive(fd, memory.batch);
      if (count <= 0) {
        // EAGAIN: nothing more. Anything else is a pending error, reported as readiness again.
        break;
      }
      progress = true;
      for (int slot = 0; slot < count && !silent; slot++) {
        deliver(slot);
      }
      if (count < DatagramMemory.SLOTS) {
        break;
      }
    }
    if (progress && !silent) {
      events.onReadBatchEnd();
    }
  }

  private void deliver(int slot) {
    UdpBatch batch = memory.batch;
    int length = batch.length(slot);
    int size = batch.segmentSize(slot);
    events.onDatagrams(
        memory.slab,
        slot * DatagramMemory.SLOT_SIZE,
        length,
        size < length ? size : 0,
        batch.sourceHigh(slot),
        batch.sourceLow(slot),
        batch.sourcePort(slot),
        batch.hopLimit(slot));
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
    if (error.origin() != UdpError.ORIGIN_ICMP && error.origin() != UdpError.ORIGIN_ICMPV6) {
      // The kernel's own refusal: send returned it.
      pathMtu = Math.max(pathMtu, mtu);
      return;
    }
    events.onError(
        error.errno(),
        error.type(),
        error.code(),
        mtu,
        error.offenderHigh(),
        error.offenderLow(),
        error.destinationHigh(),
        error.destinationLow(),
        error.destinationPort(),
        memory.quote,
        0,
        Math.min(error.payloadLength(), DatagramMemory.QUOTE_SIZE));
  }

  // Closing.

  @Override
  public void close() {
    flushOwn();
    channel.end();
  }

  /** What waits leaves while there is a descriptor to leave by. */
  private void flushOwn() {
    SendRun run = memory.run(fd);
    if (run.isOf(this)) {
      run.flush();
    }
  }

  @Override
  public void release() {
    silent = true;
    reading = false;
    SendRun run = memory.run(fd);
    if (run.isOf(this)) {
      run.discard();
    }
  }

  @Override
  public void gone() {
    events.onClosed();
  }
}
