package io.slipway.pipeline;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.arp;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.join;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.tcp;
import static io.slipway.pipeline.GuestFrames.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteeringTest {
  private static final int SHARDS = 256;
  private static final int ACK = 0x10;
  private static final byte[] NONE = {};

  private final Steering steering = new Steering(SHARDS);

  private int of(byte[] frame) {
    return steering.ofFrame(Unpooled.wrappedBuffer(frame), 0);
  }

  private static byte[] segment(boolean v6, int from, int to, byte[] payload) {
    return v6
        ? frame(ipv6(GUEST6, REMOTE6, 6, tcp(GUEST6, from, REMOTE6, to, 1, ACK, payload)))
        : frame(ipv4(GUEST4, REMOTE4, 6, tcp(GUEST4, from, REMOTE4, to, 1, ACK, payload)));
  }

  private static byte[] datagram(boolean v6, String remote, int from, int to) {
    return v6
        ? frame(ipv6(GUEST6, remote, 17, udp(GUEST6, from, remote, to, NONE)))
        : frame(ipv4(GUEST4, remote, 17, udp(GUEST4, from, remote, to, NONE)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aConnectionIsOfOneShardAndConnectionsAreOfAll(boolean v6) {
    int one = of(segment(v6, 40_000, 443, NONE));
    assertThat(of(segment(v6, 40_000, 443, pattern(1000)))).isEqualTo(one);
    for (int shards = 2; shards <= 5; shards++) {
      Steering few = new Steering(shards);
      int[] got = new int[shards];
      for (int port = 32_768; port < 36_768; port++) {
        byte[] frame = segment(v6, port, 443, NONE);
        got[few.ofFrame(Unpooled.wrappedBuffer(frame), 0)]++;
      }
      assertThat(Arrays.stream(got).min().orElse(0)).isGreaterThan(4000 / shards * 9 / 10);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void datagramsOfAnEndpointStayTogetherWhoeverTheyAreFor(boolean v6) {
    int one = of(datagram(v6, v6 ? REMOTE6 : REMOTE4, 5000, 53));
    assertThat(of(datagram(v6, v6 ? "2001:db8::99" : "192.0.2.99", 5000, 123))).isEqualTo(one);
    long different =
        IntStream.range(5000, 5100)
            .map(port -> of(datagram(v6, v6 ? REMOTE6 : REMOTE4, port, 53)))
            .distinct()
            .count();
    assertThat(different).isGreaterThan(50);
  }

  @Test
  void fragmentsStayTogetherWhateverIsInThem() {
    byte[] bytes = udp(GUEST4, 5000, REMOTE4, 53, pattern(100));
    byte[] first = Arrays.copyOf(bytes, 64);
    byte[] second = Arrays.copyOfRange(bytes, 64, bytes.length);
    int four = of(frame(ipv4(GUEST4, REMOTE4, 17, 1, 0x2000, NONE, first)));
    assertThat(of(frame(ipv4(GUEST4, REMOTE4, 17, 1, 8, NONE, second)))).isEqualTo(four);
    int six = of(frame(ipv6(GUEST6, REMOTE6, 44, fragment6(17, 0, true, 1, first))));
    assertThat(of(frame(ipv6(GUEST6, REMOTE6, 44, fragment6(17, 64, false, 1, second)))))
        .isEqualTo(six);
    assertThat(four).isNotNegative();
    assertThat(six).isNotNegative();
  }

  @Test
  void headersBeforeTheTransportHeaderDoNotMatter() {
    byte[] four = tcp(GUEST4, 40_000, REMOTE4, 443, 1, ACK, NONE);
    byte[] options = {1, 1, 1, 1};
    assertThat(of(frame(ipv4(GUEST4, REMOTE4, 6, 1, 0, options, four))))
        .isEqualTo(of(segment(false, 40_000, 443, NONE)));
    byte[] six = tcp(GUEST6, 40_000, REMOTE6, 443, 1, ACK, NONE);
    int expected = of(segment(true, 40_000, 443, NONE));
    byte[] destinationOptions = {6, 0, 1, 4, 0, 0, 0, 0};
    assertThat(of(frame(ipv6(GUEST6, REMOTE6, 60, join(destinationOptions, six)))))
        .isEqualTo(expected);
    // RFC 6946: a fragment that is all of its packet.
    assertThat(of(frame(ipv6(GUEST6, REMOTE6, 44, fragment6(6, 0, false, 1, six)))))
        .isEqualTo(expected);
  }

  @Test
  void anErrorGoesWhereTheConnectionIsThatItQuotes() {
    byte[] ours4 = ipv4(REMOTE4, GUEST4, 6, tcp(REMOTE4, 443, GUEST4, 40_000, 1, ACK, NONE));
    byte[] tooBig4 = icmp(GUEST4, REMOTE4, 3, 4, 1400, ours4);
    assertThat(of(frame(ipv4(GUEST4, REMOTE4, 1, tooBig4))))
        .isEqualTo(of(segment(false, 40_000, 443, NONE)));
    byte[] ours6 = ipv6(REMOTE6, GUEST6, 6, tcp(REMOTE6, 443, GUEST6, 40_000, 1, ACK, NONE));
    byte[] tooBig6 = icmp(GUEST6, REMOTE6, 2, 0, 1400, ours6);
    assertThat(of(frame(ipv6(GUEST6, REMOTE6, 58, tooBig6))))
        .isEqualTo(of(segment(true, 40_000, 443, NONE)));
  }

  @Test
  void whatNobodyKeepsStateAboutMayStayAnywhere() {
    byte[] echo4 = icmp(GUEST4, "10.0.2.2", 8, 0, 1, pattern(8));
    assertThat(of(frame(ipv4(GUEST4, "10.0.2.2", 1, echo4)))).isEqualTo(Steering.ANY);
    byte[] echo6 = icmp(GUEST6, "fd00::2", 128, 0, 1, pattern(8));
    assertThat(of(frame(ipv6(GUEST6, "fd00::2", 58, echo6)))).isEqualTo(Steering.ANY);
    assertThat(of(frame(ipv4(GUEST4, REMOTE4, 132, pattern(20))))).isEqualTo(Steering.ANY);
    byte[] who = arp(1, 2, GUEST4, 0, "10.0.2.2");
    assertThat(of(ethernet(1, 2, 0x0806, who))).isEqualTo(Steering.ANY);
    byte[] oursUdp = ipv4(REMOTE4, GUEST4, 17, udp(REMOTE4, 53, GUEST4, 5000, NONE));
    assertThat(of(frame(ipv4(GUEST4, REMOTE4, 1, icmp(GUEST4, REMOTE4, 3, 3, 0, oursUdp)))))
        .isEqualTo(Steering.ANY);
  }

  /** Whatever it says: it is sorted, or left where it is, and nothing behind its end is read. */
  @Test
  void everyBeginningOfAFrameIsSorted() {
    byte[] ours6 = ipv6(REMOTE6, GUEST6, 6, tcp(REMOTE6, 443, GUEST6, 40_000, 1, ACK, NONE));
    byte[][] frames = {
      segment(false, 1, 2, NONE),
      segment(true, 1, 2, NONE),
      datagram(false, REMOTE4, 1, 2),
      datagram(true, REMOTE6, 1, 2),
      frame(ipv6(GUEST6, REMOTE6, 58, icmp(GUEST6, REMOTE6, 2, 0, 1400, ours6))),
      frame(ipv6(GUEST6, REMOTE6, 44, fragment6(6, 0, false, 1, pattern(20)))),
    };
    for (byte[] whole : frames) {
      for (int length = 0; length < whole.length; length++) {
        int shard = of(Arrays.copyOf(whole, length));
        assertThat(shard).isBetween(Steering.ANY, SHARDS - 1);
      }
      for (int at = 12; at < whole.length; at++) {
        for (int value : new int[] {0, 0x0F, 0x4F, 0xFF}) {
          byte[] bent = whole.clone();
          bent[at] = (byte) value;
          assertThat(of(bent)).isBetween(Steering.ANY, SHARDS - 1);
        }
      }
    }
  }
}
