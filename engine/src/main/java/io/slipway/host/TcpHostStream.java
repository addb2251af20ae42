package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.IovArray;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.sys.Errno;
import io.slipway.sys.TcpSocket;
import io.slipway.sys.UdpError;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection to a peer of the host's network. Owned by the flow that opened it; used by the
 * event loop's thread alone.
 *
 * <p>Its life: connecting; connected; then either both directions end, or {@code close} waits for
 * the pending bytes, or the connection breaks: output is dropped at once, what had arrived is still
 * read as the flow asks for it, and then the break is told. From {@code silent} on the flow hears
 * nothing but {@code onClosed}.
 */
final class TcpHostStream implements HostStream, HostChannel.Owner {
  private static final Logger log = LoggerFactory.getLogger(TcpHostStream.class);
  private static final EpollIoOps READ =
      EpollIoOps.valueOf(HostChannel.IN | HostChannel.PEER_FINISHED);
  private static final EpollIoOps WRITE = EpollIoOps.EPOLLOUT;
  private static final EpollIoOps READ_AND_WRITE =
      EpollIoOps.valueOf(HostChannel.IN | HostChannel.PEER_FINISHED | HostChannel.OUT);

  /**
   * Bytes read per turn, the last read of it not cut short; then the other sockets of the loop have
   * theirs. Large reads alone, of four frames' payload, come to it at once.
   */
  private static final int BYTES_PER_TURN = 3 * StreamMemory.READ_SIZE;

  private static final int WRITES_PER_TURN = 16;

  /**
   * A congestion control that every kernel has and every user may choose. Between two sockets of
   * one machine nothing is lost for want of bandwidth, and a control that paces (BBR, where it is
   * the default) only costs the processor time of its timers.
   */
  private static final String UNPACED = "reno";

  private final HostChannel channel;
  private final int fd;
  private final StreamMemory memory;
  private final Events events;
  private final OutputQueue output = new OutputQueue();

  /** Where to, while the kernel has given no verdict. */
  private @Nullable Endpoint target;

  private boolean connected;

  /** Whether the kernel keeps ICMP errors for us. */
  private boolean errorsAsked;

  private boolean v6;

  /** The kernel refused bytes; it reports when it takes more. */
  private boolean blocked;

  private boolean reading;

  /** Whether the interest mask has reading in it, which may outlive {@link #reading} for a turn. */
  private boolean readsWatched;

  private boolean inputEnded;
  private boolean outputEnding;
  private boolean outputEnded;
  private boolean closing;
  private boolean orderly;
  private boolean aborted;
  private boolean silent;

  /** The errno that broke the connection, or 0. */
  private int brokenBy;

  /** Wraps a {@link TcpSocket#open} descriptor, which the stream's channel owns from here on. */
  TcpHostStream(EventLoop loop, int fd, StreamMemory memory, Events events) {
    channel = new HostChannel(loop, new FileDescriptor(fd), this);
    this.fd = fd;
    this.memory = memory;
    this.events = events;
  }

  /** The child channel that stands for this stream. */
  HostChannel channel() {
    return channel;
  }

  // Connecting.

  /** Begins to connect. The outcome is told in a later turn. */
  void connect(Endpoint target, @Nullable IpAddress source, int hopLimit) {
    if (!channel.isOpen()) {
      // The group was closed before: onClosed says the rest.
      return;
    }
    if (target.address().isLoopback()) {
      int result = TcpSocket.congestionControl(fd, UNPACED);
      if (result < 0) {
        log.debug("no congestion control {}: {}", UNPACED, Errno.name(-result));
      }
    } else {
      // On the loopback there is no router.
      v6 = !target.address().isV4();
      errorsAsked = true;
      memory.connectErrors.begin(fd, v6);
      if (hopLimit != 0) {
        SendOptions.setHopLimit(fd, v6, hopLimit);
      }
    }
    int result = source == null ? 0 : TcpSocket.bind(fd, source.high(), source.low());
    if (result == 0) {
      result = askConnect(target);
    }
    if (result == -Errno.EINPROGRESS) {
      // Within one machine the handshake is over before connect(2) returns, and asking again says
      // so: that spares a round through epoll_wait(2), and the SYN-ACK leaves one turn earlier.
      result = askConnect(target);
    }
    if (isPending(result)) {
      this.target = target;
      channel.watch(WRITE);
    } else {
      int verdict = result;
      channel.later(() -> connectEnded(verdict));
    }
  }

  private int askConnect(Endpoint target) {
    IpAddress address = target.address();
    return TcpSocket.connect(fd, address.high(), address.low(), target.port());
  }

  private static boolean isPending(int result) {
    return result == -Errno.EALREADY || result == -Errno.EINPROGRESS;
  }

  /**
   * Asks for the verdict, unless it is known or the event was an earlier socket's of this number.
   *
   * @param trouble whether there is an error, which may be one that the kernel would go on in spite
   *     of: what it hears while it is busy with the socket it takes for a passing one
   */
  private void finishConnect(boolean trouble) {
    Endpoint to = target;
    if (to != null && !(trouble && connectRejected())) {
      int result = askConnect(to);
      if (!isPending(result)) {
        connectEnded(result);
      }
    }
  }

  private void connectEnded(int result) {
    if (connected || !channel.isOpen()) {
      return;
    }
    if (result < 0) {
      if (!connectRejected()) {
        connectFailed(-result);
      }
      return;
    }
    if (errorsAsked) {
      memory.connectErrors.end(fd, v6);
    }
    target = null;
    connected = true;
    // few servers speak first, and those that do cost one idle turn: no need to change the mask
    readsWatched = true;
    if (!silent) {
      events.onConnected();
    }
    flushAndSettle();
  }

  /** Tells of the ICMP error that ended the attempt; false when there was none. */
  private boolean connectRejected() {
    UdpError error = errorsAsked ? memory.connectErrors.take(fd) : null;
    if (error == null) {
      return false;
    }
    target = null;
    boolean tell = !silent;
    channel.end();
    if (tell) {
      events.onConnectRejected(
          error.type(), error.code(), error.offenderHigh(), error.offenderLow());
    }
    return true;
  }

  private void connectFailed(int errno) {
    target = null;
    boolean tell = !silent;
    channel.end();
    if (tell) {
      events.onConnectFailed(errno);
    }
  }

  @Override
  public @Nullable Endpoint local() {
    if (!connected || !channel.isOpen()) {
      return null;
    }
    TcpSocket.Local local = TcpSocket.local(fd);
    return new Endpoint(new IpAddress(local.high(), local.low()), local.port());
  }

  // Readiness.

  @Override
  public void ready(int ops) {
    if (!connected) {
      finishConnect((ops & HostChannel.ERROR) != 0);
      return;
    }
    boolean trouble = (ops & (HostChannel.ERROR | HostChannel.HANGUP)) != 0;
    if (output.bytes() > 0 && (trouble || (ops & HostChannel.OUT) != 0)) {
      drain();
    }
    if (reading) {
      if (trouble || (ops & (HostChannel.IN | HostChannel.PEER_FINISHED)) != 0) {
        readIn(trouble || (ops & HostChannel.PEER_FINISHED) != 0);
      }
    } else {
      readsWatched = false;
      if (trouble && brokenBy == 0) {
        int errno = TcpSocket.pendingError(fd);
        if (errno != 0) {
          broke(errno);
        }
      }
    }
    settle();
  }

  /** Waits for what is needed now. */
  private void settle() {
    if (readsWatched) {
      channel.watch(blocked ? READ_AND_WRITE : READ);
    } else {
      channel.watch(blocked ? WRITE : HostChannel.IDLE);
    }
  }

  // Reading.

  @Override
  public void pauseReads() {
    reading = false;
  }

  @Override
  public void resumeReads() {
    if (reading || inputEnded || silent) {
      return;
    }
    reading = true;
    readsWatched = true;
    if (brokenBy != 0) {
      channel.later(this::readRemains);
    } else if (connected) {
      settle();
    }
  }

  /**
   * Reads while the flow wants it, for this turn's share.
   *
   * @param toTheEnd true when the kernel hinted at an end, so that a short read does not mean that
   *     nothing is left to find out
   */
  private void readIn(boolean toTheEnd) {
    boolean progress = false;
    int failure = 0;
    int total = 0;
    while (reading && total < BYTES_PER_TURN) {
      int wanted = events.wanted();
      int piece = events.piece();
      int length = memory.read(fd, wanted, piece);
      if (length > 0) {
        progress = true;
        total += length;
        deliver(length, piece);
        if (length < StreamMemory.readSize(wanted, piece) && !toTheEnd) {
          break;
        }
      } else if (length == 0 && brokenBy == 0) {
        progress = true;
        inputEnded = true;
        reading = false;
        readsWatched = false;
        events.onEof();
      } else if (length != -Errno.EINTR) {
        failure = length == -Errno.EAGAIN || length == 0 ? brokenBy : -length;
        break;
      }
    }
    if (progress && !silent) {
      events.onReadBatchEnd();
    }
    if (failure != 0) {
      fail(failure);
    }
  }

  private void deliver(int length, int piece) {
    int left = length;
    for (int i = 0; left > 0; i++) {
      int bytes = Math.min(left, piece);
      ByteBuf data = memory.take(i, bytes);
      left -= bytes;
      if (silent) {
        data.release();
      } else {
        events.onData(data);
      }
    }
  }

  // Writing.

  @Override
  public void write(ByteBuf data) {
    if (silent || outputEnding || brokenBy != 0) {
      data.release();
    } else if (data.isDirect()) {
      output.add(data);
    } else {
      output.add(memory.allocator().directBuffer(data.readableBytes()).writeBytes(data));
      data.release();
    }
  }

  @Override
  public void flush() {
    if (connected) {
      flushAndSettle();
    }
  }

  @Override
  public int pendingBytes() {
    return output.bytes();
  }

  @Override
  public void shutdownOutput() {
    outputEnding = true;
    flush();
  }

  private void flushAndSettle() {
    if (!blocked && channel.isOpen()) {
      writeOut();
      settle();
    }
  }

  /** The kernel takes bytes again, or reports an error to whoever tries. */
  private void drain() {
    int before = output.bytes();
    writeOut();
    if (output.bytes() < before && !silent && brokenBy == 0) {
      events.onDrained();
    }
  }

  private void writeOut() {
    blocked = false;
    for (int i = 0; i < WRITES_PER_TURN && output.bytes() > 0; i++) {
      IovArray vector = memory.vector();
      output.describe(vector);
      int taken = TcpSocket.writev(fd, vector.memoryAddress(0), vector.count());
      if (taken == -Errno.EAGAIN) {
        break;
      }
      if (taken == -Errno.EINTR) {
        continue;
      }
      if (taken < 0) {
        broke(-taken);
        return;
      }
      output.remove(taken);
      if (taken < vector.size()) {
        break;
      }
    }
    if (output.bytes() > 0) {
      blocked = true;
    } else if (closing) {
      orderly = true;
      channel.end();
    } else if (outputEnding && !outputEnded && brokenBy == 0) {
      endOutput();
    }
  }

  private void endOutput() {
    outputEnded = true;
    int result = TcpSocket.shutdownOutput(fd);
    if (result < 0) {
      // The connection broke before; its error is waiting to be read.
      broke(-result);
    }
  }

  // Breaking.

  /** The connection is dead: drops output; tells the flow once what had arrived is read. */
  private void broke(int errno) {
    if (brokenBy != 0) {
      return;
    }
    brokenBy = errno;
    blocked = false;
    output.clear();
    if (closing) {
      channel.end();
    } else {
      channel.later(this::readRemains);
    }
  }

  private void readRemains() {
    if (!channel.isOpen()) {
      return;
    }
    if (reading) {
      readIn(true);
      if (reading) {
        channel.later(this::readRemains);
      }
    } else if (inputEnded || memory.unread(fd) == 0) {
      fail(brokenBy);
    }
  }

  private void fail(int errno) {
    if (!channel.isOpen() || silent) {
      return;
    }
    channel.end();
    events.onFailed(errno);
  }

  // Closing.

  @Override
  public void close() {
    if (silent) {
      return;
    }
    silent = true;
    closing = true;
    reading = false;
    if (connected && brokenBy == 0 && output.bytes() > 0) {
      flush();
    } else {
      orderly = brokenBy == 0;
      channel.end();
    }
  }

  @Override
  public void abort() {
    aborted = true;
    silent = true;
    channel.end();
  }

  @Override
  public void release() {
    silent = true;
    reading = false;
    output.clear();
    boolean bothEnded = inputEnded && outputEnded;
    if (connected && (aborted || !(orderly || bothEnded))) {
      TcpSocket.resetOnClose(fd);
    }
  }

  @Override
  public void gone() {
    events.onClosed();
  }
}
