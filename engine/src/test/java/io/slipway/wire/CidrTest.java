package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

  @ParameterizedTest
  @CsvSource({
    "10.0.2.0/24, 10.0.2.0, 10.0.2.255",
    "10.0.2.77/24, 10.0.2.0, 10.0.2.255",
    "10.0.2.77, 10.0.2.77, 10.0.2.77",
    "0.0.0.0/0, 0.0.0.0, 255.255.255.255",
    "169.254.0.0/16, 169.254.0.0, 169.254.255.255",
    "10.1.2.3/31, 10.1.2.2, 10.1.2.3",
    "fd00::/64, fd00::, fd00::ffff:ffff:ffff:ffff",
    "2001:2::100/32, 2001:2::, 2001:2:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::/10, fe80::, febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::/65, 2001:db8::, 2001:db8::7fff:ffff:ffff:ffff",
    "::1/128, ::1, ::1",
    "::/0, ::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  })
  void knowsItsEnds(String text, String first, String last) {
    Cidr block = Cidr.parse(text);
    assertThat(block.base()).isEqualTo(IpAddress.parse(first));
    assertThat(block.last()).isEqualTo(IpAddress.parse(last));
    assertThat(block.contains(block.base())).isTrue();
    assertThat(block.contains(block.last())).isTrue();
    assertThat(Cidr.parse(block.toString())).isEqualTo(block);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.2.0/33",
        "10.0.2.0/",
        "10.0.2.0/-1",
        "10.0.2.0/x",
        "fd00::/129",
        "fd00::/0064",
        "/24",
        "10.0.2/24",
        "10.0.2.0/24/8",
        "10.0.2.0/ 8",
        "10.0.2.0/+8"
      })
  void refusesAndQuotes(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"");
  }

  @Test
  void theFamiliesDoNotMix() {
    assertThat(Cidr.parse("::/0").contains(IpAddress.parse("10.0.2.3"))).isFalse();
    assertThat(Cidr.parse("0.0.0.0/0").contains(IpAddress.parse("fd00::1"))).isFalse();
    assertThat(Cidr.parse("0.0.0.0/0").contains(IpAddress.parse("::1"))).isFalse();
    assertThat(Cidr.parse("::/0").contains(Cidr.parse("10.0.0.0/8"))).isFalse();
  }

  @Test
  void containsWhatArithmeticSays() {
    Random random = new Random(4632);
    for (int i = 0; i < 20_000; i++) {
      boolean v4 = random.nextBoolean();
      int width = v4 ? 32 : 128;
      byte[] a = new byte[width / 8];
      random.nextBytes(a);
      a[0] |= 0x20;
      byte[] b = a.clone();
      int flip = random.nextInt(width);
      b[flip / 8] ^= (byte) (0x80 >>> (flip % 8));
      int prefix = random.nextInt(width + 1);
      Cidr block = new Cidr(IpAddress.ofBytes(a), prefix);
      boolean same =
          new BigInteger(1, a)
              .shiftRight(width - prefix)
              .equals(new BigInteger(1, b).shiftRight(width - prefix));
      assertThat(block.contains(IpAddress.ofBytes(b))).as("%s %d", block, flip).isEqualTo(same);
    }
  }

  @Test
  void countsFromItsBase() {
    assertThat(Cidr.parse("10.0.2.0/24").nth(100)).hasToString("10.0.2.100");
    assertThat(Cidr.parse("10.0.0.0/8").nth(0x10000)).hasToString("10.1.0.0");
    assertThat(Cidr.parse("fd00::/64").nth(0x100)).hasToString("fd00::100");
    assertThat(Cidr.parse("2001:db8::ffff:ffff:ffff:fff0/120").nth(0xFF))
        .hasToString("2001:db8::ffff:ffff:ffff:ffff");
    assertThatThrownBy(() -> Cidr.parse("10.0.2.0/24").nth(256)).hasMessageContaining("256");
    assertThatThrownBy(() -> Cidr.parse("10.0.2.0/24").nth(-1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> Cidr.parse("255.255.255.0/24").nth(256)).hasMessageContaining("256");
    assertThatThrownBy(() -> Cidr.parse("fd00::1/128").nth(1)).hasMessageContaining("fd00::1/128");
  }

  @Test
  void containsSmallerBlocks() {
    Cidr wide = Cidr.parse("10.0.0.0/8");
    assertThat(wide.contains(Cidr.parse("10.9.0.0/16"))).isTrue();
    assertThat(wide.contains(wide)).isTrue();
    assertThat(Cidr.parse("10.9.0.0/16").contains(wide)).isFalse();
    assertThat(wide.contains(Cidr.parse("11.0.0.0/16"))).isFalse();
  }
}
