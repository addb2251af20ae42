package io.slipway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessListTest {

  private static boolean match(AccessList list, Protocol protocol, String address, int port) {
    IpAddress at = IpAddress.parse(address);
    return list.match(protocol, at.high(), at.low(), port);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.1.2.3 | TCP | 10.1.2.3 | 80 | true",
        "10.1.2.3 | UDP | 10.1.2.3 | 0 | true",
        "10.1.2.3 | ICMP | 10.1.2.3 | 0 | true",
        "10.1.2.3 | TCP | 10.1.2.4 | 80 | false",
        "10.1.2.0/24 | TCP | 10.1.2.255 | 80 | true",
        "10.1.2.0/24 | TCP | 10.1.3.0 | 80 | false",
        "10.1.2.0/24:80 | TCP | 10.1.2.9 | 80 | true",
        "10.1.2.0/24:80 | UDP | 10.1.2.9 | 80 | true",
        "10.1.2.0/24:80 | TCP | 10.1.2.9 | 81 | false",
        "10.1.2.0/24:80 | ICMP | 10.1.2.9 | 80 | false",
        "10.1.2.3:80-90 | TCP | 10.1.2.3 | 79 | false",
        "10.1.2.3:80-90 | TCP | 10.1.2.3 | 80 | true",
        "10.1.2.3:80-90 | TCP | 10.1.2.3 | 90 | true",
        "10.1.2.3:80-90 | TCP | 10.1.2.3 | 91 | false",
        "10.1.2.3:0 | TCP | 10.1.2.3 | 7 | true",
        "10.1.2.3:0-0 | ICMP | 10.1.2.3 | 0 | true",
        "10.1.2.3: | TCP | 10.1.2.3 | 7 | true",
        "10.1.2.3:0-65535 | TCP | 10.1.2.3 | 65535 | true",
        "tcp://10.1.2.3 | TCP | 10.1.2.3 | 80 | true",
        "tcp://10.1.2.3 | UDP | 10.1.2.3 | 80 | false",
        "udp://10.1.2.3:53 | UDP | 10.1.2.3 | 53 | true",
        "udp://10.1.2.3:53 | TCP | 10.1.2.3 | 53 | false",
        "icmp://10.1.2.3 | ICMP | 10.1.2.3 | 0 | true",
        "icmp://10.1.2.3 | TCP | 10.1.2.3 | 80 | false",
        "[fd00::/8]:80 | TCP | fd12::9 | 80 | true",
        "[fd00::/8]:80 | TCP | fe12::9 | 80 | false",
        "tcp://[fd00::1]:80-81 | TCP | fd00::1 | 81 | true",
        "[fd00::1] | UDP | fd00::1 | 1 | true",
        "fd00::1 | UDP | fd00::1 | 1 | true",
        "fd00::/8 | UDP | fd77::1 | 1 | true",
        "fd00::1:80 | TCP | fd00::1 | 80 | false",
        "fd00::1:80 | TCP | fd00::1:80 | 1 | true",
        "0.0.0.0/0 | TCP | fd00::1 | 80 | false",
        "::/0 | TCP | 10.1.2.3 | 80 | false",
        "1.1.1.1,2.2.2.2:53, udp://3.3.3.3 | UDP | 3.3.3.3 | 9 | true",
        "1.1.1.1,2.2.2.2:53, udp://3.3.3.3 | TCP | 2.2.2.2 | 53 | true",
        "1.1.1.1,2.2.2.2:53, udp://3.3.3.3 | TCP | 2.2.2.2 | 54 | false",
      })
  void matches(String list, Protocol protocol, String address, int port, boolean expected) {
    assertThat(match(AccessList.parse(list), protocol, address, port)).isEqualTo(expected);
    AccessList again = AccessList.parse(AccessList.parse(list).toString());
    assertThat(again).isEqualTo(AccessList.parse(list));
    assertThat(match(again, protocol, address, port)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.1.2.3:a | \"a\" is not a port",
        "10.1.2.3:65536 | \"65536\" is not a port",
        "10.1.2.3:-5 | \"\" is not a port",
        "10.1.2.3:5- | \"\" is not a port",
        "10.1.2.3:90-80 | port 90 is greater than port 80",
        "sctp://10.1.2.3 | \"sctp\" is not one of tcp, udp, icmp",
        "TCP://10.1.2.3 | \"TCP\" is not one of tcp, udp, icmp",
        "icmp://10.1.2.3:80 | icmp has no ports",
        "10.1.2.0/33 | 0 to 32",
        "10.1.2 | is not an IPv4 or IPv6 address",
        "tcp://10.1.2.999:80 | is not an IPv4 or IPv6 address",
        "[fd00::1 | expected [ADDRESS]",
        "[fd00::1]80 | expected [ADDRESS]",
        "[]:80 | names no address",
        ":80 | names no address",
        "tcp:// | names no address",
        "1.1.1.1,,2.2.2.2 | empty entry",
        "example.org:80 | \"example.org\" is not an IPv4 or IPv6 address",
      })
  void refusesQuotingTheEntryAndSayingWhy(String list, String why) {
    assertThatThrownBy(() -> AccessList.parse(list))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + list + "\"")
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", ",", "1.1.1.1,"})
  void refusesAnEmptyEntry(String list) {
    assertThatThrownBy(() -> AccessList.parse(list)).hasMessageContaining("empty entry");
  }

  @Test
  void namesBecomeAllTheirAddresses() {
    AccessList list =
        AccessList.parse(
            "tcp://db.example:5432,10.1.2.3",
            name -> {
              assertThat(name).isEqualTo("db.example");
              return List.of(IpAddress.parse("192.0.2.7"), IpAddress.parse("2001:db8::7"));
            });
    assertThat(match(list, Protocol.TCP, "192.0.2.7", 5432)).isTrue();
    assertThat(match(list, Protocol.TCP, "2001:db8::7", 5432)).isTrue();
    assertThat(match(list, Protocol.UDP, "192.0.2.7", 5432)).isFalse();
    assertThat(list).hasToString("tcp://192.0.2.7:5432,tcp://[2001:db8::7]:5432,10.1.2.3");
  }

  @Test
  void aNameThatIsNotFoundIsQuotedWithItsEntry() {
    assertThatThrownBy(() ->
            AccessList.parse(
                "tcp://nowhere.invalid:80",
                name -> {
                  throw new IllegalArgumentException("no address for " + name);
                }))
        .hasMessage("\"tcp://nowhere.invalid:80\": no address for nowhere.invalid");
  }

  @Test
  void listsAddUp() {
    AccessList both = AccessList.parse("1.1.1.1").plus(AccessList.parse("2.2.2.2:53"));
    assertThat(both).isEqualTo(AccessList.parse("1.1.1.1,2.2.2.2:53"));
    assertThat(both).hasSameHashCodeAs(AccessList.parse("1.1.1.1,2.2.2.2:53"));
    assertThat(AccessList.EMPTY.isEmpty()).isTrue();
    assertThat(both.isEmpty()).isFalse();
    assertThat(match(AccessList.EMPTY, Protocol.TCP, "1.1.1.1", 1)).isFalse();
  }

  @Test
  void anEntryOpensASpecialBlockOnlyFromWithin() {
    Cidr linkLocal = Cidr.parse("169.254.0.0/16");
    IpAddress at = IpAddress.parse("169.254.7.7");
    for (String inside : List.of("169.254.7.7", "169.254.0.0/16", "169.254.7.0/24:80")) {
      assertThat(
              AccessList.parse(inside)
                  .matchWithin(linkLocal, Protocol.TCP, at.high(), at.low(), 80))
          .as(inside)
          .isTrue();
    }
    for (String not : List.of("0.0.0.0/0", "169.0.0.0/8", "169.254.7.8", "169.254.7.7:81")) {
      assertThat(
              AccessList.parse(not).matchWithin(linkLocal, Protocol.TCP, at.high(), at.low(), 80))
          .as(not)
          .isFalse();
    }
  }

  @Test
  void anyTextIsAnsweredWithAListOrARefusal() {
    Random random = new Random(7);
    String letters = "0123456789.:/[]-,tcpudi fa";
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(24); n > 0; n--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      try {
        AccessList list = AccessList.parse(text.toString());
        assertThat(AccessList.parse(list.toString())).isEqualTo(list);
      } catch (IllegalArgumentException expected) {
        assertThat(expected).hasMessageContaining("\"");
      }
    }
  }
}
