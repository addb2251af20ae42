package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9937 6: one row an ACK. Segments of 1000 bytes. */
final class PrrTest {
  private static final int MSS = 1000;

  private final Prr prr = new Prr();

  private record Row(int delivered, int pipe, boolean safe, int allowed, int sent) {}

  private static Row row(int delivered, int pipe, boolean safe, int allowed, int sent) {
    return new Row(delivered, pipe, safe, allowed, sent);
  }

  private void play(int flight, int threshold, Row... rows) {
    prr.begin(flight, threshold, MSS);
    for (int i = 0; i < rows.length; i++) {
      Row row = rows[i];
      int allowed = prr.allowance(row.delivered(), row.pipe(), row.safe());
      assertThat(allowed).as("ACK %d, %s", i + 1, row).isEqualTo(row.allowed());
      assertThat(prr.window()).as("ACK %d, %s", i + 1, row).isEqualTo(row.pipe() + allowed);
      prr.onSent(row.sent());
    }
  }

  /** One of twenty is lost: a retransmission at once, then a segment for every second ACK. */
  @Test
  void aSingleLossHalvesInStep() {
    play(
        20_000,
        10_000,
        row(1000, 18_000, false, 1000, 1000),
        row(1000, 18_000, false, 0, 0),
        row(1000, 17_000, false, 500, 0),
        row(1000, 16_000, false, 1000, 1000),
        row(1000, 16_000, false, 500, 0),
        row(1000, 15_000, false, 1000, 1000));
  }

  /** With beta 0.7, seven for ten; what does not divide is rounded up. */
  @Test
  void proportionRoundsUp() {
    play(
        10_000,
        7000,
        row(1000, 8000, false, 1000, 1000),
        row(1000, 8000, false, 400, 0),
        row(1, 7999, false, 401, 0));
  }

  /** Fifteen of twenty are lost: one for one, and with good news one more, up to the threshold. */
  @Test
  void belowTheThresholdTheBoundsHold() {
    play(
        20_000,
        10_000,
        row(1000, 4000, false, 1000, 1000),
        row(1000, 4000, false, 1000, 1000),
        row(1000, 4000, true, 2000, 2000),
        row(2000, 4000, true, 3000, 3000),
        row(3000, 9000, true, 1000, 1000));
  }

  /** What was allowed and not used may be sent later. */
  @Test
  void unusedAllowanceIsKept() {
    play(
        20_000,
        10_000,
        row(1000, 8000, false, 1000, 1000),
        row(1000, 7000, false, 1000, 0),
        row(1000, 6000, false, 2000, 0),
        row(1000, 5000, false, 3000, 3000),
        row(1000, 7000, false, 1000, 1000));
  }

  /** An ACK that delivers nothing moves nothing; a timer that finds more lost may fill the gap. */
  @Test
  void nothingDelivered() {
    prr.begin(20_000, 10_000, MSS);
    assertThat(prr.allowance(1000, 15_000, false)).isEqualTo(1000);
    prr.onSent(1000);
    assertThat(prr.allowance(0, 16_000, true)).isZero();
    assertThat(prr.window()).isEqualTo(16_000);
    assertThat(prr.allowance(0, 13_000, false)).isEqualTo(3000);
  }

  /** However the ACKs come, a recovery in which all is delivered ends at the threshold. */
  @Test
  void theFlightEndsAtTheThreshold() {
    for (int threshold = 2000; threshold <= 20_000; threshold += 1000) {
      prr.begin(20_000, threshold, MSS);
      int pipe = 19_000; // one is lost
      for (int acked = 0; acked < 19_000; acked += 1000) {
        pipe -= 1000;
        int send = prr.allowance(1000, pipe, false) / MSS * MSS;
        prr.onSent(send);
        pipe += send;
      }
      assertThat(pipe).as("threshold %d", threshold).isBetween(threshold - 1000, threshold + 1000);
    }
  }

  @Test
  void largeNumbersDoNotWrap() {
    prr.begin(1 << 30, 700 << 20, 65_495);
    assertThat(prr.allowance(1 << 29, 1 << 29, true)).isEqualTo((700 << 20) - (1 << 29));
    prr.begin(1 << 30, 1 << 29, 65_495);
    assertThat(prr.allowance(1 << 28, (1 << 29) + 1, false)).isEqualTo(1 << 27);
  }
}
