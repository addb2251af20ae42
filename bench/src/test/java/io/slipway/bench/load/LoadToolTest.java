package io.slipway.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients with their server, on the loopback. */
class LoadToolTest {
  private static final long WARM = 50_000_000;
  private static final long LENGTH = 150_000_000;
  private static InetSocketAddress server;

  @BeforeAll
  static void start() throws IOException {
    int port = 0;
    while (port == 0) {
      port = freePair();
    }
    server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    LoadServer.start(server);
  }

  /** A port of which the next is free, too, for the server takes both; or 0. */
  private static int freePair() throws IOException {
    try (ServerSocket one = new ServerSocket(0);
        ServerSocket next = new ServerSocket()) {
      next.bind(new InetSocketAddress(one.getLocalPort() + 1));
      return one.getLocalPort();
    } catch (BindException e) {
      return 0;
    }
  }

  private static double value(Report report, String key) {
    Matcher found = Pattern.compile('"' + key + "\": ([0-9.]+)").matcher(report.toString());
    assertThat(found.find()).as("%s in %s", key, report).isTrue();
    return Double.parseDouble(found.group(1));
  }

  private static void isPlausible(Report report) {
    double count = value(report, "count");
    assertThat(count).isGreaterThan(10);
    assertThat(value(report, "per_s")).isBetween(count / 5, count * 1e9 / LENGTH + 1);
    assertThat(value(report, "p50_us")).isPositive();
    assertThat(value(report, "p99_us")).isGreaterThanOrEqualTo(value(report, "p50_us"));
    assertThat(value(report, "max_us")).isGreaterThanOrEqualTo(value(report, "p99_us"));
  }

  @Test
  void requestsAreAnswered() throws IOException {
    isPlausible(RequestClient.measure(server, WARM, LENGTH));
  }

  @Test
  void datagramsAreAnswered() {
    Report report = DatagramClient.measure(server, WARM, LENGTH);

    isPlausible(report);
    assertThat(value(report, "lost")).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32})
  void connectionsAreAnswered(int parallel) throws IOException {
    Report report = ConnectClient.measure(server, parallel, WARM, LENGTH);

    isPlausible(report);
    assertThat(value(report, "errors")).isZero();
    assertThat(value(report, "stuck")).isZero();
    assertThat(value(report, "parallel")).isEqualTo(parallel);
  }

  @Test
  void refusedConnectionsAreErrorsAndNotResults() throws IOException {
    int closed;
    try (ServerSocket here = new ServerSocket(0, 1, server.getAddress())) {
      closed = here.getLocalPort();
    }
    Report report =
        ConnectClient.measure(new InetSocketAddress(server.getAddress(), closed), 3, WARM, LENGTH);

    assertThat(value(report, "count")).isZero();
    assertThat(value(report, "errors")).isBetween(3.0, 1e5);
  }

  @Test
  void aConnectionThatIsNeverAnsweredIsInTheMaximum() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 16, server.getAddress())) {
      Report report =
          ConnectClient.measure(
              new InetSocketAddress(server.getAddress(), silent.getLocalPort()), 2, 0, LENGTH);

      assertThat(value(report, "stuck")).isEqualTo(2);
      assertThat(value(report, "max_us")).isGreaterThan(LENGTH / 1e3);
    }
  }

  @ParameterizedTest
  @EnumSource(RateClient.Direction.class)
  void aRateThatIsNoEffortArrivesWhole(RateClient.Direction direction) throws IOException {
    Report report = RateClient.once(server, direction, 1400, 2_000, WARM, 4 * LENGTH);

    assertThat(value(report, "sent")).isBetween(300.0, 1216.0);
    assertThat(value(report, "received")).isEqualTo(value(report, "sent"));
    assertThat(value(report, "loss_percent")).isZero();
    assertThat(value(report, "mbit_per_s"))
        .isBetween(value(report, "per_s") * 0.0111, value(report, "per_s") * 0.0113);
  }

  @Test
  void theFirstByteIsAwaited() throws IOException, InterruptedException {
    long begin = System.nanoTime();

    Report report = ReadyClient.await(server, 10 * LENGTH);

    assertThat(value(report, "at_ns")).isBetween((double) begin, (double) System.nanoTime());
  }

  @Test
  void aLineThatIsNotUnderstoodIsRefused() {
    assertThatThrownBy(() -> new Arguments().word("PORT")).hasMessage("PORT is missing");
    assertThatThrownBy(() -> new Arguments("127.0.0.1", "no").address())
        .hasMessage("'no' is not a port");
    assertThatThrownBy(() -> new Arguments("seconds=x").nanos("seconds", 1))
        .hasMessage("seconds=x is not a number");
    assertThatThrownBy(() -> new Arguments("secs=1").end()).hasMessageContaining("secs");
  }

  @Test
  void optionsStandAnywhereAmongTheWords() throws IOException {
    Arguments line = new Arguments("rr", "seconds=0.5", "127.0.0.1", "80");

    assertThat(line.word("what")).isEqualTo("rr");
    assertThat(line.address())
        .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 80));
    assertThat(line.nanos("seconds", 3)).isEqualTo(500_000_000);
    assertThat(line.nanos("warm", 1)).isEqualTo(1_000_000_000);
    line.end();
  }
}
