package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.unix.Buffer;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpError;
import org.jspecify.annotations.Nullable;

/**
 * The memory that the datagram sockets of one event loop share, used by one of them at a time.
 * Owned by {@link NettyHostSockets}.
 */
final class DatagramMemory implements AutoCloseable {
  /** Datagrams per receive call. */
  static final int SLOTS = 32;

  /** Bytes per datagram: more than any has, so that none is cut. */
  static final int SLOT_SIZE = 64 * 1024;

  /** As much of an offending datagram as an ICMP error may quote (RFC 4443 section 2.4). */
  static final int QUOTE_SIZE = 1280;

  final UdpBatch batch = new UdpBatch(SLOTS);
  final UdpError error = new UdpError();
  final ByteBuf slab = Unpooled.directBuffer(SLOTS * SLOT_SIZE, SLOTS * SLOT_SIZE);

  /** A view of what {@link #error} quotes. */
  final ByteBuf quote =
      Unpooled.wrappedBuffer(Buffer.wrapMemoryAddress(error.payloadAddress(), QUOTE_SIZE));

  /** A power of two. */
  private static final int RUNS = 8;

  private final @Nullable SendRun[] runs = new @Nullable SendRun[RUNS];

  DatagramMemory() {
    for (int slot = 0; slot < SLOTS; slot++) {
      batch.lend(slot, slab.memoryAddress() + (long) slot * SLOT_SIZE, SLOT_SIZE);
    }
  }

  /** Where datagrams of the socket {@code fd} wait; several sockets may have to share it. */
  SendRun run(int fd) {
    int i = fd & (RUNS - 1);
    SendRun run = runs[i];
    if (run == null) {
      run = new SendRun();
      runs[i] = run;
    }
    return run;
  }

  /** Sends whatever waits. */
  void flush() {
    for (SendRun run : runs) {
      if (run != null) {
        run.flush();
      }
    }
  }

  @Override
  public void close() {
    for (SendRun run : runs) {
      if (run != null) {
        run.close();
      }
    }
    quote.release();
    error.close();
    batch.close();
    slab.release();
  }
}
