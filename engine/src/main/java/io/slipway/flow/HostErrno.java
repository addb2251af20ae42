package io.slipway.flow;

/** The numbers by which Linux says why the host did not answer (errno.h), where a flow cares. */
final class HostErrno {
  static final int NOT_PERMITTED = 1;
  static final int ACCESS = 13;
  static final int INVALID = 22;
  static final int MESSAGE_SIZE = 90;
  static final int TIMED_OUT = 110;
  static final int REFUSED = 111;

  private HostErrno() {}
}
