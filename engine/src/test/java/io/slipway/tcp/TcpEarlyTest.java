package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Text and FINs that come before their turn, and what the guest is told of them: RFC 2018, 2883, as
 * Linux 6.18 answers the same segments. {@code early_*} in {@code raw_frames.py} asks Linux.
 */
final class TcpEarlyTest {
  private static final byte[] SACK = {2, 4, 5, (byte) 180, 1, 1, 4, 2};

  /**
   * Segments cover {@code from-to} of the stream, F says that a FIN follows; the answers to the
   * last one, and to the text before all of them; bytes that the host gets; whether the end comes.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100-200 120-150         | 120-150 100-200 |                 | 200 | no
          100-200 100-150         | 100-150 100-200 |                 | 200 | no
          100-200 150-250         | 150-200 100-250 |                 | 250 | no
          100-200 100-250         | 100-200 100-250 |                 | 250 | no
          200-300 150-250         | 200-250 150-300 |                 | 300 | no
          200-300 150-300         | 200-300 150-300 |                 | 300 | no
          200-300 150-350         | 200-300 150-350 |                 | 350 | no
          100-200 300-400 200-300 | 100-400         |                 | 400 | no
          100-200 300-400 150-350 | 150-200 100-400 |                 | 400 | no
          100-200 300-400 150-300 | 150-200 100-400 |                 | 400 | no
          200-300 400-500 150-550 | 200-300 150-550 |                 | 550 | no
          200-250 250-300 150-350 | 200-300 150-350 |                 | 350 | no
          100-200F                | 100-201         |                 | 200 | yes
          100-100F                | 100-101         |                 | 100 | yes
          100-200 200-200F        | 100-201         |                 | 200 | yes
          100-200F 100-200F       | 100-201 100-201 |                 | 200 | yes
          100-200F 100-200        | 100-200 100-201 |                 | 200 | yes
          200-300 100-150F        | 100-150 200-300 | 200-300         | 150 | no
          100-300 100-200F        | 100-200 100-300 |                 | 300 | no
          100-200F 201-300        | 100-201         |                 | 200 | yes
          100-200F 150-300        | 150-200 100-201 |                 | 200 | yes
          100-200F 250-300F       | 100-201         |                 | 200 | yes
          """)
  void earlyTextIsReportedAsByLinux(
      String segments, String last, String filled, int bytes, String end) {
    try (TcpScript script = established()) {
      String stream = TcpScript.text(600);
      int first = Integer.MAX_VALUE;
      for (String segment : segments.split(" ", -1)) {
        String[] edges = segment.replace("F", "").split("-", -1);
        int from = Integer.parseInt(edges[0]);
        int to = Integer.parseInt(edges[1]);
        script.drain();
        script.guest(segment.endsWith("F") ? "FA" : "A", 1 + from, 1, stream.substring(from, to));
        first = Math.min(first, from);
      }
      assertThat(blocks(script.expect("A", 1, 1))).isEqualTo(last);
      script.guest("A", 1, 1, stream.substring(0, first));
      script.pass(3); // an end may wait a moment for the host's answer
      boolean ends = end.equals("yes");
      int upTo = bytes + (ends ? 2 : 1);
      if (filled != null) {
        assertThat(blocks(script.expect("A", 1, upTo))).isEqualTo(filled);
      } else {
        assertThat(blocks(script.expect("A", 1, upTo))).isEmpty();
      }
      assertThat(script.received).hasToString(stream.substring(0, bytes));
      assertThat(script.events).isEqualTo(ends ? List.of("finish") : List.of());
    }
  }

  private static TcpScript established() {
    TcpScript script = new TcpScript();
    script.hold(SACK);
    script.connection.accept(script.now);
    script.expect("SA", 0, 1);
    script.guest("A", 1, 1, "");
    script.expectEvent("established");
    return script;
  }

  private static String blocks(TcpScript.Segment segment) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < segment.options().sackCount(); i++) {
      text.append(i > 0 ? " " : "")
          .append(segment.options().sackLeft(i) - TcpScript.GUEST_ISN - 1)
          .append('-')
          .append(segment.options().sackRight(i) - TcpScript.GUEST_ISN - 1);
    }
    return text.toString();
  }
}
