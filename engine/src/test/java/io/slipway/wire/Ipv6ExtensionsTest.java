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
    "3c, 3a00 1e040000009e, false, none", // the first bytes of what follows are no option
    "3c, 3a08 9e0400000000, false, none", // and neither is what is cut short
    "3c, 0000 010400000000 3a00010400000000, false, 1 at 40", // hop-by-hop not in front
    "00, 0000 010400000000 3a00010400000000, false, 1 at 40",
    "3c, 3c00 010400000000 3a009e0400000000, false, 2 at 50",
    "2b, 3a00 090000000000, false, none", // nowhere left to go
    "2b, 3a00 090100000000, false, 0 at 42",
    "2b, 3a00 030000000000, false, discard", // of networks that we are in none of
    "2b, 3a00 040000000000, false, discard",
    "2c, 3a00 000100000007, false, none", // what follows is not for this node yet
    "2c, 3c00 000000000007 3a009e040000, false, 2 at 50", // but is behind an atomic fragment's
    "2c, 2c00 000000000007 3a00000000000007, false, 0 at 48", // which there is one of
    "2c, 0000 000000000007 3a00010400000000, false, 1 at 40",
    "00, 3a00 000000000000, false, none", // padding of up to seven bytes, all 0
    "3c, 3a01 00000000000000000000000000 1e, false, discard",
    "3c, 3a01 1e0100 01050000000000 1e020000, false, none",
    "3c, 3a01 1e0100 0106000000000000 1e0100, false, discard",
    "3c, 3a00 010400000100, false, discard",
    "3c, 3a03 1e021e001e021e001e021e001e021e001e021e001e021e001e02, false, none",
    "00, 3a00 050300000100, false, discard", // router alerts are two bytes
    "3c, 3a00 050300000100, false, none",
    "00, 3a00 c20400010001, false, 0 at 42", // a jumbo payload besides a length
    "00, 3a00 c2040000ffff, false, 0 at 44", // and one that is none
    "00, 3a00 1e00c2020001, false, discard",
    "3c, 3a00 c20400010001, false, 2 at 42",
    "3a, 8000 000000010001, false, none",
  })
  void faultsAreFound(String first, String rest, boolean multicast, String said) {
    String fixed = "60000000 0010 " + first + " 40" + ADDRESSES;
    ByteBuf frame = Golden.packet(fixed + rest + " 8000 0000 0001 0001");
    int end = frame.writerIndex();
    int fault =
        first.equals("00")
            ? Ipv6Extensions.hopByHopFault(frame, AT, end, multicast)
            : Ipv6Extensions.NONE;
    if (fault == Ipv6Extensions.NONE) {
      fault = Ipv6Extensions.fault(frame, AT, end, multicast);
    }
    assertThat(word(fault)).isEqualTo(said);
  }

  /** RFC 7112 §5: of which first fragments all headers are there, the transport's too. */
  @ParameterizedTest
  @CsvSource({
    "06, 20, 19",
    "11, 8, 7",
    "3a, 8, 7",
    "fd, 1, 0",
    "3b, 0, -1",
    "2c, 0, -1",
    "3c 110001040000 0000, 16, 15",
    "3c 110101040000 0000, 24, 8",
    "33 110200000000 0000 000000000000 0000, 24, 23",
    "00 2b0001040000 0000 06000000000000 00, 36, 35",
  })
  void firstFragmentsHoldAllHeaders(String headers, int enough, int tooFew) {
    ByteBuf frame = Golden.packet("00".repeat(64 + 40));
    String hex = headers.replace(" ", "");
    frame.setByte(AT, Integer.parseInt(hex.substring(0, 2), 16));
    for (int i = 2; i < hex.length(); i += 2) {
      frame.setByte(AT + 7 + i / 2, Integer.parseInt(hex.substring(i, i + 2), 16));
    }
    assertThat(Ipv6Extensions.isCutShort(frame, AT, AT + 8 + enough)).isFalse();
    if (tooFew >= 0) {
      assertThat(Ipv6Extensions.isCutShort(frame, AT, AT + 8 + tooFew)).isTrue();
    }
  }

  private static String word(int fault) {
    return switch (fault) {
      case Ipv6Extensions.NONE -> "none";
      case Ipv6Extensions.DISCARD -> "discard";
      default -> Ipv6Extensions.code(fault) + " at " + Ipv6Extensions.pointer(fault);
    };
  }
}
