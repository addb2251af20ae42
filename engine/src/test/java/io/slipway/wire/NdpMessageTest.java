package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

class NdpMessageTest {

  private static final String TARGET = "fd00112233445566 778899aabbccddee";
  private static final String ADVERTISEMENT = "88 00 0000 e0000000" + TARGET + "02 01 021122334455";

  @Test
  void anAdvertisementIsWritten() {
    ByteBuf frame = Golden.room(32);
    int flags = NdpMessage.ROUTER | NdpMessage.SOLICITED | NdpMessage.OVERRIDE;
    NdpMessage.setAdvertisement(
        frame, AT, flags, 0xFD00_1122_3344_5566L, 0x7788_99AA_BBCC_DDEEL, 0x0211_2233_4455L);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex(ADVERTISEMENT));
    assertThat(NdpMessage.flags(frame, AT)).isEqualTo(flags);
  }

  @Test
  void aSolicitationIsWrittenAndRead() {
    ByteBuf frame = Golden.room(32);
    NdpMessage.setSolicitation(
        frame, AT, 0xFD00_1122_3344_5566L, 0x7788_99AA_BBCC_DDEEL, 0x0211_2233_4455L);
    assertThat(Golden.hex(frame))
        .isEqualTo(Golden.hex("87 00 0000 00000000" + TARGET + "01 01 021122334455"));
    assertThat(NdpMessage.targetHigh(frame, AT)).isEqualTo(0xFD00_1122_3344_5566L);
    assertThat(NdpMessage.targetLow(frame, AT)).isEqualTo(0x7788_99AA_BBCC_DDEEL);
    int end = AT + 32;
    assertThat(NdpMessage.fits(frame, AT, end, NdpMessage.NEIGHBOR_LENGTH)).isTrue();
    int options = AT + NdpMessage.NEIGHBOR_LENGTH;
    assertThat(NdpMessage.macOption(frame, options, end, NdpMessage.OPTION_SOURCE_MAC))
        .isEqualTo(0x0211_2233_4455L);
    assertThat(NdpMessage.macOption(frame, options, end, NdpMessage.OPTION_TARGET_MAC))
        .isEqualTo(-1);
  }

  @Test
  void anOptionBehindAnotherIsFound() {
    ByteBuf frame =
        Golden.packet("85 00 0000 00000000" + "0e02" + "00".repeat(14) + "01 01 0a6677889911");
    int end = frame.writerIndex();
    assertThat(NdpMessage.fits(frame, AT, end, NdpMessage.ROUTER_SOLICITATION_LENGTH)).isTrue();
    assertThat(NdpMessage.macOption(frame, AT + 8, end, NdpMessage.OPTION_SOURCE_MAC))
        .isEqualTo(0x0A66_7788_9911L);
  }

  @Test
  void malformedOptionsDoNotFit() {
    String head = "87 00 0000 00000000" + TARGET;
    for (String options : new String[] {"0100021122334455", "0102021122334455", "01010211223344"}) {
      ByteBuf frame = Golden.packet(head + options);
      assertThat(NdpMessage.fits(frame, AT, frame.writerIndex(), NdpMessage.NEIGHBOR_LENGTH))
          .as(options)
          .isFalse();
    }
    ByteBuf bare = Golden.packet(head);
    assertThat(NdpMessage.fits(bare, AT, AT + 24, NdpMessage.NEIGHBOR_LENGTH)).isTrue();
    assertThat(NdpMessage.fits(bare, AT, AT + 23, NdpMessage.NEIGHBOR_LENGTH)).isFalse();
  }

  @Test
  void knowsItsTypes() {
    for (int type = 0; type < 256; type++) {
      assertThat(NdpMessage.isNdp(type)).isEqualTo(type >= 133 && type <= 137);
    }
  }
}
