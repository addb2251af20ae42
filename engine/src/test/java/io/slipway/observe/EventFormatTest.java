package io.slipway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EventFormatTest {
  private static final long TIME = 1_769_860_800_123L;

  @Test
  void textIsTimeLevelNameAndFields() {
    Event event =
        Event.of(TIME, EventLevel.INFO, "ready")
            .with("pid", 7L)
            .with("guest", "10.0.2.100")
            .build();

    assertThat(EventFormat.TEXT.line(event))
        .isEqualTo("2026-01-31T12:00:00.123Z info ready pid=7 guest=10.0.2.100");
  }

  @Test
  void jsonKeepsNumbersAsNumbers() {
    Event event =
        Event.of(TIME, EventLevel.WARN, "flow_close")
            .with("id", 7L)
            .with("reason", "reset")
            .build();

    assertThat(EventFormat.JSON.line(event))
        .isEqualTo(
            "{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"warn\",\"event\":\"flow_close\","
                + "\"id\":7,\"reason\":\"reset\"}");
  }

  @Test
  void absentFieldsAreLeftOut() {
    Event event = Event.of(TIME, EventLevel.INFO, "ready").with("netns", null).build();

    assertThat(EventFormat.TEXT.line(event)).doesNotContain("netns");
    assertThat(EventFormat.JSON.line(event)).doesNotContain("netns");
  }

  @Test
  void aPlainMessageIsJustText() {
    Event event = Event.message(TIME, EventLevel.ERROR, "it broke\nbadly");

    assertThat(EventFormat.TEXT.line(event))
        .isEqualTo("2026-01-31T12:00:00.123Z error it broke badly");
    assertThat(EventFormat.JSON.line(event))
        .isEqualTo(
            "{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"error\","
                + "\"message\":\"it broke\\nbadly\"}");
  }

  @Test
  void whatAGuestMayHaveNamedCannotForgeALineOrAField() {
    Event event =
        Event.of(TIME, EventLevel.INFO, "x").with("a", "1 b=2\n").with("c", "\"\u0001\\").build();

    assertThat(EventFormat.TEXT.line(event))
        .endsWith(" info x a=\"1 b=2\\n\" c=\"\\\"\\u0001\\\\\"");
    assertThat(EventFormat.JSON.line(event))
        .endsWith(",\"a\":\"1 b=2\\n\",\"c\":\"\\\"\\u0001\\\\\"}");
  }
}
