package io.slipway.wire;

import static io.slipway.wire.Golden.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 8200 §4: what is told of extension headers that make no sense; Linux says the same. */
final class Ipv6ExtensionsTest {
  private static final String ADDRESSES =
      " fd000000000000000000000000000064 fd000000000000000000000000000002 ";

  @ParameterizedTest
  @CsvSource({
    "00, 3a00 010400000000, false, none", // padding
    "00, 3a00 050200000100, false, none", // router alert
    "3c, 3a00 1e0400000000, false, none", // 00: skip
    "3c, 3a00 5e0400000000, false, discard", // 01
    "3c, 3a00 9e0400000000, false, 2 at 42", // 10: tell
    "3c, 3a00 9e0400000000, true, 2 at 42",
    "00, 3a00 de0400000000, false, 2 at 42", // 11: tell, unless it was for many
    "00, 3a00 de0400000000, true, discard",
    "3c, 3a00 00 de0300000000, false, 2 at 43",
    "3c, 3a00 010900000000, false, discard", // runs out of its header
    "3c, 3a00 01040000009e, false, none", // the first bytes of what follows are no option
    "3c, 3a08 9e0400000000, false, none", // and neither is what is cut short
    "3c, 0000 010400000000 3a00010400000000, false, 1 at 40", // hop-by-hop not in front
    "00, 0000 010400000000 3a00010400000000, false, 1 at 40",
    "3c, 3c00 010400000000 3a009e0400000000, false, 2 at 50",
    "2b, 3a00 090000000000, false, none", // nowhere left to go
    "2b, 3a00 090100000000, false, 0 at 42",
    "2c, 3a00 000100000007, false, none", // what follows is not for this node yet
    "3a, 8000 000000010001, false, none",
  })
  void faultsAreFound(String first, String rest, boolean multicast, String said) {
    String fixed = "60000000 0010 " + first + " 40" + ADDRESSES;
    ByteBuf frame = Golden.packet(fixed + rest + " 8000 0000 0001 0001");
    int fault = Ipv6Extensions.fault(frame, AT, frame.writerIndex(), multicast);
    assertThat(word(fault)).isEqualTo(said);
  }

  private static String word(int fault) {
    return switch (fault) {
      case Ipv6Extensions.NONE -> "none";
      case Ipv6Extensions.DISCARD -> "discard";
      default -> Ipv6Extensions.code(fault) + " at " + Ipv6Extensions.pointer(fault);
    };
  }
}
