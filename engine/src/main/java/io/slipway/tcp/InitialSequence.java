package io.slipway.tcp;

/**
 * Initial sequence numbers that an outsider cannot guess (RFC 6528 3): a 4 microsecond clock plus a
 * keyed hash of the two endpoints. Owned by one loop; the key is drawn once per engine.
 */
public final class InitialSequence {
  private final long key0;
  private final long key1;
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  /** The two halves of a secret drawn from a strong random source. */
  public InitialSequence(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** The sequence number of a SYN of ours: {@code M + F(local, remote, secret)}. */
  public int next(
      long nowNanos,
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    long ports = ((long) localPort << 16) | remotePort;
    return (int) (nowNanos >>> 12) + (int) hash(localHigh, localLow, remoteHigh, remoteLow, ports);
  }

  /** SipHash-2-4 over five words, and the closing word that holds their length. */
  private long hash(long a, long b, long c, long d, long e) {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
    absorb(a);
    absorb(b);
    absorb(c);
    absorb(d);
    absorb(e);
    absorb(40L << 56);
    v2 ^= 0xff;
    round();
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private void absorb(long word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }

  private void round() {
    v0 += v1;
    v1 = Long.rotateLeft(v1, 13) ^ v0;
    v0 = Long.rotateLeft(v0, 32);
    v2 += v3;
    v3 = Long.rotateLeft(v3, 16) ^ v2;
    v0 += v3;
    v3 = Long.rotateLeft(v3, 21) ^ v0;
    v2 += v1;
    v1 = Long.rotateLeft(v1, 17) ^ v2;
    v2 = Long.rotateLeft(v2, 32);
  }
}
