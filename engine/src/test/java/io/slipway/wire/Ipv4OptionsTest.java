package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Linux's ip_options_compile says to the same options. */
final class Ipv4OptionsTest {
  private static final String HEADER = "45 00 0014 0001 4000 40 11 0000 0a000264 0a000202";

  @ParameterizedTest
  @CsvSource({
    "'', -1",
    "01010101, -1",
    "00ffffff, -1", // behind the end nothing counts
    "94040000, -1",
    "9e040000, -1", // of an unknown kind
    "0707040000000001, -1",
    "0707080000000001, -1", // a full record of a route
    "440c05000000000000000000, -1",
    "440c05010000000000000000, -1",
    "820b00000000000000000000, -1",
    "830704 0a000202 01, -2",
    "890704 0a000202 01, -2",
    "830708 0a000202 01, -2", // travelled to its end
    "07000400, 20", // lengths that cannot be
    "07010400, 20",
    "07280400, 20",
    "01010107, 23",
    "07020000, 21",
    "0707030000000001, 22", // pointers that point nowhere
    "0707050000000001, 22",
    "8307030000000001, 22",
    "44030500, 21",
    "44040400, 22",
    "440405f0, 23", // nobody more can be counted
    "440c0a000000000000000000, 22",
    "440c09010000000000000000, 22",
    "01940300, 22",
    "830308 830308 0000, 23", // twice what may be there once
    "07070801020304 07030400 01, 27",
    "4408090000000000 44040500, 28",
  })
  void faultsAreFound(String options, int fault) {
    ByteBuf frame = Golden.packet(HEADER + " " + options);
    assertThat(Ipv4Options.fault(frame, AT, frame.writerIndex() - AT)).isEqualTo(fault);
  }
}
