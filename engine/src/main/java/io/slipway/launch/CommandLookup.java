package io.slipway.launch;

import io.slipway.sys.Errno;
import io.slipway.sys.SpawnText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds a program as execvp(3) does, before anything is started, so that a mistyped name costs one
 * clear line. Works on bytes, as names on Linux are. Stateless.
 */
final class CommandLookup {
  /** execvp's path when the environment has none. */
  private static final String DEFAULT_PATH = "/bin:/usr/bin";

  private static final String SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

  private CommandLookup() {}

  /**
   * The path of a command.
   *
   * @param name with a slash a path, without one a name to look for in PATH
   * @param shown the name for a message
   * @throws CommandException 127 when there is none, 126 when what there is cannot be executed
   */
  static byte[] command(byte[] name, String shown) {
    byte[] path = SpawnText.variable("PATH");
    return find(name, shown, path != null ? path : ascii(DEFAULT_PATH));
  }

  /**
   * The path of a program of the system that we use ourselves: PATH first, then the usual places.
   *
   * @throws LaunchException when it is not installed
   */
  static String tool(String name, String packageName) {
    byte @Nullable [] path = SpawnText.variable("PATH");
    try {
      if (path != null) {
        return text(find(ascii(name), name, path));
      }
    } catch (CommandException e) {
      // Not the last place to look.
    }
    try {
      return text(find(ascii(name), name, ascii(SYSTEM_PATH)));
    } catch (CommandException e) {
      throw new LaunchException(name + ": not found; it is part of " + packageName, e);
    }
  }

  private static byte[] find(byte[] name, String shown, byte[] path) {
    if (indexOf(name, '/', 0) >= 0) {
      return usable(name, shown);
    }
    byte @Nullable [] refused = null;
    for (int from = 0; name.length > 0 && from <= path.length; ) {
      int end = indexOf(path, ':', from);
      end = end < 0 ? path.length : end;
      byte[] candidate = join(Arrays.copyOfRange(path, from, end), name);
      if (SpawnText.executable(candidate) >= 0 && !isDirectory(candidate)) {
        return candidate;
      }
      if (SpawnText.exists(candidate) >= 0) {
        refused = candidate;
      }
      from = end + 1;
    }
    if (refused != null) {
      return usable(refused, shown);
    }
    throw new CommandException(ExitStatus.NOT_FOUND, shown + ": command not found");
  }

  private static byte[] usable(byte[] file, String shown) {
    int missing = SpawnText.exists(file);
    if (missing == -Errno.ENOENT || missing == -Errno.ENOTDIR) {
      throw new CommandException(ExitStatus.NOT_FOUND, shown + ": no such file or directory");
    }
    if (isDirectory(file)) {
      throw new CommandException(ExitStatus.CANNOT_EXECUTE, shown + ": is a directory");
    }
    int refused = missing < 0 ? missing : SpawnText.executable(file);
    if (refused < 0) {
      throw new CommandException(
          ExitStatus.CANNOT_EXECUTE,
          shown + ": cannot execute: " + Errno.name(-refused) + " (" + Errno.text(-refused) + ")");
    }
    return file;
  }

  private static boolean isDirectory(byte[] file) {
    return SpawnText.exists(join(file, ascii("."))) >= 0;
  }

  /** Directory, slash, name; an empty directory is the present one. */
  private static byte[] join(byte[] directory, byte[] name) {
    if (directory.length == 0) {
      return join(ascii("."), name);
    }
    byte[] joined = Arrays.copyOf(directory, directory.length + 1 + name.length);
    joined[directory.length] = '/';
    System.arraycopy(name, 0, joined, directory.length + 1, name.length);
    return joined;
  }

  private static int indexOf(byte[] bytes, char wanted, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
