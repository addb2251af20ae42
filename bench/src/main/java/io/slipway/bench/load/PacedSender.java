package io.slipway.bench.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpSocket;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends datagrams at a steady rate: bursts of at most sixteen, one system call each, by the clock.
 * Whoever has fallen behind catches up by four bursts at most: a machine that did something else
 * for ten milliseconds shall not be followed by a flood. Owned by one thread.
 */
final class PacedSender implements AutoCloseable {
  private static final int BURST = 16;
  private static final int DEBT = 4 * BURST;
  private static final double BURSTS_PER_SECOND = 2_000;
  private static final int PR_SET_TIMERSLACK = 29;

  private final int fd;
  private final Peer peer;
  private final int size;
  private final UdpBatch batch = new UdpBatch(BURST);
  private final ByteBuf payload;

  /**
   * Does not own the descriptor.
   *
   * @param size bytes of payload
   */
  PacedSender(int fd, Peer peer, int id, int size) {
    if (size < Datagram.HEADER) {
      throw new IllegalArgumentException("a datagram has at least " + Datagram.HEADER + " bytes");
    }
    this.fd = fd;
    this.peer = peer;
    this.size = size;
    payload = Unpooled.directBuffer(size, size).writeZero(size);
    payload.setByte(0, Datagram.DATA).setInt(Datagram.ID, id);
    Linux.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  }

  /** Sends for so long; the outcome lacks what was received. */
  RateSearch.Outcome send(double rate, long nanos) {
    int burst = (int) Math.clamp(rate / BURSTS_PER_SECOND, 1, BURST);
    long begin = System.nanoTime();
    long elapsed = 0;
    long sent = 0;
    double forgiven = 0;
    while (elapsed < nanos) {
      double due = elapsed * rate / 1e9 - forgiven - sent;
      if (due < burst) {
        LockSupport.parkNanos((long) ((burst - due) * 1e9 / rate));
      } else {
        if (due > DEBT) {
          forgiven += due - DEBT;
        }
        burst(burst);
        sent += burst;
      }
      elapsed = System.nanoTime() - begin;
    }
    return new RateSearch.Outcome(sent, 0, elapsed);
  }

  private void burst(int count) {
    for (int i = 0; i < count; i++) {
      batch.add(payload.memoryAddress(), size, 0, peer.high(), peer.low(), peer.port());
    }
    while (batch.queued() > 0) {
      int result = UdpSocket.sendAll(fd, batch);
      if (result == -Errno.EAGAIN) {
        LockSupport.parkNanos(20_000);
      } else if (result < 0) {
        batch.drop();
      }
    }
  }

  @Override
  public void close() {
    batch.close();
    payload.release();
  }
}
