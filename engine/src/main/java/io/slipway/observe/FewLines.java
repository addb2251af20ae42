package io.slipway.observe;

/**
 * Lines of one kind that a guest can cause as often as it likes: ten a second are written, so that
 * it cannot fill the operator's disk, and the rest is counted. Any thread may call.
 */
final class FewLines {
  private static final int A_SECOND = 10;
  private static final long SECOND_MILLIS = 1_000;

  private long second = Long.MIN_VALUE;
  private int thisSecond;
  private long unwritten;

  /** Whether the line may be written; counts it when not. */
  synchronized boolean admit(long nowMillis) {
    long now = Math.floorDiv(nowMillis, SECOND_MILLIS);
    if (now != second) {
      second = now;
      thisSecond = 0;
    }
    if (thisSecond++ < A_SECOND) {
      return true;
    }
    unwritten++;
    return false;
  }

  /** Lines that were not admitted. */
  synchronized long unwritten() {
    return unwritten;
  }
}
