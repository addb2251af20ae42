package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

class Ipv4HeaderTest {

  /** Version 4, header of 24 bytes, more fragments, offset 0x123 * 8. */
  private static final String WITH_OPTIONS =
      "46 b9 1234 abcd 2123 3f 11 5566 0a000264 c0a80703 94040000";

  @Test
  void everyFieldIsRead() {
    ByteBuf frame = Golden.packet(WITH_OPTIONS);
    assertThat(Ipv4Header.fits(frame, AT, AT + 20)).isTrue();
    assertThat(Ipv4Header.fits(frame, AT, AT + 19)).isFalse();
    assertThat(Ipv4Header.version(frame, AT)).isEqualTo(4);
    assertThat(Ipv4Header.headerLength(frame, AT)).isEqualTo(24);
    assertThat(Ipv4Header.trafficClass(frame, AT)).isEqualTo(0xB9);
    assertThat(Ipv4Header.totalLength(frame, AT)).isEqualTo(0x1234);
    assertThat(Ipv4Header.id(frame, AT)).isEqualTo(0xABCD);
    assertThat(Ipv4Header.flagsAndOffset(frame, AT)).isEqualTo(0x2123);
    assertThat(Ipv4Header.moreFragments(frame, AT)).isTrue();
    assertThat(Ipv4Header.dontFragment(frame, AT)).isFalse();
    assertThat(Ipv4Header.fragmentOffset(frame, AT)).isEqualTo(0x918);
    assertThat(Ipv4Header.isFragment(frame, AT)).isTrue();
    assertThat(Ipv4Header.timeToLive(frame, AT)).isEqualTo(0x3F);
    assertThat(Ipv4Header.protocol(frame, AT)).isEqualTo(17);
    assertThat(Ipv4Header.checksum(frame, AT)).isEqualTo(0x5566);
    assertThat(Ipv4Header.source(frame, AT)).isEqualTo(0x0A00_0264);
    assertThat(Ipv4Header.destination(frame, AT)).isEqualTo(0xC0A8_0703);
  }

  @Test
  void dontFragmentAloneIsNoFragment() {
    ByteBuf frame = Golden.packet("45 00 0014 0001 4000 40 06 0000 0a000264 0a000202");
    assertThat(Ipv4Header.isFragment(frame, AT)).isFalse();
    assertThat(Ipv4Header.dontFragment(frame, AT)).isTrue();
    frame.setShort(AT + 6, 0x0001);
    assertThat(Ipv4Header.isFragment(frame, AT)).isTrue();
    assertThat(Ipv4Header.moreFragments(frame, AT)).isFalse();
    assertThat(Ipv4Header.fragmentOffset(frame, AT)).isEqualTo(8);
    frame.setShort(AT + 6, 0x1FFF);
    assertThat(Ipv4Header.fragmentOffset(frame, AT)).isEqualTo(65_528);
  }

  @Test
  void aWrittenHeaderCarriesAGoodChecksum() {
    ByteBuf frame = Golden.room(20);
    Ipv4Header.set(frame, AT, 0xB9, 0xF234, 0xABCD, 0x4000, 0x7F, 6, 0xFAFB_FCFD, 0xC0A8_0703);
    assertThat(Golden.hex(frame))
        .startsWith(Golden.hex("45 b9 f234 abcd 4000 7f 06"))
        .endsWith("fafbfcfdc0a80703");
    assertThat(Checksum.ipv4Header(frame, AT, 20)).isZero();
    assertThat(Ipv4Header.checksum(frame, AT)).isNotZero();
  }

  @Test
  void theChecksumOfAKnownPacket() {
    // A header whose checksum two other implementations agree on.
    ByteBuf frame = Golden.packet("45 00 0073 0000 4000 40 11 b861 c0a80001 c0a800c7");
    assertThat(Checksum.ipv4Header(frame, AT, 20)).isZero();
    Ipv4Header.set(frame, AT, 0, 0x73, 0, 0x4000, 0x40, 17, 0xC0A8_0001, 0xC0A8_00C7);
    assertThat(Ipv4Header.checksum(frame, AT)).isEqualTo(0xB861);
  }

  @Test
  void refittingMendsTheChecksum() {
    ByteBuf frame = Golden.packet(WITH_OPTIONS);
    Ipv4Header.refit(frame, AT, 0x0987, 0x6543, 0x2001);
    assertThat(Ipv4Header.totalLength(frame, AT)).isEqualTo(0x0987);
    assertThat(Ipv4Header.id(frame, AT)).isEqualTo(0x6543);
    assertThat(Ipv4Header.flagsAndOffset(frame, AT)).isEqualTo(0x2001);
    assertThat(Checksum.ipv4Header(frame, AT, 24)).isZero();
    assertThat(Ipv4Header.source(frame, AT)).isEqualTo(0x0A00_0264);
  }
}
