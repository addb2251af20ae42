package io.slipway.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.stats.Counters;
import io.slipway.tcp.CloseReason;
import io.slipway.tcp.InitialSequence;
import io.slipway.tcp.TcpConfig;
import io.slipway.tcp.TcpConnection;
import io.slipway.tcp.TcpLoop;
import io.slipway.tcp.TcpOutput;
import io.slipway.tcp.TcpUser;
import io.slipway.wire.Gather;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import org.jspecify.annotations.Nullable;

/**
 * A guest and a host around one {@link TcpConnection} at a time, without frames: segments are
 * handed over as they are. The guest keeps to the rules and loses nothing. Owned by one thread.
 */
final class ScriptedGuest implements TcpOutput, TcpUser, AutoCloseable {
  private static final long MILLIS = 1_000_000;
  private static final long STEP_NANOS = 20_000;
  private static final int WINDOW = 0xFFFF;
  private static final int WINDOW_SHIFT = 7;
  private static final int PROTOCOL_TCP = 6;
  private static final int ISN = 0x1000_0000;
  private static final int OUR_ISN = 0x2000_0000;

  private final TimerWheel wheel = new TimerWheel(MILLIS, 0);
  private final TcpLoop loop =
      new TcpLoop(
          TcpConfig.DEFAULT,
          wheel,
          new Counters(),
          ByteBufAllocator.DEFAULT,
          new InitialSequence(1, 2));
  private final Packet packet = new Packet();
  private final ByteBuf segment = ByteBufAllocator.DEFAULT.directBuffer(1 << 16);
  private final ByteBuf read = ByteBufAllocator.DEFAULT.directBuffer(GuestLine.FULL);
  private TcpConnection connection = closed();
  private long nowNanos = MILLIS;
  private int seq;
  private int heard;
  private int waiting;
  private long received;
  private boolean over;

  ScriptedGuest() {
    segment.writeZero(1 << 16);
    read.writeZero(GuestLine.FULL);
  }

  private TcpConnection closed() {
    return new TcpConnection(loop, this, this, false, GuestLine.MTU, OUR_ISN);
  }

  /** The guest connects. */
  void open() {
    connection = closed();
    over = false;
    seq = ISN;
    int end = TcpOptions.writeMss(segment, TcpHeader.LENGTH, GuestLine.MSS);
    end = TcpOptions.writeWindowScale(segment, end, WINDOW_SHIFT);
    connection.hold(packet(TcpHeader.SYN, end, 0), nowNanos);
    seq++;
    connection.accept(nowNanos);
    guest(TcpHeader.ACK, 0);
  }

  /** The guest sends so many full frames, and the host takes them. */
  void upload(int frames) {
    long before = received;
    for (int i = 0; i < frames; i++) {
      guest(TcpHeader.ACK, GuestLine.FULL);
    }
    if (received - before != (long) frames * GuestLine.FULL) {
      throw new IllegalStateException("the host has not got what the guest has sent");
    }
  }

  /** The host sends so many full reads, and the guest acknowledges them. */
  void download(int reads) {
    for (int i = 0; i < reads; i++) {
      connection.send(read.setIndex(0, GuestLine.FULL).retain(), nowNanos);
      connection.flush(nowNanos);
      while (connection.queued() > 0) {
        guest(TcpHeader.ACK, 0);
      }
    }
  }

  /** The guest ends its stream, then the host its own. */
  void finish() {
    guest(TcpHeader.ACK | TcpHeader.FIN, 0);
    seq++;
    connection.finish(nowNanos);
    guest(TcpHeader.ACK, 0);
    if (!over) {
      throw new IllegalStateException("the connection is in state " + connection.state());
    }
  }

  private void guest(int flags, int length) {
    nowNanos += STEP_NANOS;
    wheel.advance(nowNanos);
    connection.onSegment(packet(flags, TcpHeader.LENGTH, length), nowNanos);
    seq += length;
    connection.consumed(waiting);
    waiting = 0;
    connection.acknowledge(nowNanos);
  }

  private Packet packet(int flags, int dataOffset, int length) {
    int window = (flags & TcpHeader.SYN) != 0 ? WINDOW : WINDOW / 8;
    TcpHeader.set(segment, 0, 40_000, 80, seq, heard, dataOffset, flags, window);
    packet.reset(segment, dataOffset + length);
    packet.transport(PROTOCOL_TCP, 0, dataOffset + length);
    packet.offload(true, length > 0 ? 1 : 0, length > 0 ? GuestLine.MSS : 0);
    return packet;
  }

  @Override
  public boolean segment(
      int first,
      int ack,
      int flags,
      int window,
      ByteBuf options,
      int optionsLength,
      @Nullable Gather payload,
      int mss) {
    int consumed = (flags & (TcpHeader.SYN | TcpHeader.FIN)) != 0 ? 1 : 0;
    heard = first + consumed + (payload == null ? 0 : payload.total());
    return true;
  }

  @Override
  public void onEstablished(long atNanos) {}

  @Override
  public void onData(ByteBuf data, int offset, int length) {
    received += length;
    waiting += length;
  }

  @Override
  public void onFinish() {}

  @Override
  public void onAcknowledged() {}

  @Override
  public void onClosed(CloseReason reason, long atNanos) {
    over = true;
  }

  @Override
  public void close() {
    segment.release();
    read.release();
    loop.close();
  }
}
