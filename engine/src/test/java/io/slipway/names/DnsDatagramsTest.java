package io.slipway.names;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.slipway.flow.NameService;
import io.slipway.route.AccessList;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Drop;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Questions over UDP: whom they go to, in which order, and what comes back. */
class DnsDatagramsTest implements NameService.Answers {
  private static final int A = 1;
  private static final int AAAA = 28;
  private static final int PTR = 12;
  private static final List<String> TWO = List.of("192.0.2.1", "192.0.2.2");

  private final List<String> told = new ArrayList<>();
  private DnsKit kit = new DnsKit(RouterConfig.DEFAULT, TWO);
  private NameService.Questions guest = kit.service.openQuestions(this);

  private void use(DnsKit other) {
    end();
    told.clear();
    kit = other;
    guest = kit.service.openQuestions(this);
  }

  @AfterEach
  void end() {
    guest.close();
    kit.turn();
    assertThat(kit.upstreams).allMatch(one -> one.closed);
    kit.close();
  }

  private void ask(int id, String name, int type) {
    give(DnsKit.query(id, name, type));
  }

  private void give(ByteBuf query) {
    guest.ask(query, 0, query.readableBytes());
    query.release();
  }

  private void answer(String from, int id, String name, int code) {
    ByteBuf query = DnsKit.query(id, name, A);
    kit.upstreams.getFirst().deliver(from, DnsKit.response(query, code));
    query.release();
  }

  @Test
  void theFirstIsAskedAndItsAnswerComesBackUntouched() {
    ask(7, "One.test", A);
    assertThat(kit.sent).containsExactly("192.0.2.1 one.test");
    answer("192.0.2.1", 7, "One.test", 0);
    assertThat(told).containsExactly("7 code 0 one.test");
    answer("192.0.2.1", 7, "One.test", 0);
    assertThat(told).as("an answer counts once").hasSize(1);
    kit.pass(20_000);
    assertThat(kit.sent).hasSize(1);
  }

  @Test
  void aSilentOneCostsLessThanHalfASecondOnce() {
    ask(1, "a.test", A);
    kit.pass(399);
    assertThat(kit.sent).hasSize(1);
    kit.pass(2);
    assertThat(kit.sent).containsExactly("192.0.2.1 a.test", "192.0.2.2 a.test");
    answer("192.0.2.2", 1, "a.test", 0);
    ask(2, "b.test", A);
    assertThat(kit.sent).hasSize(3).last().isEqualTo("192.0.2.2 b.test");
    answer("192.0.2.2", 2, "b.test", 0);
    // half a minute later it is asked beside the other, and when it answers it is first again
    kit.pass(31_000);
    ask(3, "c.test", A);
    assertThat(kit.sent.subList(3, 5)).containsExactly("192.0.2.2 c.test", "192.0.2.1 c.test");
    answer("192.0.2.2", 3, "c.test", 0);
    answer("192.0.2.1", 3, "c.test", 0);
    ask(4, "d.test", A);
    assertThat(kit.sent.getLast()).isEqualTo("192.0.2.1 d.test");
    answer("192.0.2.1", 4, "d.test", 0);
    assertThat(told).hasSize(4);
  }

  @Test
  void aLateAnswerOfTheFirstCountsStill() {
    ask(1, "a.test", A);
    kit.pass(500);
    answer("192.0.2.1", 1, "a.test", 0);
    assertThat(told).containsExactly("1 code 0 a.test");
  }

  @Test
  void eachIsAskedTwiceAndThenTheGuestIsToldSo() {
    ask(1, "a.test", A);
    kit.pass(401);
    kit.pass(401);
    kit.pass(1_001);
    assertThat(kit.sent)
        .containsExactly(
            "192.0.2.1 a.test", "192.0.2.2 a.test", "192.0.2.1 a.test", "192.0.2.2 a.test");
    kit.pass(1_001);
    assertThat(told).isEmpty();
    kit.pass(3_300);
    assertThat(told).containsExactly("1 code 2 a.test");
    assertThat(kit.counters.snapshot().dropped(Drop.DNS_UNANSWERED)).isOne();
    assertThat(kit.errors).containsExactly("a.test 192.0.2.2 timeout");
  }

  @Test
  void whereNobodyListensTheErrorSaysSo() {
    ask(1, "a.test", A);
    kit.upstreams.getFirst().refuse("192.0.2.1");
    kit.upstreams.getFirst().refuse("192.0.2.2");
    kit.pass(1_001);
    kit.upstreams.getFirst().refuse("192.0.2.1");
    assertThat(kit.errors).isEmpty();
    kit.upstreams.getFirst().refuse("192.0.2.2");
    assertThat(told).containsExactly("1 code 2 a.test");
    assertThat(kit.errors).containsExactly("a.test 192.0.2.2 unreachable");
  }

  @Test
  void aNameIsToldInPrintableAscii() {
    use(new DnsKit(RouterConfig.DEFAULT.withOutbound(false), TWO));
    ask(1, "a\u001b[31m \"b\\c\u007f", A);
    ByteBuf query = DnsKit.query(2, "abcdefg.x", A);
    query.setBytes(DnsMessage.HEADER + 1, new byte[] {'.', (byte) 0x9b, (byte) 0xff, 0, '\n'});
    give(query);
    ByteBuf root = Unpooled.directBuffer().writeShort(3).writeShort(0x0100).writeShort(1);
    give(root.writeShort(0).writeInt(0).writeByte(0).writeShort(2).writeShort(1));
    give(Unpooled.directBuffer().writeShort(4).writeShort(0x0100).writeLong(0));
    assertThat(kit.errors)
        .containsExactly(
            "a\\027[31m\\032\\034b\\092c\\127 null policy",
            "\\046\\155\\255\\000\\010fg.x null policy",
            ". null policy",
            " null policy");
  }

  @Test
  void oneWhereNobodyListensIsLeftAtOnce() {
    ask(1, "a.test", A);
    kit.upstreams.getFirst().refuse("192.0.2.1");
    assertThat(kit.sent).containsExactly("192.0.2.1 a.test", "192.0.2.2 a.test");
    kit.upstreams.getFirst().refuse("192.0.2.1");
    assertThat(kit.sent).as("said again, it means nothing").hasSize(2);
  }

  @Test
  void aResolverThatIsUnableCountsWhenItIsTheLast() {
    ask(1, "a.test", A);
    answer("192.0.2.1", 1, "a.test", DnsMessage.SERVER_FAILURE);
    assertThat(told).isEmpty();
    answer("192.0.2.2", 1, "a.test", DnsMessage.REFUSED);
    assertThat(told).containsExactly("1 code 5 a.test");
    assertThat(kit.errors).containsExactly("a.test 192.0.2.2 refused");
    ask(2, "a.test", A);
    answer("192.0.2.1", 2, "a.test", 3);
    assertThat(told).as("no such name is an answer").last().isEqualTo("2 code 3 a.test");
    assertThat(kit.errors).hasSize(1);
  }

  @Test
  void strangersAndOtherAnswersAreNotBelieved() {
    ask(1, "a.test", A);
    answer("192.0.2.2", 1, "a.test", 0); // was not asked
    answer("198.51.100.1", 1, "a.test", 0);
    answer("192.0.2.1", 2, "a.test", 0);
    answer("192.0.2.1", 1, "b.test", 0);
    kit.upstreams.getFirst().deliver("192.0.2.1", DnsKit.query(1, "a.test", A));
    kit.upstreams.getFirst().deliver("192.0.2.1", Unpooled.directBuffer().writeZero(5));
    assertThat(told).isEmpty();
  }

  @Test
  void aRepeatedQuestionIsAskedOnce() {
    ask(1, "a.test", A);
    ask(1, "A.TEST", A);
    ask(1, "a.test", AAAA);
    assertThat(kit.sent).hasSize(2);
  }

  @Test
  void namesOfOurOwnAreAnsweredHere() {
    use(
        new DnsKit(
            RouterConfig.DEFAULT.withHostLoopback(true),
            TWO,
            "db.test=10.9.8.7",
            "db.test=2001:db8::7"));
    ask(1, "DB.test", A);
    assertThat(told.removeFirst()).startsWith("1 code 0 db.test").endsWith("00040a090807");
    ask(2, "db.test", AAAA);
    assertThat(told.removeFirst()).endsWith("001020010db8000000000000000000000007");
    ask(3, "db.test", 15);
    assertThat(told.removeFirst()).isEqualTo("3 code 0 db.test");
    ask(4, "host.docker.internal", A);
    assertThat(told.removeFirst()).endsWith("00040a000202");
    ask(5, "7.8.9.10.in-addr.arpa", PTR);
    assertThat(told.removeFirst()).endsWith("026462047465737400");
    ask(6, DnsZone.reverse(IpAddress.parse("fd00::2")), PTR);
    assertThat(told.removeFirst()).endsWith("04686f737407736c697077617908696e7465726e616c00");
    assertThat(kit.sent).isEmpty();
    ask(7, "other.test", A);
    assertThat(kit.sent).hasSize(1);
  }

  @Test
  void whereNothingMayLeaveNoQuestionDoes() {
    use(new DnsKit(RouterConfig.DEFAULT.withOutbound(false), TWO, "db.test=10.9.8.7"));
    ask(1, "a.test", A);
    assertThat(told).containsExactly("1 code 5 a.test");
    ask(2, "db.test", A);
    assertThat(told).hasSize(2);
    assertThat(kit.sent).isEmpty();
    AccessList second = AccessList.parse("udp://192.0.2.2:53");
    use(new DnsKit(RouterConfig.DEFAULT.withOutbound(false).withAllow(second), TWO));
    ask(1, "a.test", A);
    assertThat(kit.sent).containsExactly("192.0.2.2 a.test");
  }

  @Test
  void floodsAreBounded() {
    for (int i = 0; i < 1_000; i++) {
      ask(i, "a" + i + ".test", A);
    }
    assertThat(kit.sent).hasSize(64);
    assertThat(kit.counters.snapshot().dropped(Drop.DNS_LIMIT)).isEqualTo(1_000 - 64);
  }

  @Test
  void whateverComesNothingBreaks() {
    use(new DnsKit(RouterConfig.DEFAULT.withHostLoopback(true), TWO));
    Random random = new Random(7);
    for (int i = 0; i < 4_000; i++) {
      ByteBuf query = DnsKit.query(i & 0xFFFF, "host.slipway.internal", A);
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        query.setByte(random.nextInt(query.readableBytes()), random.nextInt(256));
      }
      query.writerIndex(random.nextInt(query.writerIndex() + 1));
      give(query);
      if (i % 64 == 0) {
        kit.pass(10_000);
      }
    }
    give(Unpooled.directBuffer().writeZero(5_000));
    assertThat(kit.counters.snapshot().dropped(Drop.DNS_MALFORMED)).isPositive();
  }

  @Override
  public void onAnswer(ByteBuf slab, int offset, int length) {
    DnsMessage message = new DnsMessage(slab, offset, length);
    assertThat(message.isResponse()).isTrue();
    int end = Math.max(message.questionEnd(), DnsMessage.HEADER);
    String rest = ByteBufUtil.hexDump(slab, offset + end, length - end);
    told.add(
        message.id()
            + " code "
            + message.code()
            + " "
            + message.name()
            + (rest.isEmpty() ? "" : " " + rest));
  }
}
