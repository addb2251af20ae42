package io.slipway.observe;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** How an event becomes one line, without the line's end. Both forms never contain a line break. */
public enum EventFormat {
  /** {@code 2026-01-31T12:00:00.000Z info ready pid=7 guest=10.0.2.100}. */
  TEXT {
    @Override
    void append(StringBuilder line, Event event) {
      line.append(TIME.format(Instant.ofEpochMilli(event.timeMillis())));
      line.append(' ').append(event.level().text());
      if (event.name() != null) {
        line.append(' ').append(event.name());
      }
      for (Event.Field field : event.fields()) {
        line.append(' ');
        if (event.name() == null && field.name().equals(Event.MESSAGE)) {
          appendOneLine(line, field.value().toString());
        } else {
          line.append(field.name()).append('=');
          appendTextValue(line, field.value().toString());
        }
      }
    }
  },
  /** One JSON object (RFC 8259) with {@code time}, {@code level}, {@code event} and the fields. */
  JSON {
    @Override
    void append(StringBuilder line, Event event) {
      line.append("{\"time\":\"").append(TIME.format(Instant.ofEpochMilli(event.timeMillis())));
      line.append("\",\"level\":\"").append(event.level().text()).append('"');
      if (event.name() != null) {
        line.append(",\"event\":");
        appendJsonString(line, event.name());
      }
      for (Event.Field field : event.fields()) {
        line.append(',');
        appendJsonString(line, field.name());
        line.append(':');
        if (field.value() instanceof String text) {
          appendJsonString(line, text);
        } else {
          line.append(field.value());
        }
      }
      line.append('}');
    }
  };

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** The event as one line. */
  public String line(Event event) {
    StringBuilder line = new StringBuilder(200);
    append(line, event);
    return line.toString();
  }

  abstract void append(StringBuilder line, Event event);

  /** A value that has a space, a quote or a control character is written as a JSON string. */
  private static void appendTextValue(StringBuilder line, String value) {
    if (value.isEmpty() || !value.chars().allMatch(c -> c > ' ' && c != '"' && c != 0x7f)) {
      appendJsonString(line, value);
    } else {
      line.append(value);
    }
  }

  private static void appendOneLine(StringBuilder line, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      line.append(c < ' ' || c == 0x7f ? ' ' : c);
    }
  }

  /** RFC 8259 §7: quotation mark, reverse solidus and the control characters must be escaped. */
  private static void appendJsonString(StringBuilder line, String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
            line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }
}
