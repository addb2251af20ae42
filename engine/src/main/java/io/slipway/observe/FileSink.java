package io.slipway.observe;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Owned by its queue: lines appended to a file, visible whenever the queue has run empty. */
final class FileSink implements EventSink {
  private final BufferedWriter writer;
  private final EventFormat format;

  FileSink(Path file, EventFormat format) throws IOException {
    this.writer =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    this.format = format;
  }

  /**
   * The file is open since the constructor, so that the operator hears of a wrong path at start.
   */
  @Override
  public void open() {}

  @Override
  public void write(Event event) throws IOException {
    writer.write(format.line(event));
    writer.write('\n');
  }

  @Override
  public void flush() throws IOException {
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
