package io.slipway.wire;

import io.netty.buffer.ByteBuf;

/**
 * The options of one TCP segment: read into this reusable object, written by the static methods.
 * Owned by whoever parses with it; holds the last segment's options until the next {@link #parse}.
 *
 * <p>Like Linux: an option of a known kind but the wrong length is skipped, a length that cannot be
 * (below 2, or beyond the header) ends the parsing, and what was read before it counts. MSS, window
 * scale and SACK-permitted mean something on a SYN only, which is for the caller to know.
 */
public final class TcpOptions {

  /** The largest shift count (RFC 7323 §2.3); a larger one is read as this. */
  public static final int MAX_WINDOW_SCALE = 14;

  /** Most SACK blocks that fit 40 bytes. */
  public static final int MAX_SACK_BLOCKS = 4;

  /** Bytes that {@link #writeTimestamps} takes. */
  public static final int TIMESTAMPS_LENGTH = 12;

  private static final int END = 0;
  private static final int NOP = 1;
  private static final int MSS = 2;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK_PERMITTED = 4;
  private static final int SACK = 5;
  private static final int TIMESTAMPS = 8;

  private int mss = -1;
  private int windowScale = -1;
  private boolean sackPermitted;
  private boolean timestamps;
  private int tsVal;
  private int tsEcr;
  private int sackCount;
  private final int[] sackEdges = new int[2 * MAX_SACK_BLOCKS];

  /** Forgets everything. */
  public void clear() {
    mss = -1;
    windowScale = -1;
    sackPermitted = false;
    timestamps = false;
    tsVal = 0;
    tsEcr = 0;
    sackCount = 0;
  }

  /**
   * Reads the options in {@code [from, to)}.
   *
   * @return false when a length was impossible; the options before it are kept
   */
  public boolean parse(ByteBuf frame, int from, int to) {
    clear();
    int at = from;
    while (at < to) {
      int kind = frame.getByte(at);
      if (kind == END) {
        return true;
      }
      if (kind == NOP) {
        at++;
        continue;
      }
      if (to - at < 2) {
        return false;
      }
      int length = frame.getUnsignedByte(at + 1);
      if (length < 2 || length > to - at) {
        return false;
      }
      read(frame, at + 2, kind, length);
      at += length;
    }
    return true;
  }

  private void read(ByteBuf frame, int at, int kind, int length) {
    switch (kind) {
      case MSS -> {
        if (length == 4 && frame.getUnsignedShort(at) != 0) {
          mss = frame.getUnsignedShort(at);
        }
      }
      case WINDOW_SCALE -> {
        if (length == 3) {
          windowScale = Math.min(frame.getUnsignedByte(at), MAX_WINDOW_SCALE);
        }
      }
      case SACK_PERMITTED -> sackPermitted |= length == 2;
      case SACK -> readSack(frame, at, length - 2);
      case TIMESTAMPS -> {
        if (length == 10) {
          timestamps = true;
          tsVal = frame.getInt(at);
          tsEcr = frame.getInt(at + 4);
        }
      }
      default -> {}
    }
  }

  private void readSack(ByteBuf frame, int at, int bytes) {
    if (bytes == 0 || (bytes & 7) != 0) {
      return;
    }
    sackCount = Math.min(bytes >>> 3, MAX_SACK_BLOCKS);
    for (int i = 0; i < 2 * sackCount; i++) {
      sackEdges[i] = frame.getInt(at + 4 * i);
    }
  }

  /** The peer's maximum segment size, or -1 when absent (or given as 0, like Linux). */
  public int mss() {
    return mss;
  }

  /** The shift count 0..14, or -1 when absent. */
  public int windowScale() {
    return windowScale;
  }

  public boolean sackPermitted() {
    return sackPermitted;
  }

  public boolean hasTimestamps() {
    return timestamps;
  }

  public int tsVal() {
    return tsVal;
  }

  public int tsEcr() {
    return tsEcr;
  }

  public int sackCount() {
    return sackCount;
  }

  /** The first sequence number of block {@code i}. */
  public int sackLeft(int i) {
    return sackEdges[2 * i];
  }

  /** The sequence number just after block {@code i}. */
  public int sackRight(int i) {
    return sackEdges[2 * i + 1];
  }

  // ---- writers: each returns the index behind what it wrote, a multiple of 4 bytes further

  public static int writeMss(ByteBuf buf, int at, int mss) {
    buf.setInt(at, (MSS << 24) | (4 << 16) | mss);
    return at + 4;
  }

  public static int writeWindowScale(ByteBuf buf, int at, int shift) {
    buf.setInt(at, (NOP << 24) | (WINDOW_SCALE << 16) | (3 << 8) | shift);
    return at + 4;
  }

  public static int writeSackPermitted(ByteBuf buf, int at) {
    buf.setInt(at, (NOP << 24) | (NOP << 16) | (SACK_PERMITTED << 8) | 2);
    return at + 4;
  }

  public static int writeTimestamps(ByteBuf buf, int at, int tsVal, int tsEcr) {
    buf.setInt(at, (NOP << 24) | (NOP << 16) | (TIMESTAMPS << 8) | 10);
    buf.setInt(at + 4, tsVal);
    buf.setInt(at + 8, tsEcr);
    return at + TIMESTAMPS_LENGTH;
  }

  /**
   * Writes the head of a SACK option; {@code blocks} calls of {@link #writeSackBlock} must follow.
   */
  public static int writeSackHead(ByteBuf buf, int at, int blocks) {
    buf.setInt(at, (NOP << 24) | (NOP << 16) | (SACK << 8) | (2 + 8 * blocks));
    return at + 4;
  }

  public static int writeSackBlock(ByteBuf buf, int at, int left, int right) {
    buf.setInt(at, left);
    buf.setInt(at + 4, right);
    return at + 8;
  }

  /**
   * Writes a whole SACK option.
   *
   * @param edges left and right edges in turn
   * @param blocks how many pairs of them, 1..4 (3 beside timestamps)
   */
  public static int writeSack(ByteBuf buf, int at, int[] edges, int blocks) {
    int next = writeSackHead(buf, at, blocks);
    for (int i = 0; i < blocks; i++) {
      next = writeSackBlock(buf, next, edges[2 * i], edges[2 * i + 1]);
    }
    return next;
  }
}
