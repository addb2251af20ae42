package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChecksumTest {

  private final Random random = new Random(1071);

  /** RFC 1071 §1, byte by byte. */
  private static int naive(byte[] bytes, int at, int length) {
    long sum = 0;
    for (int i = 0; i < length; i++) {
      sum += (bytes[at + i] & 0xFF) << ((i & 1) == 0 ? 8 : 0);
    }
    while (sum > 0xFFFF) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return (int) sum;
  }

  private ByteBuf fill(ByteBuf buf, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return buf.writeBytes(bytes);
  }

  private List<ByteBuf> oneOfEachKind(int size) {
    List<ByteBuf> kinds = new ArrayList<>();
    kinds.add(fill(Unpooled.buffer(size), size));
    kinds.add(fill(Unpooled.directBuffer(size), size));
    kinds.add(fill(PooledByteBufAllocator.DEFAULT.directBuffer(size), size));
    kinds.add(fill(PooledByteBufAllocator.DEFAULT.heapBuffer(size), size));
    kinds.add(fill(new AdaptiveByteBufAllocator().directBuffer(size), size));
    ByteBuf whole = fill(PooledByteBufAllocator.DEFAULT.directBuffer(size + 99), size + 99);
    kinds.add(whole.retainedSlice(3, size + 50).slice(4, size));
    whole.release();
    kinds.add(fill(Unpooled.buffer(size + 9), size + 9).slice(7, size).asReadOnly());
    CompositeByteBuf composite = Unpooled.compositeBuffer();
    for (int left = size; left > 0; ) {
      int part = Math.min(left, 1 + random.nextInt(70));
      composite.addComponent(true, fill(Unpooled.directBuffer(part), part));
      left -= part;
    }
    kinds.add(composite);
    return kinds;
  }

  @Test
  void agreesWithTheNaiveSumAtEveryAlignmentAndLength() {
    for (ByteBuf buf : oneOfEachKind(600)) {
      byte[] bytes = ByteBufUtil.getBytes(buf);
      for (int at = 0; at < 17; at++) {
        for (int length = 0; length <= 290; length++) {
          assertThat(Checksum.sum(buf, at, length))
              .as("%s at %d, %d bytes", buf.getClass().getSimpleName(), at, length)
              .isEqualTo(naive(bytes, at, length));
        }
      }
      buf.release();
    }
  }

  @Test
  void doesNotMoveTheBuffersIndices() {
    for (ByteBuf buf : oneOfEachKind(200)) {
      int reader = buf.readerIndex();
      int writer = buf.writerIndex();
      Checksum.sum(buf, 5, 190);
      assertThat(buf.readerIndex()).isEqualTo(reader);
      assertThat(buf.writerIndex()).isEqualTo(writer);
      buf.release();
    }
  }

  @Test
  void carriesAreNotLostInTheLargestFrameOfOnes() {
    ByteBuf buf = PooledByteBufAllocator.DEFAULT.directBuffer(65_600);
    for (int i = 0; i < 65_600; i++) {
      buf.writeByte(0xFF);
    }
    byte[] bytes = ByteBufUtil.getBytes(buf);
    for (int length : new int[] {65_535, 65_536, 65_549}) {
      assertThat(Checksum.sum(buf, 3, length)).isEqualTo(naive(bytes, 3, length));
    }
    buf.release();
  }

  @Test
  void theExampleOfTheRfc() {
    // RFC 1071 §3: the words 0001 f203 f4f5 f6f7 add up to ddf2.
    ByteBuf buf = Unpooled.wrappedBuffer(new byte[] {0, 1, -14, 3, -12, -11, -10, -9});
    assertThat(Checksum.sum(buf, 0, 8)).isEqualTo(0xDDF2);
    assertThat(Checksum.finish(Checksum.sum(buf, 0, 8))).isEqualTo(0x220D);
  }

  @Test
  void dataWithItsChecksumGivesZero() {
    for (int i = 0; i < 2_000; i++) {
      int size = 2 * (1 + random.nextInt(300));
      ByteBuf buf = fill(Unpooled.buffer(size), size);
      int field = 2 * random.nextInt(size / 2);
      buf.setShort(field, 0);
      buf.setShort(field, Checksum.finish(Checksum.sum(buf, 0, size)));
      assertThat(Checksum.finish(Checksum.sum(buf, 0, size))).isZero();
    }
  }

  @Test
  void piecesOfAnyLengthAddUpToTheWhole() {
    ByteBuf whole = fill(Unpooled.directBuffer(9_000), 9_000);
    byte[] bytes = ByteBufUtil.getBytes(whole);
    Gather pieces = new Gather();
    for (int round = 0; round < 200; round++) {
      pieces.clear();
      int from = random.nextInt(100);
      int at = from;
      while (at < 8_000) {
        int length = random.nextInt(700);
        pieces.add(whole, at, length);
        at += length;
      }
      assertThat(pieces.total()).isEqualTo(at - from);
      assertThat(Checksum.sum(pieces)).isEqualTo(naive(bytes, from, at - from));
    }
    whole.release();
  }

  @Test
  void addKeepsTheCarryAndFoldNeverExceedsSixteenBits() {
    assertThat(Checksum.add(-1L, 1L)).isEqualTo(1L);
    for (int i = 0; i < 10_000; i++) {
      long a = random.nextLong();
      long b = random.nextLong();
      int folded = Checksum.fold(Checksum.add(a, b));
      assertThat(folded).isBetween(0, 0xFFFF);
      // Ones' complement addition is addition modulo 0xFFFF.
      long expected = Long.remainderUnsigned(a, 0xFFFF) + Long.remainderUnsigned(b, 0xFFFF);
      assertThat(folded % 0xFFFF).isEqualTo((int) (expected % 0xFFFF));
    }
    assertThat(Checksum.fold(-1L)).isEqualTo(0xFFFF);
  }

  @Test
  void thePseudoHeaderEqualsItsWrittenForm() {
    for (int i = 0; i < 500; i++) {
      int protocol = random.nextInt(256);
      int length = random.nextInt(65_536);
      ByteBuf v4 = Unpooled.buffer(12);
      int source = random.nextInt();
      int destination = random.nextInt();
      v4.writeInt(source).writeInt(destination).writeByte(0).writeByte(protocol).writeShort(length);
      long sourceLow = IpAddress.mapV4(source);
      long destinationLow = IpAddress.mapV4(destination);
      assertThat(Checksum.fold(Checksum.pseudo(0, sourceLow, 0, destinationLow, protocol, length)))
          .isEqualTo(naive(v4.array(), 0, 12));
      ByteBuf v6 = Unpooled.buffer(40);
      long[] a = {random.nextLong() | 1L << 62, random.nextLong(), random.nextLong() | 1L << 62, 7};
      v6.writeLong(a[0]).writeLong(a[1]).writeLong(a[2]).writeLong(a[3]);
      v6.writeInt(length).writeInt(protocol);
      assertThat(Checksum.fold(Checksum.pseudo(a[0], a[1], a[2], a[3], protocol, length)))
          .isEqualTo(naive(v6.array(), 0, 40));
    }
  }

  @Test
  void udpSendsAllOnesForZero() {
    assertThat(Checksum.finish(0xFFFF)).isZero();
    assertThat(Checksum.finishUdp(0xFFFF)).isEqualTo(0xFFFF);
    assertThat(Checksum.finishUdp(0x1234)).isEqualTo(0xEDCB);
  }
}
