package io.slipway.tcp;

/** Why a connection with the guest ended: the word that logs and events show. */
public enum CloseReason {
  /** Both directions ended with a FIN. */
  FINISHED,
  /** The guest sent a reset. */
  GUEST_RESET,
  /** The host side failed or was reset, and the guest was told so. */
  HOST_RESET,
  /** The host did not accept, and the guest was refused. */
  HOST_REFUSED,
  /** The guest stopped sending its SYN before the host answered. */
  GUEST_GAVE_UP,
  /** The guest did not answer our SYN or SYN-ACK. */
  HANDSHAKE_TIMEOUT,
  /** The guest no longer acknowledges. */
  GUEST_TIMEOUT,
  /** The guest's address answers, but not this connection. */
  GUEST_REFUSED,
  /** The engine, or its operator, ended it. */
  SHUTDOWN
}
