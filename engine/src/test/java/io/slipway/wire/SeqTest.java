package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SeqTest {

  @Test
  void comparesAcrossTheWrap() {
    assertThat(Seq.before(0xFFFF_FFFF, 0)).isTrue();
    assertThat(Seq.after(0, 0xFFFF_FFFF)).isTrue();
    assertThat(Seq.before(0, 0xFFFF_FFFF)).isFalse();
    assertThat(Seq.before(0x7FFF_FFFF, 0x8000_0000)).isTrue();
    assertThat(Seq.diff(5, 0xFFFF_FFFE)).isEqualTo(7);
    assertThat(Seq.diff(0xFFFF_FFFE, 5)).isEqualTo(-7);
  }

  @Test
  void anEqualNumberIsNeitherBeforeNorAfter() {
    for (int seq : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThat(Seq.before(seq, seq)).isFalse();
      assertThat(Seq.after(seq, seq)).isFalse();
      assertThat(Seq.beforeEq(seq, seq)).isTrue();
      assertThat(Seq.afterEq(seq, seq)).isTrue();
      assertThat(Seq.max(seq, seq)).isEqualTo(seq);
      assertThat(Seq.min(seq, seq)).isEqualTo(seq);
    }
  }

  @Test
  void agreesWithArithmeticOnUnwrappedNumbers() {
    Random random = new Random(9293);
    for (int i = 0; i < 100_000; i++) {
      long a = random.nextLong(1L << 40);
      long b = a + random.nextLong(-0x7FFF_FFFFL, 0x8000_0000L);
      int seqA = (int) a;
      int seqB = (int) b;
      assertThat(Seq.before(seqA, seqB)).isEqualTo(a < b);
      assertThat(Seq.beforeEq(seqA, seqB)).isEqualTo(a <= b);
      assertThat(Seq.after(seqA, seqB)).isEqualTo(a > b);
      assertThat(Seq.afterEq(seqA, seqB)).isEqualTo(a >= b);
      assertThat(Seq.diff(seqA, seqB)).isEqualTo((int) (a - b));
      assertThat(Seq.max(seqA, seqB)).isEqualTo((int) Math.max(a, b));
      assertThat(Seq.min(seqA, seqB)).isEqualTo((int) Math.min(a, b));
    }
  }

  @Test
  void aWindowIsHalfOpenAndMayWrap() {
    assertThat(Seq.inWindow(0xFFFF_FFF0, 0xFFFF_FFF0, 0x20)).isTrue();
    assertThat(Seq.inWindow(0x0F, 0xFFFF_FFF0, 0x20)).isTrue();
    assertThat(Seq.inWindow(0x10, 0xFFFF_FFF0, 0x20)).isFalse();
    assertThat(Seq.inWindow(0xFFFF_FFEF, 0xFFFF_FFF0, 0x20)).isFalse();
    assertThat(Seq.inWindow(7, 7, 0)).isFalse();
    assertThat(Seq.inWindow(1_073_725_439, 0, 1_073_725_440)).isTrue();
    assertThat(Seq.inWindow(1_073_725_440, 0, 1_073_725_440)).isFalse();
  }
}
