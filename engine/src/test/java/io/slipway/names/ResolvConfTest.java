package io.slipway.names;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResolvConfTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | [127.0.0.1] | [] | []",
        "'# nameserver 9.9.9.9' | [127.0.0.1] | [] | []",
        "'nameserver 192.0.2.1\nnameserver 2001:db8::1' | [192.0.2.1, 2001:db8::1] | [] | []",
        "'nameserver\t192.0.2.1  \n nameserver 192.0.2.1' | [192.0.2.1] | [] | []",
        "'nameserver 192.0.2.1 192.0.2.2' | [192.0.2.1] | [] | []",
        "'nameserver nonsense\nnameserver 192.0.2.2' | [192.0.2.2] | [] | []",
        "'nameserver fe80::1%eth0\nnameserver 192.0.2.2' | [192.0.2.2] | [] | []",
        "'nameserver 0.0.0.0\nnameserver ::' | [127.0.0.1, ::1] | [] | []",
        "'nameserver' | [127.0.0.1] | [] | []",
        "'search a.test B.test.\nsearch c.test' | [127.0.0.1] | [c.test] | []",
        "'domain a.test\nsearch b_1.test *! .' | [127.0.0.1] | [b_1.test] | []",
        "'options ndots:2 edns0 $(x)' | [127.0.0.1] | [] | [ndots:2, edns0]",
      })
  void readsWhatMakesSense(String text, String servers, String search, String options) {
    ResolvConf conf = ResolvConf.parse(text);
    assertThat(conf.servers()).hasToString(servers);
    assertThat(conf.search()).hasToString(search);
    assertThat(conf.options()).hasToString(options);
  }

  @Test
  void aFileThatIsNotThereSaysNothing() {
    assertThat(ResolvConf.read(Path.of("/nonexistent/resolv.conf")))
        .isEqualTo(ResolvConf.parse(""));
  }

  @Test
  void writesWhatItReads() {
    ResolvConf conf = ResolvConf.parse("nameserver 10.0.2.3\nsearch a.test b.test\noptions edns0");
    String text = ResolvConf.text(conf.servers(), conf.search(), conf.options());
    assertThat(text).isEqualTo("nameserver 10.0.2.3\nsearch a.test b.test\noptions edns0\n");
    assertThat(ResolvConf.text(conf.servers(), List.of(), List.of()))
        .isEqualTo("nameserver 10.0.2.3\n");
  }
}
