package io.slipway.cli.it;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The TUN device of this machine, which everybody may open for as long as any run of the tests
 * needs it: the first run opens it up, the last one restores its mode. Owned by {@link TestHost}.
 */
final class TunDevice implements AutoCloseable {
  private static final String NODE = "/dev/net/tun";

  /** Holds the mode that the first run found; its first octet is a door, its second who is in. */
  private static final Path NOTE = Path.of("/run/slipway-it.lock");

  private static final long DOOR = 0;
  private static final long ROOM = 1;

  private final FileChannel note;
  private final FileLock present;

  TunDevice() throws IOException {
    note =
        FileChannel.open(
            NOTE, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (FileLock _ = note.lock(DOOR, 1, false)) {
      FileLock alone = note.tryLock(ROOM, 1, false);
      if (alone != null) {
        if (note.size() == 0) { // or a run was killed, and what it noted still holds
          String mode = Proc.run("stat", "-c", "%a", NODE).ok().text();
          note.write(ByteBuffer.wrap(mode.getBytes(StandardCharsets.US_ASCII)), 0);
        }
        alone.release();
      }
      present = note.lock(ROOM, 1, true);
      Proc.run("chmod", "666", NODE).ok();
    }
  }

  @Override
  public void close() throws IOException {
    try (note;
        FileLock _ = note.lock(DOOR, 1, false)) {
      present.release();
      FileLock alone = note.tryLock(ROOM, 1, false);
      if (alone != null) {
        ByteBuffer mode = ByteBuffer.allocate((int) note.size());
        note.read(mode, 0);
        Proc.run("chmod", new String(mode.array(), StandardCharsets.US_ASCII), NODE).ok();
        note.truncate(0);
        alone.release();
      }
    }
  }
}
