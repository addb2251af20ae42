package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TcpOptionsTest {

  private final TcpOptions options = new TcpOptions();

  private boolean parse(int... bytes) {
    ByteBuf buf = Unpooled.buffer();
    buf.writeByte(0xEE);
    for (int b : bytes) {
      buf.writeByte(b);
    }
    buf.writeByte(0xEE);
    return options.parse(buf, 1, 1 + bytes.length);
  }

  @Test
  void readsWhatLinuxPutsOnItsSyn() {
    boolean whole =
        parse(
            2, 4, 0x05, 0xB4, 4, 2, 8, 10, 0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x02, 0x03, 0x04, 1, 3, 3,
            7);
    assertThat(whole).isTrue();
    assertThat(options.mss()).isEqualTo(1460);
    assertThat(options.sackPermitted()).isTrue();
    assertThat(options.hasTimestamps()).isTrue();
    assertThat(options.tsVal()).isEqualTo(0xDEAD_BEEF);
    assertThat(options.tsEcr()).isEqualTo(0x0102_0304);
    assertThat(options.windowScale()).isEqualTo(7);
    assertThat(options.sackCount()).isZero();
  }

  @Test
  void absentMeansAbsentEvenAfterAnotherSegment() {
    parse(2, 4, 5, 0xB4, 3, 3, 9, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(parse()).isTrue();
    assertThat(options.mss()).isEqualTo(-1);
    assertThat(options.windowScale()).isEqualTo(-1);
    assertThat(options.sackPermitted()).isFalse();
    assertThat(options.hasTimestamps()).isFalse();
    assertThat(options.sackCount()).isZero();
  }

  @Test
  void aLengthThatCannotBeEndsTheParsingAndKeepsWhatCameBefore() {
    int[][] endings = {
      {3, 0, 7}, {3, 1, 7}, {3}, {3, 4, 7}, {8, 10, 1, 2, 3, 4, 5, 6, 7}, {99, 255}
    };
    for (int[] ending : endings) {
      int[] bytes = new int[4 + ending.length];
      System.arraycopy(new int[] {2, 4, 0x12, 0x34}, 0, bytes, 0, 4);
      System.arraycopy(ending, 0, bytes, 4, ending.length);
      assertThat(parse(bytes)).as("ending %s", ending).isFalse();
      assertThat(options.mss()).isEqualTo(0x1234);
      assertThat(options.windowScale()).isEqualTo(-1);
      assertThat(options.hasTimestamps()).isFalse();
    }
  }

  @Test
  void aKnownKindOfTheWrongLengthIsSkipped() {
    assertThat(parse(2, 3, 9, 3, 4, 7, 7, 4, 3, 0, 8, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 3, 3, 5))
        .isTrue();
    assertThat(options.mss()).isEqualTo(-1);
    assertThat(options.sackPermitted()).isFalse();
    assertThat(options.hasTimestamps()).isFalse();
    assertThat(options.sackCount()).isZero();
    assertThat(options.windowScale()).isEqualTo(5);
  }

  @Test
  void nothingIsReadBehindTheEnd() {
    assertThat(parse(1, 0, 2, 4, 5, 0xB4)).isTrue();
    assertThat(options.mss()).isEqualTo(-1);
  }

  @Test
  void anMssOfZeroCountsAsAbsentAndAShiftAboveFourteenAsFourteen() {
    assertThat(parse(2, 4, 0, 0, 3, 3, 15)).isTrue();
    assertThat(options.mss()).isEqualTo(-1);
    assertThat(options.windowScale()).isEqualTo(14);
  }

  @Test
  void unknownKindsAreStepped() {
    assertThat(parse(254, 6, 1, 2, 3, 4, 34, 2, 3, 3, 6)).isTrue();
    assertThat(options.windowScale()).isEqualTo(6);
  }

  @Test
  void writtenOptionsAreReadBack() {
    ByteBuf buf = Unpooled.buffer(64).writerIndex(64);
    int at = TcpOptions.writeMss(buf, 2, 8960);
    at = TcpOptions.writeWindowScale(buf, at, 13);
    at = TcpOptions.writeSackPermitted(buf, at);
    at = TcpOptions.writeTimestamps(buf, at, 0x8001_0203, 0x1122_3344);
    assertThat(at).isEqualTo(2 + 24);
    assertThat(options.parse(buf, 2, at)).isTrue();
    assertThat(options.mss()).isEqualTo(8960);
    assertThat(options.windowScale()).isEqualTo(13);
    assertThat(options.sackPermitted()).isTrue();
    assertThat(options.tsVal()).isEqualTo(0x8001_0203);
    assertThat(options.tsEcr()).isEqualTo(0x1122_3344);
  }

  @Test
  void sackBlocksAreReadBack() {
    int[] edges = {0xFFFF_FF00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x8000_0000, 0x8000_0001};
    ByteBuf buf = Unpooled.buffer(64).writerIndex(64);
    for (int blocks = 1; blocks <= 4; blocks++) {
      int at = TcpOptions.writeSack(buf, 0, edges, blocks);
      assertThat(at).isEqualTo(4 + 8 * blocks);
      assertThat(options.parse(buf, 0, at)).isTrue();
      assertThat(options.sackCount()).isEqualTo(blocks);
      for (int i = 0; i < blocks; i++) {
        assertThat(options.sackLeft(i)).isEqualTo(edges[2 * i]);
        assertThat(options.sackRight(i)).isEqualTo(edges[2 * i + 1]);
      }
    }
  }

  @Test
  void anyBytesAreParsedWithoutReadingBeyondThem() {
    Random random = new Random(2018);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[random.nextInt(41)];
      random.nextBytes(bytes);
      for (int j = 0; j < bytes.length; j++) {
        if (random.nextInt(3) > 0) {
          bytes[j] = (byte) random.nextInt(11);
        }
      }
      ByteBuf exact = Unpooled.wrappedBuffer(bytes);
      options.parse(exact, 0, bytes.length);
      assertThat(options.sackCount()).isBetween(0, 4);
      assertThat(options.windowScale()).isBetween(-1, 14);
      assertThat(options.mss()).isBetween(-1, 65_535).isNotZero();
    }
  }
}
