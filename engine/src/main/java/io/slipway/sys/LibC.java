package io.slipway.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls functions of the C library. Stateless but for one errno cell per thread, which that thread
 * owns.
 *
 * <p>One shape serves all: six {@code long} arguments, declared variadic, and a {@code long} result
 * of which an {@code int} is used. Both ABIs we run on (System V for x86-64, AAPCS64) pass every
 * integer and pointer in a register of 64 bits; a function reads the half that it declared, and
 * none of the registers beyond its own arguments. Binding costs milliseconds for every further
 * shape, at the start of a program whose start is measured; and pointers as {@code long} save an
 * object per call.
 */
@SuppressWarnings("restricted")
final class LibC {
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /**
   * All of memory, indexed by absolute address. For bytes that the caller owns by contract; nothing
   * checks bounds or lifetime here.
   */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
  private static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      ERRNO_LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG),
          CAPTURE_ERRNO,
          Linker.Option.firstVariadicArg(1));
  private static final ThreadLocal<MemorySegment> ERRNO_CELL =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ERRNO_LAYOUT));

  private LibC() {}

  /** The address of {@code name}, for {@link #call}. */
  static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  /** Calls a function of at most six arguments; its result as an {@code int}, or negated errno. */
  static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment errno = ERRNO_CELL.get();
    return result(raw(function, errno, a, b, c, d, e, f), errno);
  }

  /** Calls a function without arguments that cannot fail: all 32 bits of its result count. */
  static int infallible(MemorySegment function) {
    return raw(function, ERRNO_CELL.get(), 0, 0, 0, 0, 0, 0);
  }

  private static int raw(
      MemorySegment function, MemorySegment errno, long a, long b, long c, long d, long e, long f) {
    try {
      return (int) (long) CALL.invokeExact(function, errno, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The same with at most three arguments. */
  static int call(MemorySegment function, long a, long b, long c) {
    return call(function, a, b, c, 0, 0, 0);
  }

  /** Binds {@code name} with a shape of its own, for a caller that needs another one. */
  static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        symbol(name), FunctionDescriptor.of(result, arguments), CAPTURE_ERRNO);
  }

  /** The calling thread's errno cell, the first argument of a handle of {@link #function}. */
  static MemorySegment errnoCell() {
    return ERRNO_CELL.get();
  }

  /** {@code result}, or the negated errno when it is negative. */
  static int result(int result, MemorySegment errnoCell) {
    return result >= 0 ? result : -errnoCell.get(INT, ERRNO_OFFSET);
  }

  /**
   * What to throw when a bound handle throws. A C function throws nothing, so only an error of ours
   * (a wrong signature) or of the JVM arrives here.
   */
  static RuntimeException unexpected(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(cause);
  }
}
