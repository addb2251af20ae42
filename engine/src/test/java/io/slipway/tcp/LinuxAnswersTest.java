package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * RFC 9293 3.10.7: every kind of segment in every state is answered as Linux answers it. What Linux
 * does stands in {@code linux-answers.txt}, which {@code raw_answers.py} asked of it.
 */
final class LinuxAnswersTest {
  private static final String TABLE = "linux-answers.txt";
  private static final int[] SEQS = {-100, -1, 0, 1, 100_000};

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CLOSED", "HELD", "SYN_SENT"})
  void everySegmentIsAnsweredAsByLinux(TcpState state) throws IOException {
    List<String> expected = rows(state);
    List<String> actual = expected.stream().map(row -> answered(state, row)).toList();
    assertThat(expected).hasSize(44);
    assertThat(actual).isEqualTo(expected);
  }

  private static List<String> rows(TcpState state) throws IOException {
    try (InputStream in = LinuxAnswersTest.class.getResourceAsStream(TABLE)) {
      String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return all.lines()
          .filter(line -> line.startsWith(state + " "))
          .map(line -> line.replaceAll(" +", " "))
          .toList();
    }
  }

  /** The same row, with the answers of a connection of ours. */
  private static String answered(TcpState state, String row) {
    String[] fields = row.split(" ", -1);
    String flags = fields[1].equals(".") ? "" : fields[1];
    int ack = Integer.parseInt(fields[2]);
    int length = Integer.parseInt(fields[3]);
    List<String> said = new ArrayList<>(List.of(state.name(), fields[1], fields[2], fields[3]));
    for (int seq : SEQS) {
      try (TcpScript script = new TcpScript()) {
        said.add(answer(script, in(state, script), flags, seq, ack, length));
      }
    }
    return String.join(" ", said);
  }

  /** The next numbers: what the engine expects, and what it has heard to be acknowledged. */
  private record Next(int seq, int ack) {}

  private static Next in(TcpState state, TcpScript script) {
    script.hold();
    script.connection.accept(script.now);
    Next next = new Next(1, 1);
    if (state != TcpState.SYN_RECEIVED) {
      script.guest("A", 1, 1, "");
      next = close(state, script);
    }
    assertThat(script.connection.state()).isEqualTo(state);
    script.pass(50);
    script.drain();
    return next;
  }

  private static Next close(TcpState state, TcpScript script) {
    boolean known = state == TcpState.FIN_WAIT_2 || state == TcpState.TIME_WAIT;
    Next open = new Next(1, known ? 2 : 1);
    return switch (state) {
      case FIN_WAIT_1, FIN_WAIT_2 -> weEnd(script, open);
      case CLOSE_WAIT -> theGuestEnds(script, open);
      case CLOSING, TIME_WAIT -> theGuestEnds(script, weEnd(script, open));
      case LAST_ACK -> weEnd(script, theGuestEnds(script, open));
      default -> open;
    };
  }

  private static Next weEnd(TcpScript script, Next next) {
    script.connection.finish(script.now);
    script.guest("A", next.seq, next.ack, "");
    return next;
  }

  private static Next theGuestEnds(TcpScript script, Next next) {
    script.guest("FA", next.seq, next.ack, "");
    return new Next(next.seq + 1, next.ack);
  }

  private static String answer(
      TcpScript script, Next next, String flags, int seq, int ack, int length) {
    boolean timeWait = script.connection.state() == TcpState.TIME_WAIT;
    if (timeWait && flags.equals("S") && script.yieldsToSyn(next.seq + seq)) {
      return "SA"; // a new connection's
    }
    script.guest(flags, next.seq + seq, next.ack + ack, TcpScript.text(length));
    script.pass(50);
    int end = seq + length + count(flags, 'S') + count(flags, 'F');
    Set<String> words = new LinkedHashSet<>();
    for (TcpScript.Segment segment : script.drain()) {
      words.add(word(segment, next, ack, end));
    }
    return words.isEmpty() ? "-" : String.join(",", words);
  }

  private static String word(TcpScript.Segment segment, Next next, int ack, int end) {
    String flags = segment.flagText();
    return switch (flags) {
      case "R" ->
          segment.seq() == next.ack + ack ? flags : flags + signed(segment.seq() - next.ack);
      case "RA" ->
          segment.ack() - next.seq == end ? flags : flags + signed(segment.ack() - next.seq);
      case "A" -> segment.ack() == next.seq ? flags : flags + signed(segment.ack() - next.seq);
      default -> flags;
    };
  }

  private static String signed(int number) {
    return (number >= 0 ? "+" : "") + number;
  }

  private static int count(String flags, char flag) {
    return flags.indexOf(flag) < 0 ? 0 : 1;
  }
}
