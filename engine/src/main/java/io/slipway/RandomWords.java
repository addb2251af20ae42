package io.slipway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Random numbers for secrets that nobody outside may guess. Straight from the kernel's generator
 * (random(4)): the JDK's wakes up a dozen classes for the same bytes while the guest waits.
 */
final class RandomWords {
  private static final Path SOURCE = Path.of("/dev/urandom");
  private final ByteBuffer bytes;

  private RandomWords(byte[] bytes) {
    this.bytes = ByteBuffer.wrap(bytes);
  }

  /** Reads some 64-bit numbers. */
  static RandomWords read(int count) {
    try (InputStream source = Files.newInputStream(SOURCE)) {
      byte[] bytes = source.readNBytes(count * Long.BYTES);
      if (bytes.length < count * Long.BYTES) {
        throw new IOException(SOURCE + " ended");
      }
      return new RandomWords(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long word(int index) {
    return bytes.getLong(index * Long.BYTES);
  }
}
