package io.slipway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.wire.IpAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

  @ParameterizedTest
  @ValueSource(strings = {"10.0.2.100:80", "[fd00::1]:65535", "0.0.0.0:0", "[::]:1"})
  void readsAndWrites(String text) {
    assertThat(Endpoint.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.2.100",
        "10.0.2.100:",
        "10.0.2.100:65536",
        "10.0.2.100:-1",
        "10.0.2.100:80x",
        "fd00::1:80",
        "[10.0.2.100]:80",
        "[fd00::1]",
        "[]:80",
        ":80",
        "[fd00::1:80",
        "a:80"
      })
  void refusesAndQuotes(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"");
  }

  @Test
  void refusesPortsThatAreNone() {
    assertThatThrownBy(() -> new Endpoint(IpAddress.LOOPBACK4, 65_536))
        .hasMessageContaining("65536");
    assertThatThrownBy(() -> new Endpoint(IpAddress.LOOPBACK4, -1)).hasMessageContaining("-1");
  }

  @Test
  void protocolsAndSidesReadAsInEvents() {
    assertThat(Protocol.TCP).hasToString("tcp");
    assertThat(Protocol.UDP.number()).isEqualTo(17);
    assertThat(Protocol.TCP.number(true)).isEqualTo(6);
    assertThat(Protocol.ICMP.number(false)).isEqualTo(1);
    assertThat(Protocol.ICMP.number(true)).isEqualTo(58);
    assertThat(Side.GUEST).hasToString("guest");
    assertThat(Side.HOST).hasToString("host");
  }
}
