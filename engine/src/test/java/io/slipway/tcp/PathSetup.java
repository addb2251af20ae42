package io.slipway.tcp;

/**
 * What a simulated path is like. Chances are per packet, 0 to 1.
 *
 * @param bytesPerSecond rate of the bottleneck towards the guest, of IP packets
 * @param rttNanos round trip of an otherwise empty path
 * @param queueBytes what waits before the bottleneck; more is dropped
 * @param loss chance that a packet towards the guest is lost
 * @param duplicate chance that it arrives twice
 * @param reorder chance that it is late by up to {@code lateNanos}
 * @param lateNanos see {@code reorder}
 * @param ackLoss chance that an acknowledgement is lost
 * @param sack whether the guest offers selective acknowledgements
 * @param timestamps whether the guest offers timestamps
 * @param seed of all chances
 */
record PathSetup(
    long bytesPerSecond,
    long rttNanos,
    int queueBytes,
    double loss,
    double duplicate,
    double reorder,
    long lateNanos,
    double ackLoss,
    boolean sack,
    boolean timestamps,
    long seed) {
  private static final long MILLIS = 1_000_000;

  /** 100 Mbit/s, a queue of one round trip of 20 ms, a guest like Linux; else nothing happens. */
  static PathSetup of(long rttMillis, double loss, long seed) {
    return new PathSetup(
        12_500_000, rttMillis * MILLIS, 250_000, loss, 0, 0, 0, 0, true, true, seed);
  }

  PathSetup queue(int bytes) {
    return new PathSetup(
        bytesPerSecond,
        rttNanos,
        bytes,
        loss,
        duplicate,
        reorder,
        lateNanos,
        ackLoss,
        sack,
        timestamps,
        seed);
  }

  PathSetup duplicate(double chance) {
    return new PathSetup(
        bytesPerSecond,
        rttNanos,
        queueBytes,
        loss,
        chance,
        reorder,
        lateNanos,
        ackLoss,
        sack,
        timestamps,
        seed);
  }

  PathSetup reorder(double chance, long late) {
    return new PathSetup(
        bytesPerSecond,
        rttNanos,
        queueBytes,
        loss,
        duplicate,
        chance,
        late,
        ackLoss,
        sack,
        timestamps,
        seed);
  }

  PathSetup ackLoss(double chance) {
    return new PathSetup(
        bytesPerSecond,
        rttNanos,
        queueBytes,
        loss,
        duplicate,
        reorder,
        lateNanos,
        chance,
        sack,
        timestamps,
        seed);
  }

  /** What the guest offers in its SYN. */
  PathSetup offers(boolean selective, boolean stamps) {
    return new PathSetup(
        bytesPerSecond,
        rttNanos,
        queueBytes,
        loss,
        duplicate,
        reorder,
        lateNanos,
        ackLoss,
        selective,
        stamps,
        seed);
  }
}
