package io.slipway.wire;

/**
 * Arithmetic on TCP sequence numbers, modulo 2^32 (RFC 9293 §3.4). All comparisons hold for numbers
 * less than 2^31 apart; sequence numbers are never compared with {@code <}.
 */
public final class Seq {

  private Seq() {}

  public static boolean before(int a, int b) {
    return a - b < 0;
  }

  public static boolean beforeEq(int a, int b) {
    return a - b <= 0;
  }

  public static boolean after(int a, int b) {
    return a - b > 0;
  }

  public static boolean afterEq(int a, int b) {
    return a - b >= 0;
  }

  /** How far {@code a} is after {@code b}; negative when it is before. */
  public static int diff(int a, int b) {
    return a - b;
  }

  /** Whether {@code seq} is one of the {@code size} numbers that begin at {@code start}. */
  public static boolean inWindow(int seq, int start, int size) {
    return Integer.compareUnsigned(seq - start, size) < 0;
  }

  /** The later of the two. */
  public static int max(int a, int b) {
    return a - b >= 0 ? a : b;
  }

  /** The earlier of the two. */
  public static int min(int a, int b) {
    return a - b <= 0 ? a : b;
  }
}
