package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The scoreboard against a model with one entry per byte (RFC 6675 3). */
final class ScoreboardTest {
  private static final int SACKED = 1;
  private static final int LOST = 2;

  @Test
  void agreesWithAModelOfSingleBytes() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int isn = random.nextInt();
      Scoreboard board = new Scoreboard();
      Rack rack = new Rack();
      board.begin(isn);
      rack.begin(isn);
      int[] model = new int[20_000];
      int una = 0;
      int end = 0;
      long now = 1_000_000;
      for (int step = 0; step < 200; step++) {
        now += 1000;
        switch (random.nextInt(6)) {
          case 0, 1 -> {
            if (end + 200 < model.length) {
              end += 1 + random.nextInt(150);
              board.sent(isn + end, now);
            }
          }
          case 2 -> {
            int ack = una + random.nextInt(Math.min(end - una, 60) + 1);
            int expected = 0;
            for (int i = una; i < ack; i++) {
              expected += (model[i] & SACKED) == 0 ? 1 : 0;
            }
            assertThat(board.acknowledge(isn + ack, rack, now)).isEqualTo(expected);
            una = ack;
          }
          case 3 -> {
            if (end - una > 2) {
              int left = una + 1 + random.nextInt(end - una - 1);
              int right = left + random.nextInt(end - left + 1);
              int expected = 0;
              for (int i = left; i < right; i++) {
                expected += (model[i] & SACKED) == 0 ? 1 : 0;
                model[i] = SACKED;
              }
              assertThat(board.sack(isn + left, isn + right, rack, now))
                  .as("seed %d step %d", seed, step)
                  .isEqualTo(expected);
            }
          }
          case 4 -> {
            if (end > una && model[una] == 0) {
              int bytes = 1 + random.nextInt(80);
              int before = pipe(model, una, end);
              board.loseFirst(bytes);
              int lost = before - board.pipe();
              for (int i = una; i < una + lost; i++) {
                assertThat(model[i]).isZero();
                model[i] = LOST;
              }
              assertThat(lost).isBetween(1, bytes);
            }
          }
          default -> {
            if (board.hasLost()) {
              int start = board.lostStart() - isn;
              int length = 1 + random.nextInt(board.lostLength());
              for (int i = una; i < start; i++) {
                assertThat(model[i]).isNotEqualTo(LOST);
              }
              board.sentAgain(isn + start, isn + start + length, now);
              for (int i = start; i < start + length; i++) {
                assertThat(model[i]).isEqualTo(LOST);
                model[i] = 0;
              }
            }
          }
        }
        assertThat(board.pipe()).as("seed %d step %d", seed, step).isEqualTo(pipe(model, una, end));
      }
      board.loseAll();
      assertThat(board.pipe()).isZero();
    }
  }

  private static int pipe(int[] model, int una, int end) {
    int pipe = 0;
    for (int i = una; i < end; i++) {
      pipe += model[i] == 0 ? 1 : 0;
    }
    return pipe;
  }

  @Test
  void whatWasSentLongBeforeADeliveryIsLost() {
    Scoreboard board = new Scoreboard();
    Rack rack = new Rack();
    board.begin(0);
    rack.begin(0);
    long milli = 1_000_000;
    board.sent(1000, milli);
    board.sent(2000, 2 * milli);
    board.sent(3000, 3 * milli);
    board.sack(2000, 3000, rack, 13 * milli); // a round trip of 10 ms
    assertThat(board.detectLosses(rack, 2 * milli, 13 * milli)).isEqualTo(milli);
    assertThat(board.lostLength()).isEqualTo(1000); // the first, sent 12 ms ago
    board.detectLosses(rack, 2 * milli, 14 * milli);
    board.sentAgain(0, 1000, 14 * milli);
    assertThat(board.lostStart()).isEqualTo(1000);
  }

  @Test
  void aGuestThatForgetsWhatItReportedIsBelievedNoMore() {
    Scoreboard board = new Scoreboard();
    Rack rack = new Rack();
    board.begin(0);
    board.sent(3000, 1);
    board.sack(1000, 2000, rack, 2);
    board.acknowledge(1000, rack, 3); // everything up to a byte that it said it had
    board.loseAll();
    assertThat(board.lostStart()).isEqualTo(1000);
    assertThat(board.sacked()).isZero();
  }
}
