package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ipv6HeaderTest {

  private static final String ADDRESSES =
      "fd00112233445566 778899aabbccddee 20010db801020304 05060708090a0b0c";

  private static ByteBuf packet(int next, String payload) {
    return Golden.packet(
        String.format("6 b9 fedcb %04x %02x 3f", Golden.hex(payload).length() / 2, next)
            + ADDRESSES
            + payload);
  }

  @Test
  void everyFieldIsRead() {
    ByteBuf frame = packet(17, "01020304");
    assertThat(Ipv6Header.fits(frame, AT, AT + 40)).isTrue();
    assertThat(Ipv6Header.fits(frame, AT, AT + 39)).isFalse();
    assertThat(Ipv6Header.version(frame, AT)).isEqualTo(6);
    assertThat(Ipv6Header.trafficClass(frame, AT)).isEqualTo(0xB9);
    assertThat(Ipv6Header.flowLabel(frame, AT)).isEqualTo(0xF_EDCB);
    assertThat(Ipv6Header.payloadLength(frame, AT)).isEqualTo(4);
    assertThat(Ipv6Header.nextHeader(frame, AT)).isEqualTo(17);
    assertThat(Ipv6Header.hopLimit(frame, AT)).isEqualTo(0x3F);
    assertThat(Ipv6Header.sourceHigh(frame, AT)).isEqualTo(0xFD00_1122_3344_5566L);
    assertThat(Ipv6Header.sourceLow(frame, AT)).isEqualTo(0x7788_99AA_BBCC_DDEEL);
    assertThat(Ipv6Header.destinationHigh(frame, AT)).isEqualTo(0x2001_0DB8_0102_0304L);
    assertThat(Ipv6Header.destinationLow(frame, AT)).isEqualTo(0x0506_0708_090A_0B0CL);
  }

  @Test
  void everyFieldIsWritten() {
    ByteBuf frame = Golden.room(40);
    Ipv6Header.set(frame, AT, 0xB9, 0xF234, 58, 0xFF);
    Ipv6Header.setAddresses(
        frame,
        AT,
        0xFD00_1122_3344_5566L,
        0x7788_99AA_BBCC_DDEEL,
        0x2001_0DB8_0102_0304L,
        0x0506_0708_090A_0B0CL);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("6b900000 f234 3a ff" + ADDRESSES));
    Ipv6Header.setPayloadLength(frame, AT, 0x0102);
    assertThat(Ipv6Header.payloadLength(frame, AT)).isEqualTo(0x0102);
  }

  @Test
  void theFragmentHeader() {
    ByteBuf frame = Golden.room(8);
    Ipv6Header.setFragment(frame, AT, 17, 0x1238, true, 0xDEAD_BEEF);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("11 00 1239 deadbeef"));
    assertThat(Ipv6Header.fragmentNextHeader(frame, AT)).isEqualTo(17);
    assertThat(Ipv6Header.fragmentOffset(frame, AT)).isEqualTo(0x1238);
    assertThat(Ipv6Header.moreFragments(frame, AT)).isTrue();
    assertThat(Ipv6Header.fragmentId(frame, AT)).isEqualTo(0xDEAD_BEEF);
    Ipv6Header.setFragment(frame, AT, 6, 65_528, false, 1);
    assertThat(Ipv6Header.fragmentOffset(frame, AT)).isEqualTo(65_528);
    assertThat(Ipv6Header.moreFragments(frame, AT)).isFalse();
  }

  /**
   * First next-header value, what follows, then what the walk should say, relative to the start.
   */
  @ParameterizedTest
  @CsvSource({
    "6, 01020304, 6, 40, 6",
    "59, '', 59, 40, 6",
    "50, '', 50, 40, 6",
    "0, 1100010400000000, 17, 48, 40",
    "0, 0601010c000000000000000000000000, 6, 56, 40",
    "43, 3a00000000000000, 58, 48, 40",
    "60, 2b00010400000000 0600020000000000, 6, 56, 48",
    "0, 2b00010400000000 2c00020000000000 1100000100000001, 44, 56, 48",
    "44, 1100000100000001, 44, 40, 6",
  })
  void theWalkEndsAtTheTransport(int next, String payload, int protocol, int at, int nameAt) {
    ByteBuf frame = packet(next, payload);
    long walked = Ipv6Header.walk(frame, AT, frame.writerIndex());
    assertThat(walked).isNotNegative();
    assertThat(Ipv6Header.protocol(walked)).isEqualTo(protocol);
    assertThat(Ipv6Header.transportAt(walked)).isEqualTo(AT + at);
    assertThat(Ipv6Header.nextHeaderAt(walked)).isEqualTo(AT + nameAt);
  }

  @ParameterizedTest
  @CsvSource({
    "0, '', -1",
    "0, 11000104000000, -1",
    "0, 1101010400000000, -1",
    "60, 11ff010400000000, -1",
    "44, 11000001000000, -1",
    "60, 0000010400000000 0600010400000000, -3",
    "43, 0600000100000000, -4",
  })
  void theWalkRefuses(int next, String payload, long result) {
    ByteBuf frame = packet(next, payload);
    assertThat(Ipv6Header.walk(frame, AT, frame.writerIndex())).isEqualTo(result);
  }

  @Test
  void theWalkHasAnEnd() {
    ByteBuf frame = packet(60, "3c00010400000000".repeat(127) + "0600010400000000");
    long walked = Ipv6Header.walk(frame, AT, frame.writerIndex());
    assertThat(Ipv6Header.protocol(walked)).isEqualTo(6);
    assertThat(Ipv6Header.transportAt(walked)).isEqualTo(frame.writerIndex());
    ByteBuf longer = packet(60, "3c00010400000000".repeat(128) + "0600010400000000");
    assertThat(Ipv6Header.walk(longer, AT, longer.writerIndex())).isEqualTo(Ipv6Header.TOO_MANY);
  }

  @Test
  void theWalkGoesOnBehindAFragmentHeader() {
    ByteBuf frame = packet(44, "3c00000100000001 1100010400000000 00350036");
    long walked = Ipv6Header.walkAfterFragment(frame, AT + 40, frame.writerIndex());
    assertThat(Ipv6Header.protocol(walked)).isEqualTo(17);
    assertThat(Ipv6Header.transportAt(walked)).isEqualTo(AT + 56);
    assertThat(Ipv6Header.nextHeaderAt(walked)).isEqualTo(AT + 48);
    ByteBuf misplaced = packet(44, "0000000000000001 1100010400000000");
    assertThat(Ipv6Header.walkAfterFragment(misplaced, AT + 40, misplaced.writerIndex()))
        .isEqualTo(Ipv6Header.MISPLACED);
  }

  @Test
  void anyBytesAreWalkedWithoutReadingBeyondThem() {
    Random random = new Random(8200);
    int[] known = {0, 43, 44, 59, 60, 6, 17, 58};
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[40 + random.nextInt(80)];
      random.nextBytes(bytes);
      for (int j = 6; j < bytes.length; j++) {
        if (random.nextInt(3) > 0) {
          bytes[j] = (byte) known[random.nextInt(known.length)];
        }
      }
      ByteBuf exact = Unpooled.wrappedBuffer(bytes);
      long walked = Ipv6Header.walk(exact, 0, bytes.length);
      if (walked >= 0) {
        assertThat(Ipv6Header.transportAt(walked)).isBetween(40, bytes.length);
      } else {
        assertThat(walked).isBetween(-4L, -1L);
      }
    }
  }
}
