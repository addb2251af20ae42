package io.slipway.tcp;

/**
 * The states of a connection and the one pure table that moves between them (RFC 9293 3.3.2, figure
 * 5).
 *
 * <p>{@link #HELD} is ours: it stands where the RFC has LISTEN. The guest's SYN is kept,
 * unanswered, until the host has connected.
 */
public enum TcpState {
  /** No connection: before the first move and after the last. */
  CLOSED,
  /** A guest's SYN waits for the host's answer. */
  HELD,
  /** Our SYN is out (a host client wants the guest's server). */
  SYN_SENT,
  /** Our SYN-ACK is out. */
  SYN_RECEIVED,
  /** Both directions open. */
  ESTABLISHED,
  /** Our FIN is out, not yet acknowledged; the guest still sends. */
  FIN_WAIT_1,
  /** Our FIN is acknowledged; the guest still sends. */
  FIN_WAIT_2,
  /** The guest's FIN came; we still send. */
  CLOSE_WAIT,
  /** Both FINs crossed; ours is not yet acknowledged. */
  CLOSING,
  /** The guest's FIN came first; ours is out. */
  LAST_ACK,
  /** All is said; old segments of the guest are answered for a while. */
  TIME_WAIT;

  /** What may happen to a connection. */
  enum Event {
    /** A guest's SYN was taken in. */
    SYN_HELD,
    /** We began: SYN sent. */
    SYN_SENT,
    /** We answered a SYN (held or crossing): SYN-ACK sent. */
    SYN_ACK_SENT,
    /** Our SYN was acknowledged. */
    SYN_ACKED,
    /** We sent our FIN. */
    FIN_SENT,
    /** The guest's FIN was received in order. */
    FIN_RECEIVED,
    /** Our FIN was acknowledged. */
    FIN_ACKED,
    /** A reset either way, a timeout, or the end of TIME-WAIT. */
    END
  }

  /**
   * The state after {@code event}.
   *
   * @throws AssertionError when the event cannot happen in this state: the caller's mistake
   */
  TcpState next(Event event) {
    return switch (event) {
      case END -> CLOSED;
      case SYN_HELD -> must(this == CLOSED, HELD, event);
      case SYN_SENT -> must(this == CLOSED, TcpState.SYN_SENT, event);
      case SYN_ACK_SENT -> must(this == HELD || this == TcpState.SYN_SENT, SYN_RECEIVED, event);
      case SYN_ACKED -> must(this == TcpState.SYN_SENT || this == SYN_RECEIVED, ESTABLISHED, event);
      case FIN_SENT ->
          switch (this) {
            case ESTABLISHED, SYN_RECEIVED -> FIN_WAIT_1;
            case CLOSE_WAIT -> LAST_ACK;
            default -> must(false, this, event);
          };
      case FIN_RECEIVED ->
          switch (this) {
            case ESTABLISHED -> CLOSE_WAIT;
            case FIN_WAIT_1 -> CLOSING;
            case FIN_WAIT_2 -> TIME_WAIT;
            default -> must(false, this, event);
          };
      case FIN_ACKED ->
          switch (this) {
            case FIN_WAIT_1 -> FIN_WAIT_2;
            case CLOSING -> TIME_WAIT;
            case LAST_ACK -> CLOSED;
            default -> must(false, this, event);
          };
    };
  }

  private TcpState must(boolean allowed, TcpState then, Event event) {
    if (!allowed) {
      throw new AssertionError(event + " cannot happen in " + this);
    }
    return then;
  }

  /** Both sides know of each other's SYN: data may flow, or has flowed. */
  boolean isSynchronized() {
    return compareTo(ESTABLISHED) >= 0;
  }

  /** The guest's stream has not ended yet. */
  boolean mayReceive() {
    return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
  }

  /** Data and FIN of ours may be sent or sent again. */
  boolean maySend() {
    return this == ESTABLISHED
        || this == CLOSE_WAIT
        || this == FIN_WAIT_1
        || this == CLOSING
        || this == LAST_ACK;
  }
}
