package io.slipway.sys;

import static io.slipway.sys.LibC.LONG;

import java.lang.invoke.MethodHandle;

/**
 * Handles for the functions that {@code Spawn*} needs. Stateless.
 *
 * <p>All are bound with one of two shapes, three or six longs, because each further shape costs
 * milliseconds of a cold start: trailing arguments that a function does not have are zeros in
 * registers it does not read. A result is an {@code int} in C; its upper half means nothing here.
 */
final class SpawnLibC {
  private SpawnLibC() {}

  /** Binds a function of up to three arguments, none of them variadic. */
  static MethodHandle three(String name) {
    return LibC.function(name, LONG, LONG, LONG, LONG);
  }

  /** Binds a function of up to six arguments, none of them variadic. */
  static MethodHandle six(String name) {
    return LibC.function(name, LONG, LONG, LONG, LONG, LONG, LONG, LONG);
  }

  /** Calls; a C {@code int} comes back, or the negated errno. */
  static int call(MethodHandle handle, long a, long b, long c) {
    var errno = LibC.errnoCell();
    try {
      return LibC.result((int) (long) handle.invokeExact(errno, a, b, c), errno);
    } catch (Throwable t) {
      throw LibC.unexpected(t);
    }
  }

  /** Calls a function bound by {@link #six}; a C {@code int} comes back, or the negated errno. */
  static int call(MethodHandle handle, long a, long b, long c, long d) {
    var errno = LibC.errnoCell();
    try {
      return LibC.result((int) (long) handle.invokeExact(errno, a, b, c, d, 0L, 0L), errno);
    } catch (Throwable t) {
      throw LibC.unexpected(t);
    }
  }

  /** Calls a function that returns an error number (0: none) instead of setting errno. */
  static void set(String what, MethodHandle handle, long a, long b, long c) {
    var errno = LibC.errnoCell();
    try {
      LinuxException.check(what, -(int) (long) handle.invokeExact(errno, a, b, c));
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw LibC.unexpected(t);
    }
  }
}
