package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.stats.Counters;
import io.slipway.wire.Gather;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two connections of ours talk over a seeded link that loses, doubles, delays and reorders: every
 * byte arrives once and in order both ways, and both ends close.
 */
final class LossyLinkTest {
  private static final long MILLIS = 1_000_000;
  private static final int BYTES = 60_000;
  private static final byte[] TEXT = new byte[BYTES];

  static {
    for (int i = 0; i < BYTES; i++) {
      TEXT[i] = (byte) (i * 31 + (i >> 8));
    }
  }

  @Test
  void everyByteArrivesWhateverTheLinkDoes() {
    for (int loss : new int[] {0, 1, 10, 30}) {
      for (int seed = 0; seed < 10; seed++) {
        new Link(seed, loss).run();
      }
    }
  }

  private record Flying(long arrives, long order, ByteBuf segment, End to) {}

  private static final class Link {
    private final Random random;
    private final int lossPercent;
    private final TimerWheel wheel = new TimerWheel(MILLIS, 0);
    private final TcpLoop loop =
        new TcpLoop(
            new TcpConfig(
                1 << 20,
                TcpConfig.DEFAULT.initialRto(),
                TcpConfig.DEFAULT.minRto(),
                TcpConfig.DEFAULT.maxRto(),
                TcpConfig.DEFAULT.delayedAck(),
                3_600_000 * MILLIS, // so that a last ACK, lost again and again, is always repeated
                20,
                40,
                0),
            wheel,
            new Counters(),
            PooledByteBufAllocator.DEFAULT,
            new InitialSequence(3, 4));
    private final PriorityQueue<Flying> flying =
        new PriorityQueue<>(
            Comparator.comparingLong(Flying::arrives).thenComparingLong(Flying::order));
    private final End client;
    private final End server;
    private long now;
    private long order;

    Link(int seed, int lossPercent) {
      random = new Random(seed);
      this.lossPercent = lossPercent;
      client = new End(this, random.nextInt());
      server = new End(this, random.nextInt());
    }

    void run() {
      client.peer = server;
      server.peer = client;
      server.listening = true;
      client.connection.connect(now);
      while (!client.closed || !server.closed) {
        long arrival = flying.isEmpty() ? Long.MAX_VALUE : flying.peek().arrives();
        now = Math.max(now + MILLIS, Math.min(arrival, wheel.nextDeadlineNanos()));
        assertThat(now).as("virtual time").isLessThan(40_000_000L * MILLIS);
        while (!flying.isEmpty() && flying.peek().arrives() <= now) {
          Flying next = flying.poll();
          next.to().onArrival(next.segment());
          next.segment().release();
        }
        client.batchEnd();
        server.batchEnd();
        wheel.advance(now);
      }
      while (!flying.isEmpty()) {
        flying.poll().segment().release();
      }
      assertThat(client.received).isEqualTo(BYTES);
      assertThat(server.received).isEqualTo(BYTES);
      assertThat(wheel.armed()).isZero();
      loop.close();
    }

    void carry(ByteBuf segment, End to) {
      int copies = random.nextInt(100) < 2 ? 2 : 1;
      for (int i = 0; i < copies; i++) {
        if (random.nextInt(100) >= lossPercent) {
          long delay = (5 + random.nextInt(random.nextInt(10) == 0 ? 20 : 2)) * MILLIS;
          flying.add(new Flying(now + delay, order++, segment.retainedDuplicate(), to));
        }
      }
      segment.release();
    }
  }

  private static final class End implements TcpOutput, TcpUser {
    private final Link link;
    private final TcpConnection connection;
    private End peer;
    private boolean listening;
    private boolean established;
    private boolean closed;
    private int sent;
    private int received;

    End(Link link, int iss) {
      this.link = link;
      connection = new TcpConnection(link.loop, this, this, false, 1500, iss);
    }

    void onArrival(ByteBuf segment) {
      Packet packet = new Packet();
      packet.reset(segment, segment.writerIndex());
      packet.transport(6, 0, segment.writerIndex());
      if (listening && connection.state() == TcpState.CLOSED && !closed) {
        if ((TcpHeader.flags(segment, 0) & TcpHeader.SYN) != 0) {
          connection.hold(packet, link.now);
          connection.accept(link.now);
        }
        return;
      }
      connection.onSegment(packet, link.now);
    }

    void batchEnd() {
      if (closed) {
        return;
      }
      while (established && sent < BYTES && connection.queued() < 60_000) {
        int length = Math.min(BYTES - sent, 1 + link.random.nextInt(9000));
        ByteBuf data = link.loop.allocator.directBuffer(length);
        data.writeBytes(TEXT, sent, length);
        sent += length;
        connection.send(data, link.now);
      }
      if (established) {
        connection.flush(link.now);
        if (sent == BYTES) {
          sent++;
          connection.finish(link.now);
        }
      }
      connection.acknowledge(link.now);
    }

    @Override
    public boolean segment(
        int seq,
        int ack,
        int flags,
        int window,
        ByteBuf options,
        int optionsLength,
        Gather payload,
        int mss) {
      // the link cuts runs into segments, as the kernel or the egress room does
      int total = payload == null ? 0 : payload.total();
      ByteBuf all = link.loop.allocator.directBuffer(Math.max(1, total));
      for (int i = 0; payload != null && i < payload.count(); i++) {
        all.writeBytes(payload.buffer(i), payload.offset(i), payload.length(i));
      }
      int from = 0;
      do {
        int length = Math.min(mss, total - from);
        boolean last = from + length == total;
        int header = TcpHeader.LENGTH + optionsLength;
        ByteBuf segment = link.loop.allocator.directBuffer(header + length);
        segment.writeInt(0).writeInt(seq + from).writeInt(ack);
        segment.writeShort((header / 4) << 12 | (last ? flags : flags & ~TcpHeader.FIN));
        segment.writeShort(window).writeInt(0).writeBytes(options, 0, optionsLength);
        segment.writeBytes(all, from, length);
        link.carry(segment, peer);
        from += length;
      } while (from < total);
      all.release();
      return true;
    }

    @Override
    public void onEstablished(long nowNanos) {
      established = true;
    }

    @Override
    public void onData(ByteBuf data, int offset, int length) {
      byte[] arrived = new byte[length]; // byte by byte the watch for leaks would take minutes
      data.getBytes(offset, arrived);
      int wrong = Arrays.mismatch(arrived, 0, length, TEXT, received, received + length);
      assertThat(wrong).as("wrong byte beyond %d", received).isNegative();
      received += length;
      connection.consumed(length);
    }

    @Override
    public void onFinish() {}

    @Override
    public void onAcknowledged() {}

    @Override
    public void onClosed(CloseReason reason, long nowNanos) {
      assertThat(reason).isEqualTo(CloseReason.FINISHED);
      closed = true;
    }
  }
}
