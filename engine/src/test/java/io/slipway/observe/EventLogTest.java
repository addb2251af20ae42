package io.slipway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.flow.FlowInfo;
import io.slipway.route.Endpoint;
import io.slipway.route.Protocol;
import io.slipway.route.Side;
import io.slipway.wire.IpAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(10)
class EventLogTest {
  @TempDir Path directory;

  private static FlowInfo flow(long id, @Nullable String reason) {
    return new FlowInfo(
        id,
        Protocol.TCP,
        Side.GUEST,
        Endpoint.parse("10.0.2.100:40000"),
        Endpoint.parse("93.184.216.34:80"),
        Endpoint.parse("192.0.2.1:50000"),
        reason,
        12,
        3_400,
        56);
  }

  private static final class Lines implements EventSink {
    final List<String> lines = new ArrayList<>();

    @Override
    public void open() {}

    @Override
    public void write(Event event) {
      lines.add(EventFormat.TEXT.line(event).split(" ", 2)[1]);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void flowsAreToldAtDebugLevelOnly() {
    Lines info = new Lines();
    EventLog quiet = new EventLog(EventLevel.INFO, info);
    assertThat(quiet.isDetailed()).isFalse();
    quiet.opened(flow(1, "finished"));
    quiet.closed(flow(1, "finished"));
    quiet.close();
    assertThat(info.lines).isEmpty();

    Lines debug = new Lines();
    EventLog loud = new EventLog(EventLevel.DEBUG, debug);
    assertThat(loud.isDetailed()).isTrue();
    loud.closed(flow(7, "finished"));
    loud.close();
    assertThat(debug.lines)
        .containsExactly(
            "debug flow_close id=7 proto=tcp began=guest guest=10.0.2.100:40000"
                + " remote=93.184.216.34:80 host_local=192.0.2.1:50000 reason=finished"
                + " bytes_out=12 bytes_in=3400 duration_ms=56");
  }

  @Test
  void atMostTenRefusalsASecondAreWrittenAndTheRestIsCounted() {
    Lines lines = new Lines();
    EventLog log = new EventLog(EventLevel.INFO, lines);
    for (int i = 0; i < 1_000; i++) {
      log.refused(flow(0, "policy"), "policy");
    }
    long unwritten = log.refusalsUnwritten();
    log.closing(new Closing("done", 0, 0, 1_000, 0, 0, 0, 0, 0));
    log.close();

    // The loop may run across the end of a second, which opens the gate once more.
    assertThat(lines.lines.size() - 1).isBetween(10, 20);
    assertThat(unwritten + lines.lines.size() - 1).isEqualTo(1_000);
    assertThat(lines.lines.getLast())
        .startsWith("info closing reason=done flows=0 flows_opened=0 flows_refused=1000")
        .endsWith("lines_unwritten=" + unwritten);
  }

  @Test
  void nameErrorsAreFewTooAndTakeNoPlaceOfRefusals() {
    Lines lines = new Lines();
    EventLog log = new EventLog(EventLevel.INFO, lines);
    log.unanswered("", null, "policy");
    for (int i = 0; i < 1_000; i++) {
      log.unanswered("a\\027.test", IpAddress.parse("192.0.2.1"), "timeout");
    }
    log.refused(flow(0, "policy"), "policy");
    log.closing(new Closing("done", 0, 0, 1, 0, 0, 0, 0, 0));
    log.close();
    assertThat(lines.lines)
        .startsWith(
            "info name_error name=\"\" reason=policy",
            "info name_error name=a\\027.test server=192.0.2.1 reason=timeout");
    assertThat(lines.lines).filteredOn(one -> one.contains("flow_refused")).hasSize(1);
    int written = lines.lines.size() - 2;
    assertThat(written).isBetween(10, 20);
    assertThat(lines.lines.getLast()).endsWith("lines_unwritten=" + (1_001 - written));
  }

  @Test
  void theFlowLogHasEveryFlowWhateverTheLevel() throws Exception {
    Path file = directory.resolve("flows.json");
    Files.writeString(file, "{}\n");
    try (FlowLog log = FlowLog.open(file, EventFormat.JSON)) {
      log.opened(flow(1, null));
      log.refused(flow(0, "policy"), "policy");
      log.closed(flow(1, "reset"));
    }

    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(4);
    assertThat(lines.get(1)).contains("\"event\":\"flow_open\",\"id\":1,\"proto\":\"tcp\"");
    assertThat(lines.get(2)).contains("\"event\":\"flow_refused\"", "\"reason\":\"policy\"");
    assertThat(lines.get(3)).contains("\"event\":\"flow_close\"", "\"bytes_in\":3400");
  }

  @Test
  void bothListenersHear() {
    Lines first = new Lines();
    Lines second = new Lines();
    EventLog quiet = new EventLog(EventLevel.INFO, first);
    EventLog loud = new EventLog(EventLevel.DEBUG, second);
    FlowListeners both = new FlowListeners(quiet, loud);
    assertThat(both.isDetailed()).isTrue();
    both.opened(flow(1, null));
    both.refused(flow(2, "policy"), "policy");
    quiet.close();
    loud.close();

    assertThat(first.lines).hasSize(1);
    assertThat(second.lines).hasSize(2);
  }
}
