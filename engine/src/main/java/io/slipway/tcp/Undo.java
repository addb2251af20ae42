package io.slipway.tcp;

import io.slipway.wire.Seq;
import io.slipway.wire.TcpOptions;

/**
 * Whether a recovery was for nothing: the segments were late and not lost. Owned by {@link
 * Recovery}. Two witnesses, as in Linux: a timestamp that was echoed from before the first
 * repetition (Eifel, RFC 3522), and D-SACKs for all that was repeated (RFC 3708).
 */
final class Undo {
  private boolean possible;
  private int repeated;
  private boolean stamped;
  private int stamp;

  /** A recovery begins; nothing was repeated yet. */
  void begin() {
    possible = true;
    repeated = 0;
    stamped = false;
  }

  /** What it took is given back, or must not be: asked no more. */
  void end() {
    possible = false;
  }

  /**
   * Bytes left again.
   *
   * @param timestamps whether the segment bore a timestamp
   * @param value that timestamp
   */
  void onRepeated(int bytes, boolean timestamps, int value) {
    repeated += bytes;
    if (timestamps && !stamped) {
      stamped = true;
      stamp = value;
    }
  }

  /**
   * Whether an acknowledgement that moved sndUna was caused by the original of what was repeated.
   */
  boolean isForOriginal(TcpOptions options) {
    return possible && stamped && options.hasTimestamps() && Seq.before(options.tsEcr(), stamp);
  }

  /** A D-SACK told of {@code bytes}; returns whether all that was repeated had come before. */
  boolean isAllNeedless(int bytes) {
    if (!possible || repeated == 0) {
      return false;
    }
    repeated = Math.max(0, repeated - bytes);
    return repeated == 0;
  }
}
