package io.slipway.pipeline;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.arp;
import static io.slipway.pipeline.GuestFrames.bytes;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.join;
import static io.slipway.pipeline.GuestFrames.mendIpv4;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.tcp;
import static io.slipway.pipeline.GuestFrames.udp;
import static io.slipway.pipeline.GuestFrames.virtio;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.egress.Offload;
import io.slipway.egress.SentFrame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Good frames with a few bytes changed, cut or repeated: the line never throws, never loses a
 * buffer, counts every frame somewhere, and never sends a wrong packet in answer.
 */
class MutatedFramesTest {

  private static final int ROUNDS = 5_000;
  private static final Offload EVERYTHING = new Offload(true, true, true, true, true);

  private static List<byte[]> goodFrames() {
    List<byte[]> frames = new ArrayList<>();
    frames.add(ethernet(-1, GUEST_MAC, 0x0806, arp(1, GUEST_MAC, GUEST4, 0, "10.0.2.2")));
    frames.add(frame(ipv4(GUEST4, REMOTE4, 17, udp(GUEST4, 4000, REMOTE4, 53, pattern(40)))));
    frames.add(frame(ipv6(GUEST6, REMOTE6, 17, udp(GUEST6, 4000, REMOTE6, 53, pattern(40)))));
    byte[] syn = tcp(GUEST4, 4000, REMOTE4, 80, 7, 2, pattern(0));
    frames.add(frame(ipv4(GUEST4, REMOTE4, 6, 1, 0x4000, bytes(1, 1, 1, 0), syn)));
    frames.add(frame(ipv6(GUEST6, REMOTE6, 6, tcp(GUEST6, 1, REMOTE6, 2, 7, 16, pattern(9)))));
    byte[] echo = icmp(GUEST4, "10.0.2.2", 8, 0, 1, pattern(30));
    frames.add(frame(ipv4(GUEST4, "10.0.2.2", 1, echo)));
    frames.add(frame(ipv6(GUEST6, "fd00::2", 58, icmp(GUEST6, "fd00::2", 128, 0, 1, pattern(9)))));
    byte[] quoted = ipv4(REMOTE4, GUEST4, 17, udp(REMOTE4, 53, GUEST4, 4000, pattern(9)));
    frames.add(frame(ipv4(GUEST4, REMOTE4, 1, icmp(GUEST4, REMOTE4, 3, 3, 0, quoted))));
    byte[] target = join(address6(2), bytes(1, 1, 0x0A, 0x11, 0x22, 0x33, 0x44, 0x55));
    byte[] solicitation = icmp("fe80::1", "ff02::1:ff00:2", 135, 0, 0, target);
    frames.add(frame(ipv6("fe80::1", "ff02::1:ff00:2", 58, 255, solicitation)));
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(100));
    byte[] first = Arrays.copyOf(datagram, 56);
    byte[] rest = Arrays.copyOfRange(datagram, 56, 108);
    frames.add(frame(ipv4(GUEST4, REMOTE4, 17, 5, 0x2000, new byte[0], first)));
    frames.add(frame(ipv4(GUEST4, REMOTE4, 17, 5, 7, new byte[0], rest)));
    byte[] six = udp(GUEST6, 4000, REMOTE6, 53, pattern(100));
    byte[] firstSix = fragment6(17, 0, true, 5, Arrays.copyOf(six, 56));
    byte[] restSix = fragment6(17, 56, false, 5, Arrays.copyOfRange(six, 56, 108));
    frames.add(frame(ipv6(GUEST6, REMOTE6, 44, firstSix)));
    frames.add(frame(ipv6(GUEST6, REMOTE6, 44, restSix)));
    byte[] options = bytes(17, 0, 1, 4, 0, 0, 0, 0);
    frames.add(frame(ipv6(GUEST6, REMOTE6, 60, join(options, six))));
    frames.add(frame(ipv4(GUEST4, REMOTE4, 132, pattern(30))));
    return frames;
  }

  private static byte[] address6(int last) {
    return bytes(0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last);
  }

  private static byte[] mutate(byte[] good, Random random) {
    byte[] frame = good.clone();
    int changes = random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      // Headers are at the start; that is where a wrong byte hurts.
      int at = Math.min(frame.length - 1, random.nextInt(random.nextBoolean() ? 64 : 160));
      frame[at] =
          switch (random.nextInt(3)) {
            case 0 -> (byte) random.nextInt();
            case 1 -> (byte) (frame[at] ^ 1 << random.nextInt(8));
            default -> (byte) (random.nextBoolean() ? 0 : 0xFF);
          };
    }
    // Without its own checksum mended most of an IPv4 header would never be looked at.
    if (frame.length > 34 && frame[12] == 8 && frame[13] == 0 && random.nextInt(4) > 0) {
      byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
      if ((packet[0] & 15) * 4 <= packet.length) {
        System.arraycopy(mendIpv4(packet), 0, frame, 14, packet.length);
      }
    }
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      case 1 -> Arrays.copyOf(frame, frame.length + random.nextInt(40));
      default -> frame;
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void plainFrames(long seed) {
    run(Offload.NONE, seed);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void framesThatTheVirtioHeaderVouchesFor(long seed) {
    run(EVERYTHING, seed);
  }

  private static void run(Offload offload, long seed) {
    Random random = new Random(seed);
    List<byte[]> good = goodFrames();
    try (Line line = new Line(offload, true)) {
      for (int i = 0; i < ROUNDS; i++) {
        byte[] frame = mutate(good.get(random.nextInt(good.size())), random);
        long before = line.counts();
        line.give(offload.virtioHeader() ? wrap(frame, random) : frame);
        assertThat(line.counts()).as("round %d of seed %d", i, seed).isGreaterThan(before);
        for (SentFrame answer : line.sent.take()) {
          check(answer, offload);
        }
        if (i % 100 == 0) {
          line.pass(random.nextInt(1_000_000_000));
        }
      }
      assertThat(line.host.datagrams).isNotEmpty();
      assertThat(line.shard.reassembler().heldBytes()).isLessThanOrEqualTo(2 << 20);
    }
  }

  private static void check(SentFrame answer, Offload offload) {
    if (answer.etherType() == 0x0806) {
      assertThat(answer.length()).isEqualTo(42);
    } else if (offload.checksum() && (answer.virtioFlags() & 1) != 0) {
      answer.checkPartial();
    } else {
      answer.checkComplete();
    }
  }

  private static byte[] wrap(byte[] frame, Random random) {
    boolean odd = random.nextInt(10) == 0;
    int flags = odd ? random.nextInt() : random.nextInt(3);
    int gso = odd ? random.nextInt() : random.nextInt(6);
    return virtio(flags, gso, random.nextInt(60), random.nextInt(80), random.nextInt(20), frame);
  }
}
