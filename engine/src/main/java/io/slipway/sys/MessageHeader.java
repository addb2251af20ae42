package io.slipway.sys;

import static io.slipway.sys.LibC.INT;
import static io.slipway.sys.LibC.LONG;

import java.lang.foreign.MemorySegment;

/**
 * Offsets in {@code msghdr}, {@code mmsghdr}, {@code iovec} and {@code cmsghdr} (recvmsg(2),
 * cmsg(3)) on 64-bit Linux. No state.
 */
final class MessageHeader {
  static final long SIZE = 56;
  static final long NAME = 0;
  static final long NAME_LENGTH = 8;
  static final long VECTORS = 16;
  static final long VECTOR_COUNT = 24;
  static final long CONTROL = 32;
  static final long CONTROL_LENGTH = 40;
  static final long FLAGS = 48;

  static final long MMSG_LENGTH = SIZE;
  static final long MMSG_SIZE = 64;
  static final long VECTOR_SIZE = 16;

  static final long CMSG_LEVEL = 8;
  static final long CMSG_TYPE = 12;
  static final long CMSG_DATA = 16;

  static final int MSG_TRUNC = 0x20;

  private MessageHeader() {}

  /**
   * Where the data of a control message begins, or -1 when there is none of that kind.
   *
   * @param start offset of the first control message
   * @param end offset after the last
   */
  static long findControl(MemorySegment memory, long start, long end, int level, int type) {
    long at = start;
    while (at + CMSG_DATA <= end) {
      long length = memory.get(LONG, at);
      if (length < CMSG_DATA) {
        return -1;
      }
      if (memory.get(INT, at + CMSG_LEVEL) == level && memory.get(INT, at + CMSG_TYPE) == type) {
        return at + CMSG_DATA;
      }
      at += (length + 7) & ~7L;
    }
    return -1;
  }
}
