package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacketTextTest {

  private static final String V4 = "021122334455 0a66778899bb 0800 ";
  private static final String V6 = "021122334455 0a66778899bb 86dd ";

  private static String text(String hex) {
    ByteBuf frame = Golden.packet(hex);
    return PacketText.of(frame, AT, frame.writerIndex());
  }

  @Test
  void tcpWithOptions() {
    String syn = "9c41 0050 00000010 00000000 60 02 fffe 0000 0000 02040590";
    assertThat(text(V4 + "45 00 002c 0001 4000 40 06 0000 0a000264 0a000202" + syn))
        .isEqualTo(
            "IP 10.0.2.100.40001 > 10.0.2.2.80: "
                + "Flags [S], seq 16, win 65534, options [mss 1424], length 0");
  }

  @Test
  void tcpWithDataEndsWhereTheTotalLengthSays() {
    String segment = "0050 9c41 fffffffe 00000011 50 18 0100 0000 0000 616263 ffff";
    assertThat(text(V4 + "45 00 002b 0001 4000 40 06 0000 0a000202 0a000264" + segment))
        .isEqualTo(
            "IP 10.0.2.2.80 > 10.0.2.100.40001: "
                + "Flags [P.], seq 4294967294:1, ack 17, win 256, length 3");
  }

  @Test
  void udpAndEchoOverIpv6() {
    String addresses = "fd000000000000000000000000000100 fd000000000000000000000000000002";
    assertThat(text(V6 + "60000000 000a 11 40" + addresses + "e123 0035 000a 0001 6162"))
        .isEqualTo("IP6 fd00::100.57635 > fd00::2.53: UDP, length 2");
    assertThat(text(V6 + "60000000 0008 3a 40" + addresses + "80 00 0000 0007 0009"))
        .isEqualTo("IP6 fd00::100 > fd00::2: ICMP6 echo request, id 7, seq 9, length 8");
    assertThat(text(V6 + "60000000 000c 2c 40" + addresses + "11 00 0011 00000007 01020304"))
        .isEqualTo("IP6 fd00::100 > fd00::2: frag proto 17 id 7 offset 16+ length 4");
    assertThat(text(V6 + "60000000 0000 00 40" + addresses))
        .isEqualTo("IP6 fd00::100 > fd00::2: malformed extension headers");
  }

  @Test
  void icmpAndFragmentsOverIpv4() {
    assertThat(text(V4 + "45 00 001c 0001 0000 40 01 0000 0a000202 0a000264 03 03 0000 00000000"))
        .isEqualTo("IP 10.0.2.2 > 10.0.2.100: ICMP type 3 code 3, length 8");
    assertThat(text(V4 + "45 00 001c 0009 0003 40 11 0000 0a000202 0a000264 0102030405060708"))
        .isEqualTo("IP 10.0.2.2 > 10.0.2.100: frag proto 17 id 9 offset 24 length 8");
  }

  @ParameterizedTest
  @CsvSource({
    "0001, 'ARP, Request who-has 10.0.2.2 tell 10.0.2.100'",
    "0002, 'ARP, Reply 10.0.2.100 is-at 0a:66:77:88:99:bb'",
    "0003, 'ARP, operation 3'",
  })
  void arp(String operation, String expected) {
    String rest = "0a66778899bb 0a000264 000000000000 0a000202";
    assertThat(text("ffffffffffff 0a66778899bb 0806 0001 0800 06 04" + operation + rest))
        .isEqualTo(expected);
  }

  @Test
  void unknownAndShortFrames() {
    assertThat(text("021122334455 0a66778899bb 88cc 0102"))
        .isEqualTo("0a:66:77:88:99:bb > 02:11:22:33:44:55, ethertype 0x88cc, length 16");
    assertThat(text("0211")).isEqualTo("short frame, length 2");
    assertThat(text(V4 + "45")).isEqualTo("short or unknown IP packet, version 4, length 1");
  }

  @Test
  void noFrameMakesItThrow() {
    Random random = new Random(5);
    byte[] types = {0x08, 0x00, (byte) 0x86, (byte) 0xDD};
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[random.nextInt(120)];
      random.nextBytes(bytes);
      if (bytes.length > 24) {
        int v6 = 2 * random.nextInt(2);
        bytes[12] = types[v6];
        bytes[13] = types[v6 + 1];
        bytes[14] = (byte) (v6 == 0 ? 0x40 | random.nextInt(16) : 0x60);
        bytes[23] = (byte) (random.nextInt(2) * 5 + 1);
      }
      assertThat(PacketText.of(Unpooled.wrappedBuffer(bytes), 0, bytes.length)).isNotEmpty();
    }
  }
}
