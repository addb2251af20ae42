package io.slipway.names;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.flow.HostStream;
import io.slipway.route.RouterConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Questions over TCP. */
class DnsStreamTest implements HostStream.Events {
  private static final int A = 1;

  private final List<String> told = new ArrayList<>();
  private final ByteBuf arrived = Unpooled.buffer();
  private final DnsKit kit =
      new DnsKit(RouterConfig.DEFAULT, List.of("192.0.2.1", "192.0.2.2"), "db.test=10.9.8.7");
  private final HostStream guest = kit.service.openStream(this);
  private int wanted = 1 << 20;

  @AfterEach
  void end() {
    guest.abort();
    kit.turn();
    assertThat(told).last().isEqualTo("closed");
    kit.close();
  }

  private static ByteBuf framed(ByteBuf message) {
    ByteBuf framed = Unpooled.directBuffer().writeShort(message.readableBytes());
    framed.writeBytes(message);
    message.release();
    return framed;
  }

  private void ask(int id, String name) {
    guest.write(framed(DnsKit.query(id, name, A)));
    guest.flush();
    kit.turn();
  }

  private void answer(DnsKit.Stream from, int id, String name) {
    ByteBuf query = DnsKit.query(id, name, A);
    from.events.onData(framed(DnsKit.response(query, 0)));
    query.release();
    kit.turn();
  }

  private List<String> messages() {
    List<String> all = new ArrayList<>();
    while (arrived.readableBytes() >= 2) {
      int length = arrived.readUnsignedShort();
      DnsMessage one = new DnsMessage(arrived, arrived.readerIndex(), length);
      all.add(one.id() + " " + one.code() + " " + one.name());
      arrived.skipBytes(length);
    }
    return all;
  }

  @Test
  void itIsAcceptedAndAnsweredFromOneResolver() {
    kit.turn();
    assertThat(told).containsExactly("connected");
    guest.resumeReads();
    ask(1, "a.test");
    ask(2, "b.test");
    assertThat(kit.streams).hasSize(1);
    assertThat(guest.pendingBytes()).isPositive();
    answer(kit.streams.getFirst(), 2, "b.test");
    answer(kit.streams.getFirst(), 1, "a.test");
    assertThat(messages()).containsExactly("2 0 b.test", "1 0 a.test");
    assertThat(guest.pendingBytes()).isZero();
    ask(3, "db.test");
    assertThat(messages()).containsExactly("3 0 db.test");
    guest.shutdownOutput();
    kit.turn();
    assertThat(told).last().isEqualTo("eof");
  }

  @Test
  void whatIsUnansweredGoesToTheNext() {
    guest.resumeReads();
    ask(1, "a.test");
    ask(2, "b.test");
    answer(kit.streams.getFirst(), 1, "a.test");
    kit.streams.getFirst().events.onEof(); // it takes one question a connection
    assertThat(kit.streams.get(1).target).hasToString("192.0.2.1:53");
    kit.streams.get(1).events.onConnectFailed(111);
    assertThat(kit.streams.get(2).target).hasToString("192.0.2.2:53");
    kit.pass(5_100);
    assertThat(kit.streams).as("the second round begins").hasSizeGreaterThan(3);
    DnsKit.Stream last = kit.streams.getLast();
    answer(last, 2, "b.test");
    assertThat(messages()).containsExactly("1 0 a.test", "2 0 b.test");
    assertThat(kit.streams).filteredOn(one -> one.aborted).hasSize(kit.streams.size() - 1);
  }

  @Test
  void whenNobodyAnswersTheGuestIsTold() {
    guest.resumeReads();
    ask(1, "a.test");
    for (int i = 0; i < 4; i++) {
      kit.streams.getLast().events.onConnectFailed(111);
      kit.turn();
    }
    assertThat(messages()).containsExactly("1 2 a.test");
    assertThat(kit.streams).hasSize(4);
    assertThat(kit.errors).containsExactly("a.test 192.0.2.2 unreachable");
  }

  @Test
  void answersWaitForTheGuest() {
    guest.resumeReads();
    wanted = 0;
    ask(1, "db.test");
    assertThat(arrived.readableBytes()).isZero();
    wanted = 1000;
    guest.resumeReads();
    kit.turn();
    assertThat(messages()).containsExactly("1 0 db.test");
  }

  @Test
  void questionsBeyondABoundStayWithTheGuest() {
    guest.resumeReads();
    for (int i = 0; i < 100; i++) {
      ask(i, "a" + i + ".test");
    }
    assertThat(kit.streams.getFirst().written.readableBytes()).isLessThan(64 * 40);
    for (int i = 0; i < 100; i++) {
      answer(kit.streams.getFirst(), i, "a" + i + ".test");
    }
    assertThat(messages()).hasSize(100);
    assertThat(guest.pendingBytes()).isZero();
  }

  @Test
  void nonsenseEndsTheConversation() {
    guest.resumeReads();
    guest.write(Unpooled.buffer().writeShort(3).writeZero(3));
    guest.flush();
    kit.turn();
    assertThat(told).containsExactly("connected", "failed", "closed");
  }

  @Test
  void idleConversationsEnd() {
    guest.resumeReads();
    kit.pass(20_001);
    assertThat(told).last().isEqualTo("eof");
    ask(1, "db.test");
    assertThat(arrived.readableBytes()).as("after the end nothing is sent").isZero();
    assertThat(told).endsWith("failed", "closed");
  }

  @Test
  void bytesMayComeOneByOne() {
    guest.resumeReads();
    ByteBuf query = framed(DnsKit.query(5, "db.test", A));
    while (query.isReadable()) {
      guest.write(Unpooled.buffer().writeByte(query.readByte()));
      guest.flush();
    }
    query.release();
    kit.turn();
    assertThat(messages()).containsExactly("5 0 db.test");
  }

  @Test
  void whateverAResolverSaysNothingBreaks() {
    guest.resumeReads();
    Random random = new Random(3);
    ask(1, "a.test");
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      if (bytes.length > 0) {
        bytes[0] = 0;
      }
      kit.streams.getFirst().events.onData(Unpooled.directBuffer().writeBytes(bytes));
      kit.turn();
      arrived.clear();
    }
    assertThat(told).doesNotContain("failed", "closed").contains("connected");
  }

  @Override
  public void onConnected() {
    told.add("connected");
  }

  @Override
  public void onConnectFailed(int errno) {
    told.add("not connected");
  }

  @Override
  public void onConnectRejected(int type, int code, long offenderHigh, long offenderLow) {
    told.add("rejected");
  }

  @Override
  public int wanted() {
    return wanted;
  }

  @Override
  public int piece() {
    return 1460;
  }

  @Override
  public void onData(ByteBuf data) {
    arrived.writeBytes(data);
    data.release();
  }

  @Override
  public void onReadBatchEnd() {}

  @Override
  public void onDrained() {
    if (!told.getLast().equals("drained")) {
      told.add("drained");
    }
  }

  @Override
  public void onEof() {
    told.add("eof");
  }

  @Override
  public void onFailed(int errno) {
    told.add("failed");
  }

  @Override
  public void onClosed() {
    told.add("closed");
  }
}
