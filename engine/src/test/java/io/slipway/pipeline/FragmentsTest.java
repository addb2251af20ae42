package io.slipway.pipeline;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.egress.SentFrame;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentsTest {

  private static final int MORE = 0x2000;
  private static final long SECOND = 1_000_000_000L;

  private final Line line = new Line();

  @AfterEach
  void close() {
    line.close();
    assertThat(line.shard.timers().armed()).isZero();
  }

  private static byte[] datagram(boolean v6, byte[] payload) {
    return v6 ? udp(GUEST6, 4000, REMOTE6, 53, payload) : udp(GUEST4, 4000, REMOTE4, 53, payload);
  }

  private static byte[] part4(int id, byte[] whole, int from, int to, boolean more) {
    byte[] piece = Arrays.copyOfRange(whole, from, to);
    return frame(ipv4(GUEST4, REMOTE4, 17, id, (more ? MORE : 0) | from / 8, new byte[0], piece));
  }

  private static byte[] part6(int id, byte[] whole, int from, int to, boolean more) {
    byte[] piece = Arrays.copyOfRange(whole, from, to);
    return frame(ipv6(GUEST6, REMOTE6, 44, fragment6(17, from, more, id, piece)));
  }

  private static byte[] part(boolean v6, int id, byte[] whole, int from, int to) {
    boolean more = to < whole.length;
    return v6 ? part6(id, whole, from, to, more) : part4(id, whole, from, to, more);
  }

  private static List<byte[]> cut(boolean v6, int id, byte[] whole, int size) {
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0; from < whole.length; from += size) {
      parts.add(part(v6, id, whole, from, Math.min(whole.length, from + size)));
    }
    return parts;
  }

  private int held() {
    return line.shard.reassembler().heldBytes();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyOrderOfFourFragmentsGivesTheDatagram(boolean v6) {
    byte[] data = pattern(100);
    List<byte[]> parts = cut(v6, 1, datagram(v6, data), 32);
    assertThat(parts).hasSize(4);
    int orders = 0;
    for (int order = 0; order < 256; order++) {
      int[] index = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
      if (Arrays.stream(index).distinct().count() == 4) {
        Arrays.stream(index).forEach(i -> line.give(parts.get(i)));
        orders++;
      }
    }
    assertThat(line.host.datagrams).hasSize(orders).allMatch(got -> Arrays.equals(got, data));
    assertThat(line.counters.get(Count.REASSEMBLED)).isEqualTo(24);
    assertThat(line.counters.get(Count.FRAGMENTS_IN)).isEqualTo(4 * 24);
    assertThat(line.drops()).isZero();
    assertThat(held()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theLargestDatagramComesThroughInAnyOrder(boolean v6) {
    byte[] data = pattern(v6 ? 65_527 : 65_507);
    Random random = new Random(3);
    for (int size : new int[] {1480, 552, 8192}) {
      List<byte[]> parts = cut(v6, size, datagram(v6, data), size);
      for (int i = 0; i < 3; i++) {
        line.give(parts.getLast());
        List<byte[]> rest = parts.subList(0, parts.size() - 1);
        Collections.shuffle(rest, random);
        rest.forEach(line::give);
        parts = cut(v6, size + i + 1, datagram(v6, data), size);
      }
    }
    assertThat(line.host.datagrams).hasSize(9).allMatch(got -> Arrays.equals(got, data));
    assertThat(held()).isZero();
  }

  @Test
  void datagramsOfSeveralIdentificationsMayMix() {
    List<byte[]> all = new ArrayList<>();
    for (int id = 0; id < 40; id++) {
      all.addAll(cut(id % 2 == 0, id, datagram(id % 2 == 0, pattern(300 + id)), 104));
    }
    Collections.shuffle(all, new Random(4));
    all.forEach(line::give);
    assertThat(line.host.datagrams.stream().map(got -> got.length).sorted())
        .containsExactlyElementsOf(java.util.stream.IntStream.range(300, 340).boxed().toList());
    assertThat(line.drops()).isZero();
  }

  @Test
  void aLastFragmentAloneWaitsAndIsForgotten() {
    byte[] whole = datagram(false, pattern(200));
    line.give(part4(9, whole, 152, 208, false));
    assertThat(line.host.datagrams).isEmpty();
    assertThat(held()).isPositive();
    line.pass(31 * SECOND);
    assertThat(held()).isZero();
    assertThat(line.counters.dropped(Drop.FRAGMENT_TIMEOUT)).isEqualTo(1);
    // RFC 1122 §3.3.2: without the first fragment nobody is told.
    assertThat(line.sent.all()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSenderIsToldWhenTheRestIsMissing(boolean v6) {
    byte[] whole = datagram(v6, pattern(200));
    line.give(part(v6, 9, whole, 0, 104));
    line.pass((v6 ? 59 : 29) * SECOND);
    assertThat(line.sent.all()).isEmpty();
    line.pass(2 * SECOND);
    SentFrame error = line.sent.takeOnly().checkComplete();
    assertThat(error.icmpType()).isEqualTo(v6 ? 3 : 11);
    assertThat(error.icmpCode()).isEqualTo(1);
    assertThat(error.quoted()).hasSize((v6 ? 40 : 20) + 104);
    assertThat(error.quoted()).endsWith(Arrays.copyOf(whole, 104));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRepeatedFragmentChangesNothing(boolean v6) {
    byte[] data = pattern(200);
    List<byte[]> parts = cut(v6, 1, datagram(v6, data), 104);
    line.give(parts.get(0));
    line.give(parts.get(0));
    line.give(part(v6, 1, datagram(v6, data), 8, 48));
    line.give(parts.get(1));
    assertThat(line.host.datagrams).containsExactly(data);
    assertThat(line.drops()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOverlapRefusesTheWholeDatagramForGood(boolean v6) {
    byte[] whole = datagram(v6, pattern(200));
    byte[] other = whole.clone();
    other[20] ^= 1;
    byte[][] overlaps = {
      part(v6, 1, whole, 40, 112), part(v6, 2, other, 0, 104), part(v6, 3, other, 8, 48),
    };
    for (int i = 0; i < overlaps.length; i++) {
      line.give(part(v6, i + 1, whole, 0, 104));
      line.give(overlaps[i]);
      assertThat(line.counters.dropped(Drop.FRAGMENT_OVERLAP)).isEqualTo(2 * i + 1);
      line.give(part(v6, i + 1, whole, 104, 208));
      assertThat(line.counters.dropped(Drop.FRAGMENT_OVERLAP)).isEqualTo(2 * i + 2);
    }
    assertThat(line.host.datagrams).isEmpty();
    assertThat(held()).isZero();
  }

  @Test
  void fragmentsThatContradictEachOtherAreRefused() {
    byte[] whole = datagram(false, pattern(400));
    line.give(part4(1, whole, 104, 208, false));
    line.give(part4(1, whole, 208, 312, true));
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(1);
    line.give(part4(2, whole, 104, 208, true));
    line.give(part4(2, whole, 8, 96, false));
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(2);
    line.give(part4(3, whole, 104, 208, false));
    line.give(part4(3, whole, 0, 103, true));
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(3);
    line.give(part4(4, whole, 104, 104, true));
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(4);
    assertThat(line.host.datagrams).isEmpty();
  }

  @Test
  void aPacketBeyondTheLargestIsRefused() {
    byte[] piece = pattern(1000);
    line.give(frame(ipv4(GUEST4, REMOTE4, 17, 5, 65_528 / 8, new byte[0], piece)));
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(1);
    // 65520 bytes of payload fit the offset field, but not together with the header.
    byte[] whole = pattern(65_520);
    cut(false, 6, whole, 32_760).forEach(line::give);
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(2);
    assertThat(line.counters.get(Count.REASSEMBLED)).isZero();
    assertThat(held()).isZero();
  }

  @Test
  void anAtomicFragmentStandsAlone() {
    byte[] whole = datagram(true, pattern(50));
    line.give(part6(1, datagram(true, pattern(500)), 0, 104, true));
    line.give(part6(1, whole, 0, whole.length, false));
    assertThat(line.host.datagrams).containsExactly(pattern(50));
    byte[] nested = fragment6(44, 0, false, 1, fragment6(17, 0, false, 1, whole));
    line.give(frame(ipv6(GUEST6, REMOTE6, 44, nested)));
    assertThat(line.counters.dropped(Drop.IPV6_BAD_EXTENSION)).isEqualTo(1);
    line.give(frame(ipv6(GUEST6, REMOTE6, 44, new byte[7])));
    assertThat(line.counters.dropped(Drop.IPV6_BAD_EXTENSION)).isEqualTo(2);
  }

  /** RFC 7112 §5: nobody can judge a packet whose headers are in several pieces. */
  @Test
  void aFirstFragmentHoldsAllHeaders() {
    byte[] whole = datagram(true, pattern(50));
    line.give(part6(1, whole, 0, 0, true));
    SentFrame error = line.sent.takeOnly().checkComplete();
    assertThat(error.icmpType()).isEqualTo(4);
    assertThat(error.icmpCode()).isEqualTo(3);
    assertThat(error.u32(error.transportAt() + 4)).isZero();
    byte[] tcp = fragment6(6, 0, true, 2, pattern(16));
    line.give(frame(ipv6(GUEST6, REMOTE6, 44, tcp)));
    assertThat(line.sent.takeOnly().icmpCode()).isEqualTo(3);
    assertThat(line.counters.dropped(Drop.FRAGMENT_MALFORMED)).isEqualTo(2);
    assertThat(held()).isZero();
  }

  @Test
  void aFloodIsBoundedAndDoesNotShutOthersOut() {
    byte[] whole = datagram(false, pattern(1000));
    int most = 0;
    for (int id = 0; id < 5000; id++) {
      // A tiny piece far out asks for the largest buffer.
      byte[] far = pattern(8);
      line.give(frame(ipv4(GUEST4, REMOTE4, 17, id, MORE | 65_000 / 8, new byte[0], far)));
      most = Math.max(most, held());
      if (id % 100 == 0) {
        cut(false, 60_000 + id / 100, whole, 504).forEach(line::give);
      }
    }
    assertThat(most).isBetween(1 << 20, 2 << 20);
    assertThat(line.host.datagrams).hasSize(50);
    assertThat(line.counters.dropped(Drop.FRAGMENT_LIMIT)).isGreaterThan(4000);
    line.pass(31 * SECOND);
    assertThat(held()).isZero();
  }

  /** Not the one whose time is up first, which is IPv4's whenever it came. */
  @Test
  void theOldestGivesWay() {
    byte[] data = pattern(200);
    byte[] six = datagram(true, data);
    byte[] four = datagram(false, data);
    line.give(part6(1, six, 0, 104, true));
    line.pass(SECOND);
    for (int id = 0; id < 64; id++) {
      line.give(part4(id, four, 0, 104, true));
    }
    assertThat(line.counters.dropped(Drop.FRAGMENT_LIMIT)).isEqualTo(1);
    line.give(part6(1, six, 104, 208, false));
    assertThat(line.host.datagrams).isEmpty();
    line.give(part4(1, four, 104, 208, false));
    assertThat(line.host.datagrams).containsExactly(data);
  }

  @Test
  void tooManyHolesRefuseThePacket() {
    byte[] whole = pattern(4096);
    for (int from = 0; from < 2048; from += 16) {
      line.give(part4(1, whole, from, from + 8, true));
    }
    assertThat(line.counters.dropped(Drop.FRAGMENT_LIMIT)).isEqualTo(1);
    assertThat(held()).isZero();
  }

  @Test
  void closingForgetsWhatIsIncomplete() {
    line.give(part4(1, datagram(false, pattern(200)), 0, 104, true));
    line.shard.close();
    assertThat(held()).isZero();
  }
}
