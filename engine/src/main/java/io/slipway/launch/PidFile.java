package io.slipway.launch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A file that holds this process's id, for as long as it is open. Owned by whoever made it; one
 * thread at a time.
 *
 * <p>It is locked, and Linux drops a lock with the process however that ends: so a file whose lock
 * is free was left behind and is replaced, whatever process has its number by now. It appears under
 * its name by a rename, complete; the name before that is the same with {@code .new}, so that one
 * left there by an untimely end is used up by the next start.
 */
public final class PidFile implements AutoCloseable {
  private static final int ATTEMPTS = 10;

  private final Path path;
  private final FileChannel channel;
  private final Object identity;

  private PidFile(Path path, FileChannel channel, Object identity) {
    this.path = path;
    this.channel = channel;
    this.identity = identity;
  }

  /**
   * Writes the file.
   *
   * @throws LaunchException when a running process holds it, or it cannot be written
   */
  public static PidFile create(Path path) {
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new LaunchException("--pid-file " + path + ": no such directory");
    }
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        PidFile made = attempt(path.toAbsolutePath());
        if (made != null) {
          return made;
        }
      }
      throw new LaunchException("--pid-file " + path + ": others keep replacing it");
    } catch (IOException e) {
      String reason = e.getClass().getSimpleName().replace("Exception", "");
      throw new LaunchException(
          String.format(Locale.ROOT, "--pid-file %s: cannot be written (%s)", path, reason), e);
    }
  }

  /** One attempt; null when another process's start came in between. */
  private static @Nullable PidFile attempt(Path path) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    FileChannel channel =
        FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean done = false;
    try {
      if (!lock(channel)) {
        throw held(path);
      }
      Object identity = identity(fresh);
      write(channel);
      replace(path, fresh);
      done = identity.equals(identity(path));
      return done ? new PidFile(path, channel, identity) : null;
    } catch (NoSuchFileException e) {
      return null;
    } finally {
      if (!done) {
        channel.close();
      }
    }
  }

  private static void write(FileChannel channel) throws IOException {
    byte[] text = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    channel.write(ByteBuffer.wrap(text), 0);
    channel.truncate(text.length);
  }

  /** Renames {@code fresh} to {@code path}, unless what is there has a living owner. */
  private static void replace(Path path, Path fresh) throws IOException {
    try (FileChannel old = FileChannel.open(path, StandardOpenOption.WRITE)) {
      if (!lock(old)) {
        Files.delete(fresh);
        throw held(path);
      }
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static LaunchException held(Path path) {
    String owner;
    try {
      owner = "process " + Files.readString(path, StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      owner = "another process that is just starting";
    }
    return new LaunchException("--pid-file " + path + ": in use by " + owner);
  }

  private static Object identity(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    if (key == null) {
      throw new IOException("no inode");
    }
    return key;
  }

  /** Removes the file if it is still ours. */
  @Override
  public void close() {
    try {
      try {
        if (identity.equals(identity(path))) {
          Files.delete(path);
        }
      } finally {
        channel.close();
      }
    } catch (IOException e) {
      // It is gone already, or its directory is; there is nothing left to remove.
    }
  }
}
