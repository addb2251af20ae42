package io.slipway.tcp;

import io.slipway.wire.TcpOptions;

/**
 * What only the handshake needs to know; dropped when the connection is established. Owned by its
 * {@link TcpConnection}. All of it comes from the guest's SYN (RFC 9293 3.7.1, RFC 7323 2.2).
 */
final class Handshake {
  /** RFC 9293 3.7.1: what to assume of a SYN without the option, and like Linux of a zero. */
  private static final int DEFAULT_MSS_V4 = 536;

  private static final int DEFAULT_MSS_V6 = 1220;

  /** Like Linux's tcp_min_snd_mss: a guest cannot make us send a packet a byte. */
  private static final int MIN_MSS = 48;

  /** RFC 7323 2.3: a larger shift counts as 14. */
  private static final int MAX_SHIFT = 14;

  private static final long SECOND = 1_000_000_000;

  private int irs;
  private int textLength;
  private int guestMss;
  private int guestShift;
  private boolean scaling;
  private boolean sack;
  private boolean stamps;
  private int stamp;
  private long lastSyn;
  private long patience = 3 * SECOND;

  /**
   * Reads a SYN or SYN-ACK.
   *
   * @param text bytes of payload in it
   */
  void read(int seq, int text, TcpOptions options, boolean v6, long nowNanos) {
    irs = seq;
    textLength = text;
    int mss = options.mss();
    guestMss = mss > 0 ? Math.max(mss, MIN_MSS) : v6 ? DEFAULT_MSS_V6 : DEFAULT_MSS_V4;
    scaling = options.windowScale() >= 0;
    sack = options.sackPermitted();
    stamps = options.hasTimestamps();
    stamp = options.tsVal();
    guestShift = Math.clamp(options.windowScale(), 0, MAX_SHIFT);
    lastSyn = nowNanos;
  }

  /** The same SYN came again: the guest is still waiting. */
  void repeated(long nowNanos) {
    // its next repetition may take twice as long as this one took
    patience = Math.max(3 * SECOND, 3 * (nowNanos - lastSyn));
    lastSyn = nowNanos;
  }

  /** When a guest that stays silent counts as gone. */
  long givesUpAt() {
    return lastSyn + patience;
  }

  int irs() {
    return irs;
  }

  /** Payload of the SYN, which nobody keeps: the guest sends it again. */
  int textLength() {
    return textLength;
  }

  int guestMss() {
    return guestMss;
  }

  /** The guest's window shift; 0 unless both sides offered the option. */
  int guestShift() {
    return scaling ? guestShift : 0;
  }

  boolean scaling() {
    return scaling;
  }

  /** The guest takes SACK (RFC 2018 2). */
  boolean sack() {
    return sack;
  }

  /** The guest sends timestamps (RFC 7323 3.2); its first one is {@link #stamp}. */
  boolean stamps() {
    return stamps;
  }

  int stamp() {
    return stamp;
  }
}
