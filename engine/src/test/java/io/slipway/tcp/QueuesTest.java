package io.slipway.tcp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.slipway.wire.Gather;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Send queue and reassembler against the plainest model there is: a byte array. */
final class QueuesTest {
  private static final PooledByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

  @Test
  void sendQueueIsTheBytesInOrder() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      SendQueue queue = new SendQueue();
      ByteArrayOutputStream model = new ByteArrayOutputStream();
      int dropped = 0;
      for (int step = 0; step < 300; step++) {
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            byte[] data = new byte[random.nextInt(random.nextBoolean() ? 50 : 3000)];
            random.nextBytes(data);
            model.writeBytes(data);
            ByteBuf buffer = ALLOCATOR.directBuffer(data.length + random.nextInt(3000) + 1);
            queue.add(buffer.writeBytes(data));
          }
          case 2 -> {
            int drop = random.nextInt(queue.bytes() + 1);
            queue.drop(drop);
            dropped += drop;
          }
          default -> {
            int from = random.nextInt(queue.bytes() + 1);
            int length = random.nextInt(queue.bytes() - from + 1);
            Gather out = new Gather();
            if (length > 0) {
              queue.gather(from, length, out);
            }
            byte[] all = model.toByteArray();
            assertThat(bytes(out))
                .as("seed " + seed)
                .isEqualTo(Arrays.copyOfRange(all, dropped + from, dropped + from + length));
          }
        }
        assertThat(queue.bytes()).isEqualTo(model.size() - dropped);
        assertThat(queue.held()).isGreaterThanOrEqualTo(queue.bytes() > 0 ? 1 : 0);
      }
      queue.release();
      assertThat(queue.held()).isZero();
    }
  }

  @Test
  void reassemblerRestoresAnyOrderWithOverlaps() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      byte[] stream = new byte[1 + random.nextInt(5000)];
      random.nextBytes(stream);
      int isn = random.nextInt();
      ByteBuf source = Unpooled.wrappedBuffer(stream);
      Reassembler reassembler = new Reassembler();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      while (out.size() < stream.length) {
        int from = out.size() + random.nextInt(stream.length - out.size());
        int length = 1 + random.nextInt(Math.min(700, stream.length - from));
        reassembler.insert(isn + from, source, from, length, ALLOCATOR);
        int rcvNxt = isn + out.size();
        while (reassembler.ready(rcvNxt) >= 0) {
          ByteBuf piece = reassembler.first();
          int skip = rcvNxt - reassembler.firstStart();
          byte[] taken = new byte[piece.readableBytes() - skip];
          piece.getBytes(piece.readerIndex() + skip, taken);
          out.writeBytes(taken);
          rcvNxt += taken.length;
          reassembler.removeFirst();
        }
      }
      assertThat(out.toByteArray()).as("seed " + seed).isEqualTo(stream);
      assertThat(reassembler.bytes()).isZero();
      reassembler.release();
    }
  }

  @Test
  void reassemblerKeepsAWindowOfWhichSegmentsAreMissing() {
    int mss = 1448;
    int segments = 4 * 1024 * 1024 / mss;
    byte[] stream = new byte[segments * mss];
    new Random(5).nextBytes(stream);
    ByteBuf source = Unpooled.wrappedBuffer(stream);
    Random loss = new Random(6);
    Reassembler reassembler = new Reassembler();
    boolean[] lost = new boolean[segments];
    int early = 0;
    for (int i = 0; i < segments; i++) {
      lost[i] = i == 0 || loss.nextInt(10) == 0;
      if (!lost[i]) {
        early += mss;
        assertThat(reassembler.insert(i * mss, source, i * mss, mss, ALLOCATOR)).isTrue();
      }
    }
    assertThat(reassembler.bytes()).isBetween(early, 5 * early / 2);
    for (int i = segments - 1; i >= 0; i--) {
      if (lost[i]) {
        assertThat(reassembler.insert(i * mss, source, i * mss, mss, ALLOCATOR)).isTrue();
      }
    }
    int rcvNxt = 0;
    while (reassembler.ready(rcvNxt) >= 0) {
      ByteBuf piece = reassembler.first();
      assertThat(piece).isEqualTo(source.slice(rcvNxt, piece.readableBytes()));
      rcvNxt += piece.readableBytes();
      reassembler.removeFirst();
    }
    assertThat(rcvNxt).isEqualTo(stream.length);
  }

  /** Each segment says where it begins, and a letter for each of its bytes. */
  @ParameterizedTest
  @CsvSource({
    "2aaaa 4bbbb,       aaaabb",
    "4aaaa 2bbbb,       bbbbaa",
    "2aaaa 2bbbb,       aaaa",
    "2aaaa 3bb,         aaaa",
    "2aa 2bbbb,         bbbb",
    "3aa 2bbbb,         bbbb",
    "4aa 2bbbb,         bbbb",
    "2aa 6bb 3cccc,     aacccb",
    "2aa 6bb 2cccccc,   cccccc",
    "3aa 6bb 9dd 2cccccccc, ccccccccd",
    "2aa 4bb 3cccc,     aabbc",
  })
  void reassemblerPrefersTheSegmentThatBeganEarlier(String segments, String kept) {
    Reassembler reassembler = new Reassembler();
    for (String segment : segments.split(" ", -1)) {
      ByteBuf text = Unpooled.copiedBuffer(segment.substring(1), US_ASCII);
      reassembler.insert(segment.charAt(0) - '0', text, 0, text.readableBytes(), ALLOCATOR);
    }
    StringBuilder got = new StringBuilder();
    while (reassembler.ready(2 + got.length()) >= 0) {
      got.append(reassembler.first().toString(US_ASCII));
      reassembler.removeFirst();
    }
    assertThat(got).hasToString(kept);
    assertThat(reassembler.bytes()).isZero();
  }

  @Test
  void reassemblerReportsTheStretchesThatGrewLast() {
    Reassembler reassembler = new Reassembler();
    ByteBuf text = Unpooled.wrappedBuffer(new byte[10]);
    for (int seq : new int[] {900, 700, 500, 300, 100, 710, 100}) {
      reassembler.insert(seq, text, 0, 10, ALLOCATOR);
    }
    int[] edges = new int[8];
    assertThat(reassembler.blocks(edges, 1)).isEqualTo(4);
    assertThat(edges).containsExactly(0, 0, 100, 110, 700, 720, 300, 310);
    reassembler.removeFirst();
    assertThat(reassembler.blocks(edges, 0)).isEqualTo(4);
    assertThat(edges).containsExactly(700, 720, 300, 310, 500, 510, 900, 910);
    reassembler.release();
  }

  @Test
  void reassemblerRefusesThousandsOfCrumbs() {
    Reassembler reassembler = new Reassembler();
    ByteBuf crumb = Unpooled.wrappedBuffer(new byte[] {1});
    int kept = 0;
    for (int i = 0; i < 2000; i++) {
      if (reassembler.insert(2 * i, crumb, 0, 1, ALLOCATOR)) {
        kept++;
      }
    }
    assertThat(kept).isEqualTo(Reassembler.MAX_PIECES);
    reassembler.release();
  }

  private static byte[] bytes(Gather gather) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < gather.count(); i++) {
      byte[] piece = new byte[gather.length(i)];
      gather.buffer(i).getBytes(gather.offset(i), piece);
      all.writeBytes(piece);
    }
    return all.toByteArray();
  }
}
