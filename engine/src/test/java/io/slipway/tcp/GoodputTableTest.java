package io.slipway.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/**
 * What one stream reaches over paths that lose packets, kept as a table beside the tests, so that a
 * change of the sender shows in the table's difference. {@code -Dslipway.goodput.write=FILE} writes
 * the table anew instead of comparing it.
 */
final class GoodputTableTest {
  private static final String TABLE = "goodput.txt";
  private static final double[] LOSS = {0, 0.001, 0.01, 0.05, 0.1};
  private static final long[] RTT_MILLIS = {1, 20, 100};
  private static final int SEEDS = 3;
  private static final long MILLIS = 20_000;

  /** The smallest difference, in kB/s, that counts: what a timeout more or less does. */
  private static final int SLACK = 5;

  @Test
  void goodputIsWhatTheTableSays() throws IOException {
    long[][] now = measure();
    String write = System.getProperty("slipway.goodput.write");
    if (write != null) {
      Files.writeString(Path.of(write), table(now), UTF_8);
      return;
    }
    List<String> rows = stored();
    assertThat(rows).hasSize(LOSS.length);
    for (int i = 0; i < LOSS.length; i++) {
      String[] cells = rows.get(i).strip().split(" +", -1);
      for (int j = 0; j < RTT_MILLIS.length; j++) {
        long before = Long.parseLong(cells[j + 2]);
        assertThat(now[i][j])
            .as("loss %s, rtt %d ms; the table now:%n%s", LOSS[i], RTT_MILLIS[j], table(now))
            .isCloseTo(before, within(Math.max(SLACK, before / 10)));
      }
    }
  }

  /** The kit itself: on a path that loses nothing, nothing but headers is missing. */
  @Test
  void anEmptyPathIsFilled() {
    long goodput =
        PathSimulation.goodput(PathSetup.of(20, 0, 1).queue(16 << 20), TcpConfig.DEFAULT, 20_000);
    assertThat((double) goodput)
        .isCloseTo(12_500_000.0 * 1460 / 1500.0, Percentage.withPercentage(2));
  }

  private static long[][] measure() {
    long[][] kilobytes = new long[LOSS.length][RTT_MILLIS.length];
    for (int i = 0; i < LOSS.length; i++) {
      for (int j = 0; j < RTT_MILLIS.length; j++) {
        long sum = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
          PathSetup path = PathSetup.of(RTT_MILLIS[j], LOSS[i], seed);
          sum += PathSimulation.goodput(path, TcpConfig.DEFAULT, MILLIS);
        }
        kilobytes[i][j] = sum / SEEDS / 1000;
      }
    }
    return kilobytes;
  }

  private static String table(long[][] kilobytes) {
    StringBuilder text = new StringBuilder();
    text.append("# Goodput in kB/s of one stream: 100 Mbit/s, 250 kB of queue, MTU 1500,\n");
    text.append("# 20 s from its start, mean of 3 seeds. Written by GoodputTableTest.\n#       ");
    for (long rtt : RTT_MILLIS) {
      text.append(String.format(Locale.ROOT, "%8d ms", rtt));
    }
    text.append('\n');
    for (int i = 0; i < LOSS.length; i++) {
      text.append(String.format(Locale.ROOT, "%5.1f %% ", LOSS[i] * 100));
      for (long cell : kilobytes[i]) {
        text.append(String.format(Locale.ROOT, "%11d", cell));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static List<String> stored() {
    try (InputStream in = GoodputTableTest.class.getResourceAsStream(TABLE)) {
      assertThat(in).as(TABLE).isNotNull();
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
