package io.slipway.tcp;

import io.netty.buffer.ByteBuf;
import io.slipway.wire.Seq;
import io.slipway.wire.TcpOptions;

/**
 * The timestamps option of one connection, and the protection against wrapped sequence numbers that
 * it gives (RFC 7323 3 to 5). Owned by its {@link TcpConnection}. Round trips are measured
 * elsewhere, in nanoseconds; the clock here ticks in milliseconds, as Linux's does.
 */
final class Timestamps {
  private static final long MILLI = 1_000_000;

  /** RFC 7323 5.5: a timestamp older than 24 days says nothing any more. */
  private static final long OUTDATED = 24L * 24 * 3600 * 1000 * MILLI;

  /** So far apart in ticks, which most systems count in milliseconds, is what overtook another. */
  private static final int OVERTAKEN = 200;

  private final int offset;
  private boolean on;
  private int recent;
  private long recentSince;

  /** Our clock starts at a number that an outsider does not know. */
  Timestamps(int offset) {
    this.offset = offset;
  }

  /** Both sides have offered the option; the guest's SYN carried {@code first}. */
  void agree(boolean offered, int first, long nowNanos) {
    on = offered;
    recent = first;
    recentSince = nowNanos;
  }

  boolean isOn() {
    return on;
  }

  /** Bytes that the option takes in every segment. */
  int length() {
    return on ? TcpOptions.TIMESTAMPS_LENGTH : 0;
  }

  int write(ByteBuf options, int at, long nowNanos) {
    return TcpOptions.writeTimestamps(options, at, value(nowNanos), recent);
  }

  /** What our segments say now. */
  int value(long nowNanos) {
    return (int) (nowNanos / MILLI) + offset;
  }

  /**
   * RFC 7323 5.3 R1: whether the segment is from before the sequence numbers wrapped. Like Linux,
   * one tick is forgiven, and what is half the circle away is newer.
   */
  boolean isOld(TcpOptions received, long nowNanos) {
    return age(received) > 1 && nowNanos - recentSince < OUTDATED;
  }

  /** Whether the segment is a little late: overtaken on its way by one sent soon after it. */
  boolean isLate(TcpOptions received) {
    return age(received) <= OVERTAKEN;
  }

  /** By how many ticks of the guest the segment is older than the last one in order. */
  private int age(TcpOptions received) {
    return on && received.hasTimestamps() ? recent - received.tsVal() : 0;
  }

  /** Whether the segment is certainly from after the last one whose timestamp was taken. */
  boolean isNewer(TcpOptions received) {
    return age(received) < 0;
  }

  /**
   * RFC 7323 4.3 (2): remembers the timestamp of a segment that spans what was last acknowledged.
   *
   * @param lastAck the last acknowledgement number that we sent
   */
  void take(TcpOptions received, int seq, int lastAck, long nowNanos) {
    if (on && received.hasTimestamps() && Seq.beforeEq(seq, lastAck) && age(received) <= 0) {
      recent = received.tsVal();
      recentSince = nowNanos;
    }
  }
}
