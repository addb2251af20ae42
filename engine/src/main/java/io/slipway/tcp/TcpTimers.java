package io.slipway.tcp;

import io.slipway.clock.Timer;
import io.slipway.clock.TimerWheel;

/**
 * The deadlines of one connection on one wheel entry. Owned by its {@link TcpConnection}. Moving a
 * deadline later, or switching it off, touches nothing but a field: the entry fires early once,
 * finds nothing due, and arms itself for what is left. So a busy connection re-arms a few times a
 * second and not once a segment.
 */
final class TcpTimers extends Timer {
  /** A deadline that is off. */
  static final long OFF = Long.MAX_VALUE;

  private final TcpConnection connection;
  private final TimerWheel wheel;
  private long send = OFF;
  private long acknowledge = OFF;
  private long life = OFF;

  TcpTimers(TcpConnection connection, TimerWheel wheel) {
    this.connection = connection;
    this.wheel = wheel;
  }

  /**
   * Retransmission or, with nothing in flight, window probe: never both (RFC 9293 3.8.1, 3.8.6.1).
   */
  void send(long deadlineNanos) {
    send = deadlineNanos;
    hasten(deadlineNanos);
  }

  boolean isSendArmed() {
    return send != OFF;
  }

  /** The delayed acknowledgement. */
  void acknowledge(long deadlineNanos) {
    acknowledge = deadlineNanos;
    hasten(deadlineNanos);
  }

  boolean isAcknowledgeArmed() {
    return acknowledge != OFF;
  }

  /** The state's own limit: a held SYN's patience, TIME-WAIT, the keepalive's silence. */
  void life(long deadlineNanos) {
    life = deadlineNanos;
    hasten(deadlineNanos);
  }

  /** All off. */
  void cancel() {
    send = OFF;
    acknowledge = OFF;
    life = OFF;
    wheel.cancel(this);
  }

  @Override
  protected void expire(long nowNanos) {
    if (acknowledge <= nowNanos) {
      acknowledge = OFF;
      connection.onAcknowledgeTimer(nowNanos);
    }
    if (send <= nowNanos) {
      send = OFF;
      connection.onSendTimer(nowNanos);
    }
    if (life <= nowNanos) {
      life = OFF;
      connection.onLifeTimer(nowNanos);
    }
    hasten(Math.min(send, Math.min(acknowledge, life)));
  }

  private void hasten(long deadlineNanos) {
    if (deadlineNanos != OFF && (!isArmed() || deadlineNanos < deadlineNanos())) {
      wheel.arm(this, deadlineNanos);
    }
  }
}
