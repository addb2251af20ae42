package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

class LinkHeadersTest {

  private static final String ETHERNET = "021122334455 0a66778899bb 86dd";
  private static final String VIRTIO = "03 84 4200 b405 2200 1000";
  private static final String ARP =
      "0001 0800 06 04 0002 0211223344f5 0a000264 0a667788991b c0a80703";

  @Test
  void ethernetIsRead() {
    ByteBuf frame = Golden.packet(ETHERNET);
    assertThat(EthernetHeader.destination(frame, AT)).isEqualTo(0x0211_2233_4455L);
    assertThat(EthernetHeader.source(frame, AT)).isEqualTo(0x0A66_7788_99BBL);
    assertThat(EthernetHeader.etherType(frame, AT)).isEqualTo(EthernetHeader.TYPE_IPV6);
    assertThat(EthernetHeader.fits(frame, AT, AT + 14)).isTrue();
    assertThat(EthernetHeader.fits(frame, AT, AT + 13)).isFalse();
    assertThat(EthernetHeader.fits(frame, AT, AT + 15)).isFalse();
  }

  @Test
  void ethernetIsWritten() {
    ByteBuf frame = Golden.room(14);
    EthernetHeader.set(frame, AT, 0x0211_2233_4455L, 0x0A66_7788_99BBL, 0x86DD);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex(ETHERNET));
  }

  @Test
  void macsWithTheHighestBitsSetStayUnsigned() {
    ByteBuf frame = Golden.packet("fffefdfcfbfa f0e0d0c0b0a0 88a8");
    assertThat(EthernetHeader.destination(frame, AT)).isEqualTo(0xFFFE_FDFC_FBFAL);
    assertThat(EthernetHeader.source(frame, AT)).isEqualTo(0xF0E0_D0C0_B0A0L);
    assertThat(VlanTag.isTagged(EthernetHeader.etherType(frame, AT))).isTrue();
    assertThat(VlanTag.isTagged(0x8100)).isTrue();
    assertThat(VlanTag.isTagged(0x0800)).isFalse();
  }

  @Test
  void virtioIsReadLittleEndian() {
    ByteBuf frame = Golden.packet(VIRTIO);
    assertThat(VirtioNetHeader.flags(frame, AT)).isEqualTo(3);
    assertThat(VirtioNetHeader.gsoType(frame, AT))
        .isEqualTo(VirtioNetHeader.GSO_TCPV6 | VirtioNetHeader.GSO_ECN);
    assertThat(VirtioNetHeader.hdrLen(frame, AT)).isEqualTo(66);
    assertThat(VirtioNetHeader.gsoSize(frame, AT)).isEqualTo(1460);
    assertThat(VirtioNetHeader.csumStart(frame, AT)).isEqualTo(34);
    assertThat(VirtioNetHeader.csumOffset(frame, AT)).isEqualTo(16);
    assertThat(VirtioNetHeader.fits(frame, AT, AT + 10)).isTrue();
    assertThat(VirtioNetHeader.fits(frame, AT, AT + 9)).isFalse();
  }

  @Test
  void virtioIsWritten() {
    ByteBuf frame = Golden.room(10);
    VirtioNetHeader.set(frame, AT, 3, 0x84, 66, 1460, 34, 16);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex(VIRTIO));
    VirtioNetHeader.clear(frame, AT);
    assertThat(Golden.hex(frame)).isEqualTo("00000000000000000000");
  }

  @Test
  void arpIsRead() {
    ByteBuf frame = Golden.packet(ARP);
    assertThat(ArpPacket.fits(frame, AT, AT + 28)).isTrue();
    assertThat(ArpPacket.operation(frame, AT)).isEqualTo(ArpPacket.REPLY);
    assertThat(ArpPacket.senderMac(frame, AT)).isEqualTo(0x0211_2233_44F5L);
    assertThat(ArpPacket.senderAddress(frame, AT)).isEqualTo(0x0A00_0264);
    assertThat(ArpPacket.targetMac(frame, AT)).isEqualTo(0x0A66_7788_991BL);
    assertThat(ArpPacket.targetAddress(frame, AT)).isEqualTo(0xC0A8_0703);
  }

  @Test
  void arpIsWritten() {
    ByteBuf frame = Golden.room(28);
    ArpPacket.set(
        frame, AT, ArpPacket.REPLY, 0x0211_2233_44F5L, 0x0A00_0264, 0x0A66_7788_991BL, 0xC0A8_0703);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex(ARP));
  }

  @Test
  void arpOfAnotherHardwareOrProtocolOrLengthDoesNotFit() {
    ByteBuf frame = Golden.packet(ARP);
    assertThat(ArpPacket.fits(frame, AT, AT + 27)).isFalse();
    for (int field : new int[] {1, 3, 4, 5}) {
      ByteBuf other = frame.copy();
      other.setByte(AT + field, 9);
      assertThat(ArpPacket.fits(other, AT, AT + 28)).isFalse();
    }
  }
}
