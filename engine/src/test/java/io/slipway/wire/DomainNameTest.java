package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DomainNameTest {

  @ParameterizedTest
  @CsvSource({
    "example.com, 076578616d706c6503636f6d00",
    "Example.COM., 076578616d706c6503636f6d00",
    "a, 016100",
    "_tcp.x-y.z9, 045f74637003782d79027a3900",
  })
  void namesAreWrittenInLabels(String text, String hex) {
    DomainName name = DomainName.parse(text);
    ByteBuf out = Unpooled.buffer();
    name.write(out);
    assertThat(ByteBufUtil.hexDump(out)).isEqualTo(hex);
    assertThat(name.encodedLength()).isEqualTo(out.readableBytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "a..b", ".a", "a..", "-a.b", "a-.b", "a b", "a/b", "ä.de", "a\nb"})
  void othersAreRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> DomainName.parse(text));
  }

  @Test
  void labelsAndNamesHaveTheirBounds() {
    String label = "x".repeat(63);
    DomainName.parse(label + "." + label + "." + label + "." + "x".repeat(61));
    assertThatIllegalArgumentException().isThrownBy(() -> DomainName.parse(label + "x"));
    String tooLong = label + "." + label + "." + label + "." + "x".repeat(62);
    assertThatIllegalArgumentException().isThrownBy(() -> DomainName.parse(tooLong));
  }
}
