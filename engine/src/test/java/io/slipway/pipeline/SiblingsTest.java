package io.slipway.pipeline;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.arp;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.tcp;
import static io.slipway.pipeline.GuestFrames.udp;
import static io.slipway.pipeline.GuestFrames.virtio;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Offload;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.IpAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two lines of one guest, whose frames come by the one or the other. */
class SiblingsTest {
  private static final Offload HEADER = new Offload(true, false, false, false, false);
  private static final int SYN = 2;
  private static final byte[] NONE = {};

  private final Siblings siblings = new Siblings(2, 64 << 20);
  private final List<Line> lines =
      List.of(new Line(HEADER, siblings, 0), new Line(HEADER, siblings, 1));

  @AfterEach
  void close() {
    lines.forEach(Line::close);
    for (int i = 0; i < 2; i++) {
      assertThat(siblings.inbox(i).waitingBytes()).isZero();
    }
  }

  private static byte[] plain(byte[] frame) {
    return virtio(0, 0, 0, 0, 0, frame);
  }

  private static byte[] datagram4(int port, byte[] payload) {
    return plain(frame(ipv4(GUEST4, REMOTE4, 17, udp(GUEST4, port, REMOTE4, 53, payload))));
  }

  /** By this queue, and whatever that makes the other loop do. */
  private void give(int queue, byte[] frame) {
    lines.get(queue).give(frame);
    run();
  }

  /** Twice: a fragment may go to the one, and what it completes back to the other. */
  private void run() {
    for (int i = 0; i < 2; i++) {
      for (Line line : lines) {
        line.channel.runPendingTasks();
        line.channel.checkException();
      }
    }
  }

  private long sum(Count what) {
    return lines.stream().mapToLong(line -> line.counters.get(what)).sum();
  }

  private long drops() {
    return lines.stream().mapToLong(Line::drops).sum();
  }

  @Test
  void aConnectionBeginsOnItsShardByWhicheverQueueItsFirstSegmentComes() {
    int bytes = 0;
    for (int port = 1; port <= 40; port++) {
      byte[] syn = frame(ipv4(GUEST4, REMOTE4, 6, tcp(GUEST4, port, REMOTE4, 80, 7, SYN, NONE)));
      give(0, plain(syn));
      give(1, plain(syn));
      bytes += 2 * syn.length;
    }
    assertThat(lines.get(0).host.connects).hasSizeBetween(8, 32);
    assertThat(lines.get(1).host.connects).hasSize(40 - lines.get(0).host.connects.size());
    assertThat(sum(Count.FRAMES_IN)).isEqualTo(80);
    assertThat(sum(Count.BYTES_IN)).isEqualTo(bytes);
    assertThat(sum(Count.TCP_SEGMENTS_IN)).isEqualTo(80);
    assertThat(drops()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFragmentedDatagramLeavesByTheSocketOfItsEndpoint(boolean v6) {
    byte[] small = pattern(40);
    byte[] large = pattern(300);
    int handedOver = 0;
    for (int port = 1000; port < 1020; port++) {
      byte[] whole =
          v6 ? udp(GUEST6, port, REMOTE6, 53, small) : udp(GUEST4, port, REMOTE4, 53, small);
      give(
          0,
          plain(frame(v6 ? ipv6(GUEST6, REMOTE6, 17, whole) : ipv4(GUEST4, REMOTE4, 17, whole))));
      Line theirs = lines.get(lines.get(0).host.datagrams.isEmpty() ? 1 : 0);
      assertThat(theirs.host.datagrams).hasSize(1);
      theirs.host.datagrams.clear();
      byte[] bytes =
          v6 ? udp(GUEST6, port, REMOTE6, 53, large) : udp(GUEST4, port, REMOTE4, 53, large);
      long reassembledThere = theirs.counters.get(Count.REASSEMBLED);
      give(1, part(v6, port, bytes, 160, bytes.length));
      give(0, part(v6, port, bytes, 0, 160));
      assertThat(theirs.host.datagrams).containsExactly(large);
      theirs.host.datagrams.clear();
      handedOver += theirs.counters.get(Count.REASSEMBLED) == reassembledThere ? 1 : 0;
    }
    // All have the same addresses and are put together by one shard, but belong to both.
    assertThat(handedOver).isBetween(1, 19);
    assertThat(sum(Count.FLOWS_OPENED)).isEqualTo(20);
    assertThat(sum(Count.REASSEMBLED)).isEqualTo(20);
    assertThat(sum(Count.FRAMES_IN)).isEqualTo(60);
    assertThat(drops()).isZero();
  }

  private static byte[] part(boolean v6, int id, byte[] whole, int from, int to) {
    byte[] piece = Arrays.copyOfRange(whole, from, to);
    boolean more = to < whole.length;
    int place = (more ? 0x2000 : 0) | from / 8;
    return plain(
        frame(
            v6
                ? ipv6(GUEST6, REMOTE6, 44, fragment6(17, from, more, id, piece))
                : ipv4(GUEST4, REMOTE4, 17, id, place, NONE, piece)));
  }

  @Test
  void theGatewayAnswersWhereItWasAsked() {
    for (int queue = 0; queue < 2; queue++) {
      give(
          queue,
          plain(frame(ipv4(GUEST4, "10.0.2.2", 1, icmp(GUEST4, "10.0.2.2", 8, 0, 1, NONE)))));
      assertThat(lines.get(queue).counters.get(Count.ICMP_OUT)).isEqualTo(1);
    }
  }

  @Test
  void whoMovesIsFoundByAllShards() {
    long guest = IpAddress.parse(GUEST4).low();
    for (long mac : new long[] {0x0200_0000_000AL, 0x0200_0000_000BL}) {
      give(0, plain(ethernet(OUR_MAC, mac, 0x0806, arp(1, mac, GUEST4, 0, "10.0.2.2"))));
      assertThat(lines.get(0).shard.neighbors().lookup(0, guest)).isEqualTo(mac);
      assertThat(lines.get(1).shard.neighbors().lookup(0, guest)).isEqualTo(mac);
    }
  }

  @Test
  void aSiblingThatIsBehindLosesFramesAndKeepsNothing() {
    int port = 1;
    while (siblings.steering().ofFrame(Unpooled.wrappedBuffer(datagram4(port, NONE)), 10) != 1) {
      port++;
    }
    byte[] small = datagram4(port, pattern(100));
    for (int i = 0; i < 2000; i++) {
      lines.get(0).give(small);
    }
    long lost = lines.get(0).counters.dropped(Drop.HANDOVER_FULL);
    assertThat(lost).isBetween(970L, 980L);
    run();
    assertThat(lines.get(1).counters.get(Count.UDP_DATAGRAMS_IN)).isEqualTo(2000 - lost);
    // Bytes are bounded, too: here 2 MiB, the buffers as large as the link's.
    ByteBuf large = Unpooled.directBuffer(65_536);
    large.writeBytes(datagram4(port, pattern(9000)));
    for (int i = 0; i < 40; i++) {
      lines.get(0).channel.pipeline().fireChannelRead(large);
    }
    assertThat(large.refCnt()).isEqualTo(1 + 32);
    assertThat(lines.get(0).counters.dropped(Drop.HANDOVER_FULL)).isEqualTo(lost + 8);
    lines.get(1).shard.close();
    lines.get(1).channel.close();
    assertThat(lines.get(1).counters.get(Count.UDP_DATAGRAMS_IN)).isEqualTo(2000 - lost);
    assertThat(large.refCnt()).isEqualTo(1);
    lines.get(0).give(small);
    assertThat(lines.get(0).counters.dropped(Drop.HANDOVER_FULL)).isEqualTo(lost + 9);
    large.release();
  }
}
