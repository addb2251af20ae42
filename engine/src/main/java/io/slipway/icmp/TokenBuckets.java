package io.slipway.icmp;

/**
 * How many ICMP errors a guest address may still be sent now. Owned by one {@link IcmpErrors}; not
 * thread-safe; of fixed size.
 *
 * <p>Addresses that fall into the same slot share its bucket. A newcomer never finds a full bucket
 * in a slot that was just emptied, so inventing addresses gains nothing.
 */
final class TokenBuckets {

  private static final int SLOTS = 256;
  private static final long HASH_FACTOR = 0x9E37_79B9_7F4A_7C15L;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final long nanosPerToken;
  private final long burstNanos;

  /** For each slot the moment at which its bucket was, or will have been, empty. */
  private final long[] emptyAtNanos = new long[SLOTS];

  private final boolean[] used = new boolean[SLOTS];

  TokenBuckets(int tokensPerSecond, int burst) {
    this.nanosPerToken = NANOS_PER_SECOND / tokensPerSecond;
    this.burstNanos = burst * nanosPerToken;
  }

  /** Takes a token of this address; false when there is none. */
  boolean take(long high, long low, long nowNanos) {
    int slot = (int) (((high * 31 + low) * HASH_FACTOR) >>> 56);
    long full = nowNanos - burstNanos;
    if (!used[slot] || emptyAtNanos[slot] - full < 0) {
      used[slot] = true;
      emptyAtNanos[slot] = full;
    }
    if (emptyAtNanos[slot] + nanosPerToken - nowNanos > 0) {
      return false;
    }
    emptyAtNanos[slot] += nanosPerToken;
    return true;
  }
}
