package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.slipway.clock.TimerWheel;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.wire.Gather;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * One connection of ours sends for as long as it is let, over a seeded path in virtual time, to a
 * {@link ModelReceiver}. Runs are cut into segments before the path, as the kernel cuts them. What
 * the guest offers (SACK, timestamps) it uses when our SYN-ACK took it up. Twice the same setup
 * gives twice the same result.
 */
final class PathSimulation implements TcpOutput, TcpUser, AutoCloseable {
  private static final long MILLIS = 1_000_000;
  private static final int MTU = 1500;
  private static final int OUR_ISN = 0xffff_0000; // wraps early
  private static final int GUEST_ISN = 1000;
  private static final int WINDOW_SHIFT = 8;
  private static final int WINDOW = 8 << 20;
  private static final int BACKLOG = WINDOW;
  private static final int IP = 20;

  /** A packet on its way; {@code ack} is null for one towards the guest. */
  private record Flying(
      long arrives, long order, int seq, int length, int tsVal, ModelReceiver.Ack ack) {}

  private final PathSetup path;
  private final Random random;
  private final Counters counters = new Counters();
  private final TimerWheel wheel = new TimerWheel(MILLIS, 0);
  private final TcpLoop loop;
  private final TcpConnection connection;
  private final PriorityQueue<Flying> flying =
      new PriorityQueue<>(
          Comparator.comparingLong(Flying::arrives).thenComparingLong(Flying::order));

  /** Not watched for leaks: the watch would cost minutes; LossyLinkTest looks for them. */
  private static final ByteBufAllocator MEMORY = new UnpooledByteBufAllocator(true, true);

  private final ByteBuf chunk = MEMORY.directBuffer(1 << 16, 1 << 16);
  private final ByteBuf frame = MEMORY.directBuffer(64, 64);
  private final Packet packet = new Packet();
  private final TcpOptions options = new TcpOptions();
  private ModelReceiver guest;
  private boolean timestamps;
  private boolean over;
  private long now;
  private long order;
  private long busyUntil;
  private long packets;
  private long dropped;
  private long lost;

  PathSimulation(PathSetup path, TcpConfig config) {
    this.path = path;
    random = new Random(path.seed());
    chunk.writeZero(chunk.capacity());
    loop = new TcpLoop(config, wheel, counters, MEMORY, new InitialSequence(1, 2));
    connection = new TcpConnection(loop, this, this, false, MTU, OUR_ISN);
  }

  /** Bytes a second that the guest had after {@code millis} of sending. */
  static long goodput(PathSetup path, TcpConfig config, long millis) {
    try (PathSimulation simulation = new PathSimulation(path, config)) {
      return simulation.run(millis) * 1000 / millis;
    }
  }

  /** Connects, sends for {@code millis}, and returns how many bytes arrived in order. */
  long run(long millis) {
    connection.hold(syn(), now);
    connection.accept(now);
    now += path.rttNanos();
    reply(new ModelReceiver.Ack(OUR_ISN + 1, List.of(), 0));
    long end = now + millis * MILLIS;
    while (true) {
      long arrival = flying.isEmpty() ? Long.MAX_VALUE : flying.peek().arrives();
      long timer = Math.max(wheel.nextDeadlineNanos(), now + 1);
      now = Math.min(arrival, Math.min(guest.deadlineNanos(), timer));
      if (now >= end || over) {
        return guest.delivered();
      }
      while (!flying.isEmpty() && flying.peek().arrives() <= now) {
        arrive(flying.poll());
      }
      if (guest.deadlineNanos() <= now) {
        guest.onDelay();
      }
      wheel.advance(now);
    }
  }

  /** Packets that left towards the guest, lost ones too. */
  long packets() {
    return packets;
  }

  /** How many of them were lost by chance. */
  long lost() {
    return lost;
  }

  /** How many of them the bottleneck's queue had no room for. */
  long dropped() {
    return dropped;
  }

  long retransmits() {
    return counters.get(Count.TCP_RETRANSMITS);
  }

  /** Whether our side gave the connection up. */
  boolean isOver() {
    return over;
  }

  private void arrive(Flying one) {
    if (one.ack() == null) {
      guest.onSegment(one.seq(), one.length(), one.tsVal(), now);
    } else {
      reply(one.ack());
    }
  }

  // ---- the path -----------------------------------------------------------------------------

  private void carry(int seq, int length, int headers, int tsVal) {
    packets++;
    int size = IP + headers + length;
    long waiting = Math.max(0, busyUntil - now) * path.bytesPerSecond() / 1_000_000_000;
    if (waiting + size > path.queueBytes()) {
      dropped++;
      return;
    }
    busyUntil = Math.max(busyUntil, now) + size * 1_000_000_000L / path.bytesPerSecond();
    if (happens(path.loss())) {
      lost++;
      return;
    }
    int copies = happens(path.duplicate()) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      long late = happens(path.reorder()) ? (long) (random.nextDouble() * path.lateNanos()) : 0;
      long arrives = busyUntil + path.rttNanos() / 2 + late;
      flying.add(new Flying(arrives, order++, seq, length, tsVal, null));
    }
  }

  private void carryBack(ModelReceiver.Ack ack) {
    if (!happens(path.ackLoss())) {
      flying.add(new Flying(now + path.rttNanos() / 2, order++, 0, 0, 0, ack));
    }
  }

  private boolean happens(double chance) {
    return chance > 0 && random.nextDouble() < chance;
  }

  // ---- the guest's segments -----------------------------------------------------------------

  private Packet syn() {
    int end = TcpOptions.writeMss(frame, TcpHeader.LENGTH, MTU - IP - TcpHeader.LENGTH);
    end = TcpOptions.writeWindowScale(frame, end, WINDOW_SHIFT);
    if (path.sack()) {
      end = TcpOptions.writeSackPermitted(frame, end);
    }
    if (path.timestamps()) {
      end = TcpOptions.writeTimestamps(frame, end, stamp(), 0);
    }
    TcpHeader.set(frame, 0, 40000, 80, GUEST_ISN, 0, end, TcpHeader.SYN, 65535);
    return packet(end);
  }

  private void reply(ModelReceiver.Ack ack) {
    int end = TcpHeader.LENGTH;
    if (timestamps) {
      end = TcpOptions.writeTimestamps(frame, end, stamp(), ack.tsEcr());
    }
    if (!ack.blocks().isEmpty()) {
      end = TcpOptions.writeSackHead(frame, end, ack.blocks().size());
      for (ModelReceiver.Block block : ack.blocks()) {
        end = TcpOptions.writeSackBlock(frame, end, block.left(), block.right());
      }
    }
    int window = WINDOW >> WINDOW_SHIFT;
    TcpHeader.set(
        frame, 0, 40000, 80, GUEST_ISN + 1, ack.ack(), end, TcpHeader.ACK, Math.min(window, 65535));
    connection.onSegment(packet(end), now);
    connection.acknowledge(now);
  }

  private Packet packet(int length) {
    frame.writerIndex(length);
    packet.reset(frame, length);
    packet.transport(6, 0, length);
    return packet;
  }

  private int stamp() {
    return (int) (now / MILLIS) + 1;
  }

  // ---- the engine's neighbours --------------------------------------------------------------

  @Override
  public boolean segment(
      int seq,
      int ack,
      int flags,
      int window,
      ByteBuf written,
      int optionsLength,
      Gather payload,
      int mss) {
    options.parse(written, 0, optionsLength);
    if ((flags & TcpHeader.SYN) != 0) {
      timestamps = path.timestamps() && options.hasTimestamps();
      boolean sack = path.sack() && options.sackPermitted();
      guest = new ModelReceiver(this::carryBack, OUR_ISN + 1, mss, sack, timestamps);
      return true;
    }
    int tsVal = options.hasTimestamps() ? options.tsVal() : 0;
    int total = payload == null ? 0 : payload.total();
    int from = 0;
    do {
      int length = Math.min(mss, total - from);
      carry(seq + from, length, TcpHeader.LENGTH + optionsLength, tsVal);
      from += length;
    } while (from < total);
    return true;
  }

  @Override
  public void onEstablished(long nowNanos) {
    refill();
  }

  @Override
  public void onAcknowledged() {
    refill();
  }

  private void refill() {
    while (connection.queued() < BACKLOG) {
      connection.send(chunk.retainedDuplicate(), now);
    }
  }

  @Override
  public void onData(ByteBuf data, int offset, int length) {}

  @Override
  public void onFinish() {}

  @Override
  public void onClosed(CloseReason reason, long nowNanos) {
    over = true;
  }

  @Override
  public void close() {
    connection.drop(CloseReason.SHUTDOWN, now);
    assertThat(connection.held()).isZero();
    assertThat(wheel.armed()).isZero();
    loop.close();
    assertThat(chunk.refCnt()).isEqualTo(1);
    chunk.release();
    frame.release();
  }
}
