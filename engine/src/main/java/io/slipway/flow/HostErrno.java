package io.slipway.flow;

/** The numbers by which Linux says why the host did not answer (errno.h), where a flow cares. */
final class HostErrno {
  static final int AGAIN = 11;
  static final int INVALID = 22;
  static final int NO_BUFFERS = 105;
  static final int TIMED_OUT = 110;
  static final int REFUSED = 111;

  private HostErrno() {}
}
