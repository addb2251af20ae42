package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MacAddressTest {

  @Test
  void readsAndWrites() {
    MacAddress mac = MacAddress.parse("02:9B:cd-EF-01:0a");
    assertThat(mac.value()).isEqualTo(0x029B_CDEF_010AL);
    assertThat(mac).hasToString("02:9b:cd:ef:01:0a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "02:9b:cd:ef:01",
        "02:9b:cd:ef:01:0a:",
        "2:9b:cd:ef:01:0a0",
        "02:9b:cd:ef:01:0g"
      })
  void refusesAndQuotes(String text) {
    assertThatThrownBy(() -> MacAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void refusesMoreThan48Bits() {
    assertThatThrownBy(() -> new MacAddress(1L << 48)).hasMessageContaining("48");
  }

  @Test
  void knowsGroups() {
    assertThat(MacAddress.isGroup(MacAddress.BROADCAST)).isTrue();
    assertThat(MacAddress.isGroup(0x029B_CDEF_010AL)).isFalse();
    assertThat(MacAddress.isGroup(0x0001_0000_0000L)).isFalse();
    assertThat(MacAddress.text(MacAddress.multicast4(IpAddress.parse("239.129.2.3").v4())))
        .isEqualTo("01:00:5e:01:02:03");
    assertThat(MacAddress.text(MacAddress.multicast6(IpAddress.parse("ff02::1:ff12:3456").low())))
        .isEqualTo("33:33:ff:12:34:56");
  }
}
