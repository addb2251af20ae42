package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.icmp.IcmpError;
import io.slipway.route.Protocol;
import io.slipway.route.Verdict;
import io.slipway.stats.Count;
import io.slipway.tcp.CloseReason;
import io.slipway.tcp.TcpConnection;
import io.slipway.tcp.TcpOutput;
import io.slipway.tcp.TcpState;
import io.slipway.tcp.TcpUser;
import io.slipway.wire.Gather;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One TCP conversation: the connection with the guest on one side, a stream of the host on the
 * other, and between them the bytes and the back-pressure. Owned by the event loop of its {@code
 * Shard}.
 *
 * <pre>
 *   guest  -- onData -->  [gathering] -- write, flush -->  host stream     window: what the host took
 *   guest  <-- send ---   connection's send queue  <-- onData --  host     reads pause above the allowance
 * </pre>
 */
final class TcpFlow extends Flow implements TcpUser, TcpOutput, HostStream.Events {
  /**
   * From this length on a payload is kept as a slice of its frame. Below it is copied, so that a
   * few bytes never pin a frame buffer of 64 KiB.
   */
  private static final int SLICE_FROM = 48 * 1024;

  /** Copies of one batch are gathered in buffers of this size once there are several. */
  private static final int GATHER = 32 * 1024;

  private static final int GATHER_FIRST = 2048;

  /** However short memory is, the guest may always have so much under way. */
  private static final int SMALLEST_WINDOW = 4096;

  /** Linux' and everybody's default; Linux lets it be changed, and nobody does. */
  private static final int USUAL_HOPS = 64;

  private final Flows flows;
  private final TcpConnection connection;
  private @Nullable HostStream stream;
  private @Nullable ByteBuf gathering;
  private @Nullable String failure;
  private CloseReason reason = CloseReason.FINISHED;
  private int waiting;
  private long accounted;
  private boolean touched;
  private boolean connectionClosed;
  private boolean streamClosed;
  private boolean guestFinished;
  private boolean hostFinished;
  private boolean paused;
  private boolean announced;
  private boolean refused;
  private boolean over;
  private boolean resting;

  /**
   * The flow that a SYN begins.
   *
   * @param before the flow of the same ends that made room for it, or null
   */
  TcpFlow(Flows flows, long id, Packet syn, @Nullable TcpFlow before, long nowNanos) {
    super(
        id,
        Protocol.TCP,
        syn.sourceHigh(),
        syn.sourceLow(),
        syn.sourcePort(),
        syn.destinationHigh(),
        syn.destinationLow(),
        syn.destinationPort(),
        nowNanos);
    this.flows = flows;
    FlowParts parts = flows.parts;
    int iss =
        parts
            .tcp()
            .initialSequence()
            .next(nowNanos, remoteHigh, remoteLow, remotePort, guestHigh, guestLow, guestPort);
    int first = before == null ? iss : before.connection.nextIss(iss);
    connection = new TcpConnection(parts.tcp(), this, this, isV6(), parts.mtu(), first);
    connection.receiveLimit(Math.max(SMALLEST_WINDOW, flows.budget.allowance()));
  }

  /** Keeps the SYN and connects to the host; the flow is in the table already. */
  void begin(Packet syn, Verdict.ToHost host, long nowNanos) {
    connection.hold(syn, nowNanos);
    int hopLimit = host.target().address().isLoopback() ? 0 : hopLimit(syn);
    HostStream made = flows.parts.sockets().connect(host.target(), host.source(), hopLimit, this);
    stream = made;
    if (connectionClosed && !streamClosed) {
      made.abort(); // it failed within the call
    }
  }

  /** The same towards our own name service. */
  void beginNames(Packet syn, long nowNanos) {
    connection.hold(syn, nowNanos);
    stream = flows.parts.names().openStream(this);
  }

  /** What is left for the host's side, where it is not what the host's kernel has anyway. */
  private static int hopLimit(Packet syn) {
    return syn.hopLimit() == USUAL_HOPS ? 0 : syn.hopLimit() - 1;
  }

  /** Whether this is the first time in this batch. */
  boolean touch() {
    boolean first = !touched;
    touched = true;
    return first;
  }

  /** A SYN came for a connection that is in its last state: this flow makes room if it may. */
  boolean yieldsTo(Packet syn, long nowNanos) {
    if (!connection.yieldsTo(syn, nowNanos)) {
      return false;
    }
    connection.drop(CloseReason.FINISHED, nowNanos);
    return true;
  }

  void onSegment(Packet packet, long nowNanos) {
    connection.onSegment(packet, nowNanos);
  }

  /** A packet of ours, with this sequence number, was too big for the guest's side. */
  void onTooBig(int seq, int mtu, long nowNanos) {
    connection.onTooBig(seq, mtu, nowNanos);
  }

  /** The end of a batch in which the guest sent something on this flow. */
  void batchEnd(long nowNanos) {
    touched = false;
    if (connectionClosed) {
      return;
    }
    flushToHost();
    settle();
    connection.acknowledge(nowNanos);
    restIfDone();
  }

  @Override
  void shutdown(long nowNanos) {
    connection.abort(CloseReason.SHUTDOWN, nowNanos);
  }

  // ---- the guest's side ---------------------------------------------------------------------

  @Override
  public void onEstablished(long nowNanos) {
    HostStream host = stream;
    if (host != null) {
      host.resumeReads();
    }
  }

  @Override
  public void onData(ByteBuf data, int offset, int length) {
    bytesOut += length;
    waiting += length;
    if (length >= SLICE_FROM) {
      writeGathered();
      write(data.retainedSlice(offset, length));
      return;
    }
    ByteBuf gather = gathering;
    if (gather == null || gather.writableBytes() < length) {
      writeGathered();
      int capacity = Math.max(length, gather == null ? GATHER_FIRST : GATHER);
      gather = flows.parts.allocator().directBuffer(capacity, capacity);
      gathering = gather;
    }
    gather.writeBytes(data, offset, length);
  }

  @Override
  public void onFinish() {
    guestFinished = true;
    flushToHost();
    HostStream host = stream;
    if (host != null && !streamClosed) {
      if (hostFinished) {
        host.close();
      } else {
        host.shutdownOutput();
      }
    }
  }

  @Override
  public void onAcknowledged() {
    account();
    if (paused && connection.heldForGuest() <= queueLimit() / 2) {
      paused = false;
      HostStream host = stream;
      if (host != null && !hostFinished) {
        host.resumeReads();
      }
    }
  }

  @Override
  public void onClosed(CloseReason why, long nowNanos) {
    connectionClosed = true;
    reason = why;
    HostStream host = stream;
    if (why == CloseReason.FINISHED || (why == CloseReason.SHUTDOWN && guestFinished)) {
      // the guest has said all it had to say: the host gets every byte of it
      flushToHost();
      if (host != null && !streamClosed) {
        host.close();
      }
    } else {
      discardGathered();
      if (host != null && !streamClosed) {
        host.abort();
      }
    }
    account();
    flows.unlist(this);
    endIfOver();
  }

  @Override
  public boolean segment(
      int seq,
      int ack,
      int flags,
      int window,
      ByteBuf options,
      int optionsLength,
      @Nullable Gather payload,
      int mss) {
    flows.parts.counters().count(Count.TCP_SEGMENTS_OUT);
    if ((flags & TcpHeader.RST) != 0) {
      flows.parts.counters().count(Count.TCP_RESETS_OUT);
    }
    return flows
        .parts
        .egress()
        .tcp(
            remoteHigh,
            remoteLow,
            remotePort,
            guestHigh,
            guestLow,
            guestPort,
            seq,
            ack,
            flags,
            window,
            options,
            optionsLength,
            payload,
            mss,
            0);
  }

  // ---- the host's side ----------------------------------------------------------------------

  @Override
  public void onConnected() {
    if (connectionClosed) {
      return;
    }
    long now = now();
    HostStream host = stream;
    if (host != null && flows.parts.listener().isDetailed()) {
      hostLocal = host.local();
      announced = true;
      flows.parts.listener().opened(info(null, now));
    }
    connection.accept(now);
  }

  @Override
  public void onConnectFailed(int errno) {
    streamClosed = true;
    if (connectionClosed) {
      endIfOver();
      return;
    }
    refused = true;
    IcmpError error = IcmpError.ofErrno(errno);
    if (errno == HostErrno.TIMED_OUT || errno == HostErrno.INVALID) {
      // the host never answered, or has a blackhole route (which Linux tells as EINVAL), and
      // neither
      // do we answer: the guest's own timer says ETIMEDOUT
      failure = "host_silent";
      connection.drop(CloseReason.HOST_REFUSED, now());
    } else if (error == null || error == IcmpError.PORT_UNREACHABLE) {
      failure = errno == HostErrno.REFUSED ? "host_refused" : "host_socket";
      connection.refuse(CloseReason.HOST_REFUSED, now());
    } else {
      failure = error.name().toLowerCase(Locale.ROOT);
      sendUnreachable(error);
      connection.drop(CloseReason.HOST_REFUSED, now());
    }
  }

  @Override
  public void onConnectRejected(int icmpType, int icmpCode, long offenderHigh, long offenderLow) {
    streamClosed = true;
    if (connectionClosed) {
      endIfOver();
      return;
    }
    refused = true;
    IcmpError known = IcmpError.of(isV6(), icmpType, icmpCode);
    failure =
        known == null ? "icmp_" + icmpType + "_" + icmpCode : known.name().toLowerCase(Locale.ROOT);
    IpAddress from = flows.gatewayFor(isV6(), offenderHigh, offenderLow);
    flows
        .parts
        .icmpErrors()
        .forward(
            icmpType,
            icmpCode,
            0,
            from == null ? offenderHigh : from.high(),
            from == null ? offenderLow : from.low(),
            guestHigh,
            guestLow,
            guestPort,
            remoteHigh,
            remoteLow,
            remotePort,
            Protocol.TCP.number(),
            null,
            0,
            0,
            connection.heldSyn(),
            now());
    connection.drop(CloseReason.HOST_REFUSED, now());
  }

  private void sendUnreachable(IcmpError error) {
    flows
        .parts
        .icmpErrors()
        .sendQuoting(
            error,
            0,
            remoteHigh,
            remoteLow,
            guestHigh,
            guestLow,
            guestPort,
            remoteHigh,
            remoteLow,
            remotePort,
            Protocol.TCP.number(),
            null,
            0,
            0,
            connection.heldSyn(),
            now());
  }

  @Override
  public int wanted() {
    return queueLimit() - connection.heldForGuest();
  }

  @Override
  public int piece() {
    return connection.largestPayload();
  }

  @Override
  public void onData(ByteBuf data) {
    if (connectionClosed) {
      data.release();
      return;
    }
    bytesIn += data.readableBytes();
    connection.send(data, now());
    account();
    if (!paused && connection.heldForGuest() >= queueLimit()) {
      paused = true;
      HostStream host = stream;
      if (host != null) {
        host.pauseReads();
      }
    }
  }

  @Override
  public void onReadBatchEnd() {
    if (!connectionClosed) {
      connection.flush(now());
    }
  }

  @Override
  public void onDrained() {
    if (!connectionClosed) {
      settle();
      connection.acknowledge(now());
    }
  }

  @Override
  public void onEof() {
    hostFinished = true;
    if (connectionClosed) {
      return;
    }
    connection.finish(now());
    HostStream host = stream;
    if (guestFinished && host != null && !streamClosed) {
      host.close();
    }
  }

  @Override
  public void onFailed(int errno) {
    streamClosed = true;
    if (!connectionClosed) {
      connection.abort(CloseReason.HOST_RESET, now());
    }
    endIfOver();
  }

  @Override
  public void onClosed() {
    streamClosed = true;
    if (!connectionClosed && !(guestFinished && hostFinished)) {
      connection.abort(CloseReason.HOST_RESET, now());
    }
    restIfDone();
    endIfOver();
  }

  // ---- bookkeeping --------------------------------------------------------------------------

  /** Bytes for the guest at which the host is not read any more. */
  private int queueLimit() {
    return Math.min(flows.budget.allowance(), connection.worthHolding());
  }

  private void write(ByteBuf data) {
    HostStream host = stream;
    if (host == null || streamClosed) {
      data.release();
    } else {
      host.write(data);
    }
  }

  private void writeGathered() {
    ByteBuf gather = gathering;
    if (gather != null) {
      gathering = null;
      write(gather);
    }
  }

  private void discardGathered() {
    ByteBuf gather = gathering;
    if (gather != null) {
      gathering = null;
      gather.release();
    }
  }

  private void flushToHost() {
    writeGathered();
    HostStream host = stream;
    if (host != null && !streamClosed) {
      host.flush();
    }
  }

  /** Tells the connection how much the host has taken since the last time. */
  private void settle() {
    HostStream host = stream;
    int pending = host == null || streamClosed ? 0 : host.pendingBytes();
    int taken = waiting - pending;
    waiting = pending;
    account();
    connection.receiveLimit(Math.max(SMALLEST_WINDOW, flows.budget.allowance()));
    if (taken > 0) {
      connection.consumed(taken);
    }
  }

  /** Keeps the budget in step with what this flow holds. */
  private void account() {
    long held = (long) connection.held() + (streamClosed ? 0 : waiting);
    if (held != accounted) {
      flows.budget.add(held - accounted);
      accounted = held;
    }
  }

  /** In TIME-WAIT, without a descriptor: it takes no new flow's place. */
  private void restIfDone() {
    if (!resting && streamClosed && connection.state() == TcpState.TIME_WAIT) {
      resting = true;
      flows.rest(1);
    }
  }

  private void endIfOver() {
    if (connectionClosed && streamClosed && !over) {
      over = true;
      if (resting) {
        flows.rest(-1);
      }
      account();
      flows.closed(this, failure != null ? failure : word(reason), refused && !announced);
    }
  }

  private static String word(CloseReason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }

  private long now() {
    return flows.parts.clock().nowNanos();
  }
}
