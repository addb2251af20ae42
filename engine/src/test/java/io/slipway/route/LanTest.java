package io.slipway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanTest {

  private static final MacAddress MAC = MacAddress.parse("02:11:22:33:44:55");

  private static final Lan LAN =
      Lan.standard(Cidr.parse("10.0.2.0/24"), Cidr.parse("fd00::/64"), MAC, 1500);

  @ParameterizedTest
  @CsvSource({
    "10.0.2.100, true",
    "10.0.2.1, true",
    "10.0.2.254, true",
    "10.0.2.2, false",
    "10.0.2.3, false",
    "10.0.2.0, false",
    "10.0.2.255, false",
    "10.0.3.100, false",
    "0.0.0.0, false",
    "127.0.0.1, false",
    "224.0.0.1, false",
    "255.255.255.255, false",
    "169.254.1.1, false",
    "fd00::100, true",
    "fd00::abcd:1, true",
    "fd00::2, false",
    "fd00::3, false",
    "fd00::, false",
    "fd00:0:0:1::1, false",
    "fe80::1, true",
    "febf::1, true",
    "fe80::11:22ff:fe33:4455, false",
    "::, false",
    "::1, false",
    "ff02::1, false",
    "2001:db8::1, false",
  })
  void knowsWhoMaySend(String source, boolean expected) {
    IpAddress at = IpAddress.parse(source);
    assertThat(LAN.isGuestSource(at.high(), at.low())).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.2.2, true, false, true",
    "10.0.2.3, false, true, true",
    "10.0.2.100, false, false, false",
    "fd00::2, true, false, true",
    "fd00::3, false, true, true",
    "fd00::100, false, false, false",
    "fe80::11:22ff:fe33:4455, true, false, true",
    "fe80::11:22ff:fe33:4456, false, false, false",
  })
  void knowsItsOwn(String text, boolean gateway, boolean dns, boolean ours) {
    IpAddress at = IpAddress.parse(text);
    assertThat(LAN.isGateway(at.high(), at.low())).isEqualTo(gateway);
    assertThat(LAN.isDns(at.high(), at.low())).isEqualTo(dns);
    assertThat(LAN.isOurs(at.high(), at.low())).isEqualTo(ours);
  }

  @Test
  void theStandardPlan() {
    assertThat(LAN.gateway4()).hasToString("10.0.2.2");
    assertThat(LAN.dns4()).hasToString("10.0.2.3");
    assertThat(LAN.guest4()).hasToString("10.0.2.100");
    assertThat(LAN.gateway6()).hasToString("fd00::2");
    assertThat(LAN.dns6()).hasToString("fd00::3");
    assertThat(LAN.guest6()).hasToString("fd00::100");
    assertThat(LAN.linkLocal()).hasToString("fe80::11:22ff:fe33:4455");
    assertThat(LAN.hasV6()).isTrue();
  }

  @Test
  void withoutIpv6NobodySendsIt() {
    Lan lan = Lan.standard(Cidr.parse("10.0.2.0/24"), null, MAC, 1000);
    assertThat(lan.hasV6()).isFalse();
    for (String text : new String[] {"fd00::100", "fe80::1"}) {
      IpAddress at = IpAddress.parse(text);
      assertThat(lan.isGuestSource(at.high(), at.low())).isFalse();
      assertThat(lan.contains(at.high(), at.low())).isFalse();
    }
    assertThat(lan.isGateway(lan.linkLocal().high(), lan.linkLocal().low())).isFalse();
  }

  @Test
  void aSubnetOfTwoHasNoBroadcastAddress() {
    Lan lan =
        new Lan(
            Cidr.parse("192.0.2.8/31"),
            IpAddress.parse("192.0.2.8"),
            IpAddress.parse("10.0.0.3"),
            IpAddress.parse("192.0.2.9"),
            null,
            null,
            null,
            null,
            MAC,
            1500);
    assertThat(lan.isGuestSource(0, lan.guest4().low())).isTrue();
    assertThat(lan.isSubnetBroadcast(0, lan.guest4().low())).isFalse();
    assertThat(LAN.isSubnetBroadcast(0, IpAddress.parse("10.0.2.255").low())).isTrue();
    assertThat(LAN.isSubnetBroadcast(0, IpAddress.parse("10.0.3.255").low())).isFalse();
  }

  @Test
  void refusesHalfAnIpv6Plan() {
    IpAddress any = IpAddress.ANY4;
    assertThatThrownBy(() ->
            new Lan(
                Cidr.parse("10.0.2.0/24"),
                any,
                any,
                any,
                Cidr.parse("fd00::/64"),
                null,
                null,
                null,
                MAC,
                1500))
        .hasMessageContaining("IPv6");
  }
}
