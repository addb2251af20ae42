package io.slipway.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Strings of the C library as the bytes they are. Names, arguments and variables on Linux are
 * bytes; Java's strings of them depend on the locale and lose some. Stateless.
 */
@SuppressWarnings("restricted")
public final class SpawnText {
  private static final int X_OK = 1;
  private static final int F_OK = 0;

  private static final MethodHandle ACCESS = SpawnLibC.three("access");
  private static final MemorySegment ENVIRON =
      Linker.nativeLinker().defaultLookup().find("environ").orElseThrow().reinterpret(8);

  private SpawnText() {}

  static MemorySegment allocate(Arena arena, byte[] text) {
    MemorySegment copy = arena.allocate(text.length + 1L);
    MemorySegment.copy(text, 0, copy, LibC.BYTE, 0, text.length);
    return copy;
  }

  /** The address of this process's environment, for exec. */
  static long environment() {
    return ENVIRON.get(LibC.LONG, 0);
  }

  /** The value of a variable of this process's environment, or null if it has none. */
  public static byte @Nullable [] variable(String name) {
    byte[] wanted = (name + "=").getBytes(StandardCharsets.US_ASCII);
    long next = environment();
    if (next == 0) {
      return null;
    }
    long entry = LibC.MEMORY.get(LibC.LONG, next);
    while (entry != 0) {
      if (startsWith(entry, wanted)) {
        return string(entry + wanted.length);
      }
      next += Long.BYTES;
      entry = LibC.MEMORY.get(LibC.LONG, next);
    }
    return null;
  }

  private static boolean startsWith(long address, byte[] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      // A string that is shorter ends in a zero, which no wanted byte is.
      if (LibC.MEMORY.get(LibC.BYTE, address + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static byte[] string(long address) {
    int length = 0;
    while (LibC.MEMORY.get(LibC.BYTE, address + length) != 0) {
      length++;
    }
    byte[] copy = new byte[length];
    MemorySegment.copy(LibC.MEMORY, LibC.BYTE, address, copy, 0, length);
    return copy;
  }

  /** Whether there is a file of this name: 0, or the negated errno. */
  public static int exists(byte[] path) {
    return access(path, F_OK);
  }

  /** Whether the file may be executed by this user: 0, or the negated errno. */
  public static int executable(byte[] path) {
    return access(path, X_OK);
  }

  private static int access(byte[] path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      return SpawnLibC.call(ACCESS, allocate(arena, path).address(), mode, 0);
    }
  }
}
