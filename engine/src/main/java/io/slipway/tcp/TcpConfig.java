package io.slipway.tcp;

/**
 * Settings that all connections of an engine share. Times are nanoseconds, sizes bytes.
 *
 * @param receiveBuffer largest window we open, and so the most that waits for the host per flow; it
 *     begins smaller and grows as a path turns out to need it; like Linux 3 MiB
 * @param initialRto RFC 6298 2.1: one second
 * @param minRto lower bound of the retransmission timeout; like Linux, 200 ms, not the RFC's second
 * @param maxRto upper bound of the retransmission timeout, and of the persist timer's pause
 * @param delayedAck longest wait before an acknowledgement; like Linux 40 ms (RFC 1122 allows 500)
 * @param timeWait how long TIME-WAIT lasts. Unlike the RFC's 2 MSL: the guest is one hop away, and
 *     nothing on that hop can hold a segment for seconds
 * @param synRetries how often an unanswered SYN or SYN-ACK is repeated
 * @param retries how often unacknowledged data is repeated; like Linux's tcp_retries2, 15
 * @param keepalive silence after which the guest is probed; 0: never
 */
public record TcpConfig(
    int receiveBuffer,
    long initialRto,
    long minRto,
    long maxRto,
    long delayedAck,
    long timeWait,
    int synRetries,
    int retries,
    long keepalive) {
  private static final long MILLIS = 1_000_000;

  /** Settings that behave like a Linux peer. */
  public static final TcpConfig DEFAULT =
      new TcpConfig(
          3 << 20,
          1000 * MILLIS,
          200 * MILLIS,
          120_000 * MILLIS,
          40 * MILLIS,
          2000 * MILLIS,
          5,
          15,
          0);

  /** The same settings with another silence before the guest is probed. */
  public TcpConfig withKeepalive(long nanos) {
    return new TcpConfig(
        receiveBuffer,
        initialRto,
        minRto,
        maxRto,
        delayedAck,
        timeWait,
        synRetries,
        retries,
        nanos);
  }
}
