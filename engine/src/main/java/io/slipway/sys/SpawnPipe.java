package io.slipway.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A pipe to or from a program that we start. Owned by one thread at a time. Neither end is
 * inherited but as a duplicate, and both are above 2, where a duplicate could otherwise land.
 */
public final class SpawnPipe implements AutoCloseable {
  private static final int CLOSED = -1;
  private static final int ABOVE_STANDARD = 3;

  private int readEnd;
  private int writeEnd;

  private SpawnPipe(int readEnd, int writeEnd) {
    this.readEnd = readEnd;
    this.writeEnd = writeEnd;
  }

  /** Makes a pipe. */
  public static SpawnPipe open() {
    int[] ends = new int[2];
    LinuxException.check("pipe", Linux.pipe2(ends, Linux.O_CLOEXEC));
    return new SpawnPipe(lift(ends[0]), lift(ends[1]));
  }

  /** Moves a descriptor out of the way if our caller had closed one of the standard three. */
  private static int lift(int descriptor) {
    if (descriptor >= ABOVE_STANDARD) {
      return descriptor;
    }
    int lifted = Linux.fcntl(descriptor, Linux.F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    Linux.close(descriptor);
    return LinuxException.check("fcntl", lifted);
  }

  /** The end that is read from. */
  public int readEnd() {
    return readEnd;
  }

  /** The end that is written to. */
  public int writeEnd() {
    return writeEnd;
  }

  /** Closes one end; a second time does nothing. */
  public void closeReadEnd() {
    if (readEnd != CLOSED) {
      Linux.close(readEnd);
      readEnd = CLOSED;
    }
  }

  /** Closes one end; a second time does nothing. */
  public void closeWriteEnd() {
    if (writeEnd != CLOSED) {
      Linux.close(writeEnd);
      writeEnd = CLOSED;
    }
  }

  /** Blocks for one line, returned without its end; at the end of the pipe, what there is of it. */
  public String readLine() {
    StringBuilder line = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      while (true) {
        int count = Linux.read(readEnd, one.address(), 1);
        byte read = one.get(LibC.BYTE, 0);
        if (count == -Errno.EINTR) {
          continue;
        }
        if (count <= 0 || read == '\n') {
          return line.toString();
        }
        line.append((char) (read & 0xff));
      }
    }
  }

  /**
   * Writes a short text.
   *
   * @return the number of bytes, or the negated errno: EPIPE when nobody reads any more
   */
  public int write(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      return Linux.write(writeEnd, SpawnText.allocate(arena, bytes).address(), bytes.length);
    }
  }

  @Override
  public void close() {
    closeReadEnd();
    closeWriteEnd();
  }
}
