package io.slipway.route;

/** What becomes of the guest's echo requests to others than us. */
public enum EchoMode {
  /** They are carried to whom they are for. */
  REAL,
  /** We answer them, as if everybody were here. */
  LOCAL,
  /** They are refused. */
  OFF
}
