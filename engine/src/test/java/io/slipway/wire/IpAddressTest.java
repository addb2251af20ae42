package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {

  @ParameterizedTest
  @CsvSource({
    "10.0.2.100, 10.0.2.100",
    "255.254.253.252, 255.254.253.252",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "fd00::100, fd00::100",
    "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0db8:0000:0000:0000:ff00:0042:8329, 2001:db8::ff00:42:8329",
    "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
    "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
    "0:0:1:0:0:0:2:3, 0:0:1::2:3",
    "::ffff:192.0.2.33, 192.0.2.33",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "1:2:3:4:5:6:7.8.9.10, 1:2:3:4:5:6:708:90a",
    "fe80::1:2:3, fe80::1:2:3",
  })
  void readsAndWrites(String text, String canonical) {
    IpAddress address = IpAddress.parse(text);
    assertThat(address.toString()).isEqualTo(canonical);
    assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        "1..2.3",
        "1.2.3.",
        "+1.2.3.4",
        "localhost",
        ":",
        ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "12345::",
        "::g",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:",
        ":1",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4:5",
        "fe80::1%eth0",
        "[::1]",
        "::١"
      })
  void refusesAndQuotes(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void agreesWithTheJdk() throws UnknownHostException {
    Random random = new Random(5952);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(2) * 0xFF);
      }
      InetAddress theirs = InetAddress.getByAddress(bytes);
      IpAddress ours = IpAddress.ofBytes(bytes);
      assertThat(ours.bytes()).isEqualTo(theirs.getAddress());
      assertThat(IpAddress.parse(theirs.getHostAddress())).isEqualTo(ours);
      assertThat(IpAddress.parse(ours.toString())).isEqualTo(ours);
      assertThat(ours.isLoopback()).isEqualTo(theirs.isLoopbackAddress());
      assertThat(ours.isMulticast()).isEqualTo(theirs.isMulticastAddress());
      assertThat(ours.isLinkLocal()).isEqualTo(theirs.isLinkLocalAddress());
      assertThat(ours.isUnspecified()).isEqualTo(theirs.isAnyLocalAddress());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true, false, false, false",
    "127.255.255.255, true, false, false, false",
    "126.255.255.255, false, false, false, false",
    "128.0.0.0, false, false, false, false",
    "::1, true, false, false, false",
    "::2, false, false, false, false",
    "::7f00:1, false, false, false, false",
    "224.0.0.1, false, true, false, false",
    "239.255.255.255, false, true, false, false",
    "240.0.0.0, false, false, false, false",
    "ff02::1, false, true, false, false",
    "fe00::1, false, false, false, false",
    "169.254.0.1, false, false, true, false",
    "169.253.255.255, false, false, false, false",
    "fe80::1, false, false, true, false",
    "febf::1, false, false, true, false",
    "fec0::1, false, false, false, false",
    "0.0.0.0, false, false, false, true",
    "0.0.0.1, false, false, false, false",
    "::, false, false, false, true",
  })
  void knowsItsKind(
      String text, boolean loopback, boolean multicast, boolean linkLocal, boolean unspecified) {
    IpAddress address = IpAddress.parse(text);
    assertThat(address.isLoopback()).isEqualTo(loopback);
    assertThat(address.isMulticast()).isEqualTo(multicast);
    assertThat(address.isLinkLocal()).isEqualTo(linkLocal);
    assertThat(address.isUnspecified()).isEqualTo(unspecified);
  }

  @Test
  void ipv4IsMapped() {
    IpAddress address = IpAddress.parse("200.1.2.3");
    assertThat(address.high()).isZero();
    assertThat(address.low()).isEqualTo(0x0000_FFFF_C801_0203L);
    assertThat(address.isV4()).isTrue();
    assertThat(address.v4()).isEqualTo(0xC801_0203);
    assertThat(IpAddress.of(0xC801_0203)).isEqualTo(address);
    assertThat(address.bytes()).containsExactly(200, 1, 2, 3);
    assertThat(IpAddress.isBroadcast(0, IpAddress.mapV4(-1))).isTrue();
    assertThat(IpAddress.LOOPBACK6.isV4()).isFalse();
  }

  @Test
  void sortsAsUnsignedNumbers() {
    assertThat(IpAddress.parse("1.2.3.4")).isLessThan(IpAddress.parse("200.0.0.0"));
    assertThat(IpAddress.parse("200.0.0.0")).isLessThan(IpAddress.parse("1::"));
    assertThat(IpAddress.parse("7fff::")).isLessThan(IpAddress.parse("8000::"));
  }

  @Test
  void refusesOtherLengths() {
    assertThatThrownBy(() -> IpAddress.ofBytes(new byte[5])).hasMessageContaining("5");
  }
}
