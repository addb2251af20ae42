package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.slipway.clock.TimerWheel;
import io.slipway.stats.Counters;
import io.slipway.wire.Gather;
import io.slipway.wire.Packet;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * A scripted conversation with one connection: the guest sends, the engine must answer, time
 * passes. Sequence numbers of a script are relative to both sides' initial ones. Closing it checks
 * that every buffer was given back.
 */
final class TcpScript implements TcpOutput, TcpUser, AutoCloseable {
  static final int GUEST_ISN = 0x7fff_fff0; // wraps within a script
  static final int OUR_ISN = 0xffff_fff8;
  static final int MTU = 1500;
  static final int MSS = 1460;
  static final long MILLIS = 1_000_000;

  final Counters counters = new Counters();
  final TcpLoop loop;
  final TcpConnection connection;
  final List<String> events = new ArrayList<>();
  final StringBuilder received = new StringBuilder();
  private final Deque<Segment> sent = new ArrayDeque<>();
  private final List<ByteBuf> kept = new ArrayList<>();
  private final TimerWheel wheel = new TimerWheel(MILLIS, 0);
  long now = 5 * MILLIS;
  boolean autoConsume = true;

  /** One segment as it left; seq and ack relative. */
  record Segment(
      int seq, int ack, int flags, int window, String payload, int mss, TcpOptions options) {
    String flagText() {
      StringBuilder text = new StringBuilder();
      String letters = "FSRPAUEC";
      for (int i = 0; i < 8; i++) {
        if ((flags & (1 << i)) != 0) {
          text.append(letters.charAt(i));
        }
      }
      return text.toString();
    }
  }

  TcpScript() {
    this(TcpConfig.DEFAULT);
  }

  TcpScript(TcpConfig config) {
    loop =
        new TcpLoop(
            config, wheel, counters, PooledByteBufAllocator.DEFAULT, new InitialSequence(1, 2));
    connection = new TcpConnection(loop, this, this, false, MTU, OUR_ISN);
  }

  /** A guest's connection, established; the guest offers this window, unscaled, and no options. */
  static TcpScript established() {
    return established(TcpConfig.DEFAULT);
  }

  static TcpScript established(TcpConfig config) {
    TcpScript script = new TcpScript(config);
    script.hold();
    script.connection.accept(script.now);
    script.expect("SA", 0, 1);
    script.guest("A", 1, 1, "");
    script.expectEvent("established");
    script.expectNothing();
    return script;
  }

  /** The guest's SYN is taken in. */
  void hold() {
    hold(mssOption(MSS));
  }

  /** The guest's SYN is taken in, with these options. */
  void hold(byte... options) {
    connection.hold(packet(TcpHeader.SYN, 0, 0, 65535, "", options), now);
  }

  /** A segment without options, to be handed in. */
  Packet segment(String flags, int seq, int ack, String payload) {
    return packet(bits(flags), seq, ack, 65535, payload, new byte[0]);
  }

  /** An acknowledgement with SACK blocks: left and right edges in turn. */
  void guestSack(int ack, int... edges) {
    ByteBuf option = Unpooled.buffer();
    option.writeByte(1).writeByte(1).writeByte(5).writeByte(2 + 4 * edges.length);
    for (int edge : edges) {
      option.writeInt(OUR_ISN + edge);
    }
    byte[] bytes = new byte[option.readableBytes()];
    option.readBytes(bytes);
    connection.onSegment(packet(TcpHeader.ACK, 1, ack, 65535, "", bytes), now);
    connection.acknowledge(now);
  }

  /** A segment with a timestamp; the batch ends. */
  void guestStamped(String flags, int seq, int ack, String payload, int stamp) {
    byte[] option = {
      1,
      1,
      8,
      10,
      (byte) (stamp >> 24),
      (byte) (stamp >> 16),
      (byte) (stamp >> 8),
      (byte) stamp,
      0,
      0,
      0,
      0
    };
    connection.onSegment(packet(bits(flags), seq, ack, 65535, payload, option), now);
    connection.acknowledge(now);
  }

  /** The guest sends a segment; the batch ends. */
  void guest(String flags, int seq, int ack, String payload) {
    guest(flags, seq, ack, payload, 65535);
  }

  void guest(String flags, int seq, int ack, String payload, int window) {
    guestInBatch(flags, seq, ack, payload, window);
    connection.acknowledge(now);
  }

  void guestInBatch(String flags, int seq, int ack, String payload, int window) {
    connection.onSegment(packet(bits(flags), seq, ack, window, payload, new byte[0]), now);
  }

  void guestSyn(int seq, byte... options) {
    connection.onSegment(packet(TcpHeader.SYN, seq, 0, 65535, "", options), now);
    connection.acknowledge(now);
  }

  /**
   * Whether a SYN with this number and these options may open a new connection in place of this.
   */
  boolean yieldsToSyn(int seq, byte... options) {
    return connection.yieldsTo(packet(TcpHeader.SYN, seq, 0, 65535, "", options), now);
  }

  /** The host gives bytes for the guest. */
  void host(String data) {
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(1, data.length()));
    buffer.writeCharSequence(data, StandardCharsets.ISO_8859_1);
    connection.send(buffer, now);
    connection.flush(now);
  }

  void pass(long millis) {
    long until = now + millis * MILLIS;
    while (now < until) {
      now = Math.min(until, Math.max(now + MILLIS, wheel.nextDeadlineNanos()));
      wheel.advance(now);
    }
  }

  /** The next segment must have these flags and numbers. */
  Segment expect(String flags, int seq, int ack) {
    Segment next = sent.poll();
    assertThat(next).as("a segment with " + flags).isNotNull();
    assertThat(next.flagText()).as("flags of " + next).isEqualTo(sorted(flags));
    assertThat(next.seq()).as("seq of " + next).isEqualTo(seq);
    assertThat(next.ack()).as("ack of " + next).isEqualTo(ack);
    return next;
  }

  Segment expect(String flags, int seq, int ack, String payload) {
    Segment next = expect(flags, seq, ack);
    assertThat(next.payload()).isEqualTo(payload);
    return next;
  }

  /** Any segments up to now are taken. */
  List<Segment> drain() {
    List<Segment> all = new ArrayList<>(sent);
    sent.clear();
    return all;
  }

  void expectNothing() {
    assertThat(sent).as("segments").isEmpty();
  }

  void expectEvent(String event) {
    assertThat(events).contains(event);
    events.remove(event);
  }

  static String text(int length) {
    char[] all = new char[length];
    for (int i = 0; i < length; i++) {
      all[i] = (char) ('a' + i % 23);
    }
    return new String(all);
  }

  static byte[] mssOption(int mss) {
    return new byte[] {2, 4, (byte) (mss >> 8), (byte) mss};
  }

  // ---- the engine's neighbours --------------------------------------------------------------

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
    StringBuilder text = new StringBuilder();
    if (payload != null) {
      for (int i = 0; i < payload.count(); i++) {
        text.append(
            payload
                .buffer(i)
                .toString(payload.offset(i), payload.length(i), StandardCharsets.ISO_8859_1));
      }
    }
    TcpOptions read = new TcpOptions();
    read.parse(options, 0, optionsLength);
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    sent.add(
        new Segment(
            seq - OUR_ISN,
            acknowledges ? ack - GUEST_ISN : 0,
            flags,
            window,
            text.toString(),
            mss,
            read));
    return true;
  }

  @Override
  public void onEstablished(long nowNanos) {
    events.add("established");
  }

  @Override
  public void onData(ByteBuf data, int offset, int length) {
    received.append(data.toString(offset, length, StandardCharsets.ISO_8859_1));
    if (autoConsume) {
      connection.consumed(length);
    }
  }

  @Override
  public void onFinish() {
    events.add("finish");
  }

  @Override
  public void onAcknowledged() {}

  @Override
  public void onClosed(CloseReason reason, long nowNanos) {
    events.add("closed " + reason);
  }

  @Override
  public void close() {
    connection.drop(CloseReason.SHUTDOWN, now);
    assertThat(connection.held()).isZero();
    assertThat(wheel.armed()).isZero();
    loop.close();
    kept.forEach(buffer -> assertThat(buffer.refCnt()).isEqualTo(1));
    kept.forEach(ByteBuf::release);
  }

  private Packet packet(int flags, int seq, int ack, int window, String payload, byte[] options) {
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(64 + payload.length());
    kept.add(frame);
    int header = TcpHeader.LENGTH + (options.length + 3) / 4 * 4;
    frame.writeZero(header);
    frame.writeCharSequence(payload, StandardCharsets.ISO_8859_1);
    frame.setShort(0, 40000);
    frame.setShort(2, 80);
    frame.setInt(4, GUEST_ISN + seq);
    frame.setInt(8, OUR_ISN + ack);
    frame.setShort(12, (header / 4) << 12 | flags);
    frame.setShort(14, window);
    frame.setBytes(20, options);
    Packet packet = new Packet();
    packet.reset(frame, frame.writerIndex());
    packet.transport(6, 0, frame.writerIndex());
    return packet;
  }

  private static int bits(String flags) {
    int bits = 0;
    for (int i = 0; i < flags.length(); i++) {
      bits |= 1 << "FSRPAUEC".indexOf(flags.charAt(i));
    }
    return bits;
  }

  private static String sorted(String flags) {
    char[] all = flags.toCharArray();
    Integer[] places = new Integer[all.length];
    for (int i = 0; i < all.length; i++) {
      places[i] = "FSRPAUEC".indexOf(all[i]);
    }
    Arrays.sort(places);
    StringBuilder text = new StringBuilder();
    for (int place : places) {
      text.append("FSRPAUEC".charAt(place));
    }
    return text.toString();
  }
}
