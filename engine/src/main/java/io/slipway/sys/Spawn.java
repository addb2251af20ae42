package io.slipway.sys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A program to start with posix_spawn(3), which unlike {@link ProcessBuilder} lets the program keep
 * descriptors, signal mask and ignored signals as we say. Owned by the thread that fills it in and
 * calls {@link #start()} once.
 *
 * <p>The program gets this process's environment, bytes untouched, its directory, umask, limits and
 * process group. Of the descriptors it gets those named to {@link #keep} and {@link #duplicate} and
 * no other.
 */
@SuppressWarnings("restricted")
public final class Spawn {
  private static final int SET_SIGNALS_DEFAULT = 0x04;
  private static final int SET_SIGNAL_MASK = 0x08;
  private static final int SET_SESSION = 0x80;

  /** Larger than posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t of any glibc. */
  private static final long OPAQUE_BYTES = 1024;

  private static final String WHAT = "posix_spawn";

  private static final MethodHandle SPAWN = SpawnLibC.six("posix_spawn");
  private static final MethodHandle ACTIONS_INIT = SpawnLibC.three("posix_spawn_file_actions_init");
  private static final MethodHandle ACTIONS_DESTROY =
      SpawnLibC.three("posix_spawn_file_actions_destroy");
  private static final MethodHandle ADD_DUP2 = SpawnLibC.three("posix_spawn_file_actions_adddup2");
  private static final MethodHandle ADD_CLOSE =
      SpawnLibC.three("posix_spawn_file_actions_addclose");
  private static final MethodHandle ATTRIBUTES_INIT = SpawnLibC.three("posix_spawnattr_init");
  private static final MethodHandle SET_FLAGS = SpawnLibC.three("posix_spawnattr_setflags");
  private static final MethodHandle SET_MASK = SpawnLibC.three("posix_spawnattr_setsigmask");
  private static final MethodHandle SET_DEFAULT = SpawnLibC.three("posix_spawnattr_setsigdefault");

  private static final MethodHandle DUP2 = SpawnLibC.three("dup2");

  private final String program;
  private final List<byte[]> arguments;
  private final Set<Integer> kept = new TreeSet<>();
  private final Map<Integer, Integer> duplicates = new HashMap<>();
  private long blocked;
  private long ignored;
  private boolean session;

  /**
   * Describes a program.
   *
   * @param program its path; no search is made
   * @param arguments from the name it is told on, without terminating zeros
   */
  public Spawn(String program, List<byte[]> arguments) {
    this.program = program;
    this.arguments = List.copyOf(arguments);
  }

  /** Describes a program whose arguments are plain text. */
  public static Spawn of(String program, List<String> arguments) {
    List<byte[]> bytes = new ArrayList<>(arguments.size());
    for (String argument : arguments) {
      bytes.add(argument.getBytes(StandardCharsets.UTF_8));
    }
    return new Spawn(program, bytes);
  }

  /** Leaves these descriptors open, under their numbers. They must not be close-on-exec. */
  public Spawn keep(Iterable<Integer> descriptors) {
    for (int descriptor : descriptors) {
      kept.add(descriptor);
    }
    return this;
  }

  /** Gives the program a duplicate of {@code descriptor}, which must be above 2, as {@code as}. */
  public Spawn duplicate(int descriptor, int as) {
    duplicates.put(as, descriptor);
    return this;
  }

  /** The signals that the program finds blocked and ignored: bit N-1 stands for signal N. */
  public Spawn signals(long blocked, long ignored) {
    this.blocked = blocked;
    this.ignored = ignored;
    return this;
  }

  /** Makes the program the leader of a new session, out of reach of the terminal's signals. */
  public Spawn newSession() {
    session = true;
    return this;
  }

  /**
   * Starts the program.
   *
   * <p>While it does, the signals of {@link #signals} that this process does not ignore are ignored
   * here for the fraction of a millisecond: exec hands on no other disposition.
   *
   * @throws LinuxException when it cannot be started; says why
   */
  public SpawnedProcess start() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(OPAQUE_BYTES, 16);
      SpawnLibC.set(WHAT, ACTIONS_INIT, actions.address(), 0, 0);
      try (SpawnSignals signals = SpawnSignals.ignoring(ignored)) {
        addActions(actions.address());
        return new SpawnedProcess(spawn(arena, actions, attributes(arena, signals)));
      } finally {
        SpawnLibC.set(WHAT, ACTIONS_DESTROY, actions.address(), 0, 0);
      }
    }
  }

  /**
   * Lets go of a descriptor that is now a program's: ours becomes {@code /dev/null}, so that the
   * other end of a pipe sees what the program does with it. The number stays taken.
   */
  public static void handOver(int descriptor) {
    int nothing = Linux.open("/dev/null", Linux.O_RDWR | Linux.O_CLOEXEC);
    if (nothing >= 0) {
      SpawnLibC.call(DUP2, nothing, descriptor, 0);
      Linux.close(nothing);
    }
  }

  private void addActions(long actions) {
    for (Map.Entry<Integer, Integer> entry : duplicates.entrySet()) {
      SpawnLibC.set(WHAT, ADD_DUP2, actions, entry.getValue(), entry.getKey());
    }
    for (int descriptor : openDescriptors()) {
      if (!kept.contains(descriptor) && !duplicates.containsKey(descriptor)) {
        SpawnLibC.set(WHAT, ADD_CLOSE, actions, descriptor, 0);
      }
    }
  }

  /**
   * What is open now. A descriptor that another thread opens a moment later is close-on-exec, as
   * the JDK's and Netty's all are but for a few of the JVM's first.
   */
  private static Set<Integer> openDescriptors() {
    Set<Integer> open = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path entry : entries) {
        open.add(Integer.parseInt(entry.getFileName().toString()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return open;
  }

  private MemorySegment attributes(Arena arena, SpawnSignals signals) {
    MemorySegment attributes = arena.allocate(OPAQUE_BYTES, 16);
    MemorySegment set = arena.allocate(OPAQUE_BYTES, 16);
    SpawnLibC.set(WHAT, ATTRIBUTES_INIT, attributes.address(), 0, 0);
    int flags = SET_SIGNALS_DEFAULT | SET_SIGNAL_MASK | (session ? SET_SESSION : 0);
    SpawnLibC.set(WHAT, SET_FLAGS, attributes.address(), flags, 0);
    set.set(LibC.LONG, 0, blocked);
    SpawnLibC.set(WHAT, SET_MASK, attributes.address(), set.address(), 0);
    set.set(LibC.LONG, 0, ~signals.ignored());
    SpawnLibC.set(WHAT, SET_DEFAULT, attributes.address(), set.address(), 0);
    return attributes;
  }

  private int spawn(Arena arena, MemorySegment actions, MemorySegment attributes) {
    MemorySegment pid = arena.allocate(LibC.INT);
    MemorySegment argv = arena.allocate(LibC.LONG, arguments.size() + 1L);
    for (int i = 0; i < arguments.size(); i++) {
      argv.setAtIndex(LibC.LONG, i, SpawnText.allocate(arena, arguments.get(i)).address());
    }
    long path = arena.allocateFrom(program).address();
    MemorySegment errno = LibC.errnoCell();
    try {
      int error =
          (int)
              (long)
                  SPAWN.invokeExact(
                      errno,
                      pid.address(),
                      path,
                      actions.address(),
                      attributes.address(),
                      argv.address(),
                      SpawnText.environment());
      LinuxException.check(program, -error);
      return pid.get(LibC.INT, 0);
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw LibC.unexpected(t);
    }
  }
}
