package io.slipway.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.slipway.leaks.Garbage;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Checksum;
import io.slipway.wire.Cidr;
import io.slipway.wire.Gather;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Ipv6Header;
import io.slipway.wire.MacAddress;
import io.slipway.wire.TcpHeader;
import io.slipway.wire.TcpOptions;
import org.junit.jupiter.api.Test;

/** What every packet goes through on the lower floors, measured in bytes of garbage: none. */
class HotPathAllocationTest {

  private static final int ROUNDS = 20_000;

  private final Router router =
      new Router(
          Lan.standard(
              Cidr.parse("10.0.2.0/24"),
              Cidr.parse("fd00::/64"),
              MacAddress.parse("02:11:22:33:44:55"),
              1500),
          RouterConfig.DEFAULT.withDeny(AccessList.parse("192.0.2.0/24:25,[2001:db8::/32]:25")));
  private final Counters counters = new Counters();
  private final TcpOptions options = new TcpOptions();
  private final Gather gather = new Gather();

  @Test
  void aPacketCostsNoGarbage() {
    // Made by hand: buffers of an allocator are wrapped while leaks are looked for.
    ByteBuf frame = new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, 2_000, 2_000);
    frame.setZero(0, 2_000).writerIndex(2_000);
    ByteBuf part = frame.slice(100, 1_500);
    long allocated = Garbage.perPass(ROUNDS, () -> assertThat(run(frame, part)).isNotZero());
    assertThat(allocated).as("bytes in %d rounds", ROUNDS).isLessThan(ROUNDS);
    frame.release();
  }

  private long run(ByteBuf frame, ByteBuf part) {
    long sink = 0;
    long destination = IpAddress.mapV4(0x5DB8_D822);
    for (int i = 0; i < ROUNDS; i++) {
      TcpHeader.set(frame, 20, 40_000, 80, i, 0, 44, TcpHeader.SYN, 65_535);
      int end = TcpOptions.writeTimestamps(frame, TcpOptions.writeMss(frame, 40, 1460), i, 7);
      options.parse(frame, 40, end);
      sink += options.tsVal() + Ipv6Header.walk(frame, 200, 400);
      gather.clear();
      gather.add(part, 1, 777);
      gather.add(frame, 2, 999);
      sink += Checksum.sum(gather) + Checksum.sum(frame, 0, 1_900);
      sink += router.refusal(Protocol.TCP, 0, destination, i & 0xFFFF) == null ? 1 : 0;
      sink += router.seenAsGateway(0, destination) ? 1 : 0;
      sink += router.lan().isGuestSource(0xFD00L << 48, i) ? 1 : 0;
      counters.frameIn(1_514);
      counters.drop(Drop.NO_FLOW);
      counters.count(Count.BATCHES);
    }
    return sink;
  }
}
