package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

class TransportHeadersTest {

  /** Data offset 24, reserved bits 5, flags CWR URG PSH SYN. */
  private static final String TCP = "9c41 f3b7 89abcdef fedcba98 65 aa b321 7788 c66d 020405b4";

  private static final String UDP = "e123 0035 000c 9abc 01020304";
  private static final String ICMP = "0b 01 d234 9abc def1";

  @Test
  void tcpIsRead() {
    ByteBuf frame = Golden.packet(TCP);
    assertThat(TcpHeader.sourcePort(frame, AT)).isEqualTo(0x9C41);
    assertThat(TcpHeader.destinationPort(frame, AT)).isEqualTo(0xF3B7);
    assertThat(TcpHeader.seq(frame, AT)).isEqualTo(0x89AB_CDEF);
    assertThat(TcpHeader.ack(frame, AT)).isEqualTo(0xFEDC_BA98);
    assertThat(TcpHeader.dataOffset(frame, AT)).isEqualTo(24);
    assertThat(TcpHeader.flags(frame, AT))
        .isEqualTo(TcpHeader.CWR | TcpHeader.URG | TcpHeader.PSH | TcpHeader.SYN);
    assertThat(TcpHeader.window(frame, AT)).isEqualTo(0xB321);
    assertThat(TcpHeader.checksum(frame, AT)).isEqualTo(0x7788);
    assertThat(TcpHeader.urgent(frame, AT)).isEqualTo(0xC66D);
  }

  @Test
  void tcpFitsOnlyWithItsOptions() {
    ByteBuf frame = Golden.packet(TCP);
    assertThat(TcpHeader.fits(frame, AT, AT + 24)).isTrue();
    assertThat(TcpHeader.fits(frame, AT, AT + 23)).isFalse();
    assertThat(TcpHeader.fits(frame, AT, AT + 19)).isFalse();
    assertThat(TcpHeader.fits(frame, AT, AT + 25)).isFalse();
    frame.setByte(AT + 12, 0x45);
    assertThat(TcpHeader.fits(frame, AT, AT + 24)).isFalse();
    frame.setByte(AT + 12, 0xF5);
    assertThat(TcpHeader.dataOffset(frame, AT)).isEqualTo(60);
    assertThat(TcpHeader.fits(frame, AT, AT + 24)).isFalse();
  }

  @Test
  void tcpIsWritten() {
    ByteBuf frame = Golden.room(20);
    TcpHeader.set(frame, AT, 0x9C41, 0xF3B7, 0x89AB_CDEF, 0xFEDC_BA98, 60, 0xAA, 0xB321);
    assertThat(Golden.hex(frame))
        .isEqualTo(Golden.hex("9c41 f3b7 89abcdef fedcba98 f0 aa b321 0000 0000"));
    TcpHeader.setChecksum(frame, AT, 0x7788);
    TcpHeader.setUrgent(frame, AT, 0xC66D);
    TcpHeader.setFlags(frame, AT, 0x51);
    TcpHeader.setSeq(frame, AT, 0x1122_3344);
    TcpHeader.setAck(frame, AT, 0x5566_7788);
    TcpHeader.setWindow(frame, AT, 0x99AA);
    assertThat(Golden.hex(frame))
        .isEqualTo(Golden.hex("9c41 f3b7 11223344 55667788 f0 51 99aa 7788 c66d"));
  }

  @Test
  void theControlBitsAreWhereTheRfcPutsThem() {
    // RFC 9293 figure 1: CWR ECE URG ACK PSH RST SYN FIN.
    assertThat(
            new int[] {
              TcpHeader.CWR,
              TcpHeader.ECE,
              TcpHeader.URG,
              TcpHeader.ACK,
              TcpHeader.PSH,
              TcpHeader.RST,
              TcpHeader.SYN,
              TcpHeader.FIN
            })
        .containsExactly(128, 64, 32, 16, 8, 4, 2, 1);
  }

  @Test
  void udpIsRead() {
    ByteBuf frame = Golden.packet(UDP);
    assertThat(UdpHeader.sourcePort(frame, AT)).isEqualTo(0xE123);
    assertThat(UdpHeader.destinationPort(frame, AT)).isEqualTo(53);
    assertThat(UdpHeader.length(frame, AT)).isEqualTo(12);
    assertThat(UdpHeader.checksum(frame, AT)).isEqualTo(0x9ABC);
    assertThat(UdpHeader.fits(frame, AT, AT + 12)).isTrue();
    assertThat(UdpHeader.fits(frame, AT, AT + 11)).isFalse();
    assertThat(UdpHeader.fits(frame, AT, AT + 7)).isFalse();
    frame.setShort(AT + 4, 7);
    assertThat(UdpHeader.fits(frame, AT, AT + 12)).isFalse();
    frame.setShort(AT + 4, 8);
    assertThat(UdpHeader.fits(frame, AT, AT + 12)).isTrue();
  }

  @Test
  void udpIsWritten() {
    ByteBuf frame = Golden.room(8);
    UdpHeader.set(frame, AT, 0xE123, 0xF035, 0xFFE3, 0x9ABC);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("e123 f035 ffe3 9abc"));
    UdpHeader.setChecksum(frame, AT, 0x1234);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("e123 f035 ffe3 1234"));
  }

  @Test
  void icmpIsRead() {
    ByteBuf frame = Golden.packet(ICMP);
    assertThat(IcmpHeader.type(frame, AT)).isEqualTo(IcmpHeader.TIME_EXCEEDED);
    assertThat(IcmpHeader.code(frame, AT)).isEqualTo(1);
    assertThat(IcmpHeader.checksum(frame, AT)).isEqualTo(0xD234);
    assertThat(IcmpHeader.id(frame, AT)).isEqualTo(0x9ABC);
    assertThat(IcmpHeader.seq(frame, AT)).isEqualTo(0xDEF1);
    assertThat(IcmpHeader.mtu4(frame, AT)).isEqualTo(0xDEF1);
    assertThat(IcmpHeader.rest(frame, AT)).isEqualTo(0x9ABC_DEF1);
    assertThat(IcmpHeader.fits(frame, AT, AT + 8)).isTrue();
    assertThat(IcmpHeader.fits(frame, AT, AT + 7)).isFalse();
  }

  @Test
  void icmpIsWritten() {
    ByteBuf frame = Golden.room(8);
    IcmpHeader.set(frame, AT, 129, 3, 0x9ABC_DEF1);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("81 03 0000 9abcdef1"));
    IcmpHeader.setChecksum(frame, AT, 0xD234);
    IcmpHeader.setType(frame, AT, 11);
    assertThat(Golden.hex(frame)).isEqualTo(Golden.hex("0b 03 d234 9abcdef1"));
  }

  @Test
  void icmpErrorsAreTold() {
    for (int type = 0; type < 256; type++) {
      assertThat(IcmpHeader.isError4(type))
          .isEqualTo(type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
      assertThat(IcmpHeader.isError6(type)).isEqualTo(type < 128);
    }
  }
}
