package io.slipway.observe;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened, with its fields in the order in which they are written.
 *
 * @param timeMillis when, in milliseconds since 1970 (UTC)
 * @param level how much it matters
 * @param name the event's name, or {@code null} for a plain message
 * @param fields names and values; values are {@link String}, {@link Number} or {@link Boolean}
 */
public record Event(long timeMillis, EventLevel level, @Nullable String name, List<Field> fields) {

  /** A field; its value prints as itself in text, and as a JSON number or string. */
  public record Field(String name, Object value) {}

  /** Name of the only field of a plain message. */
  static final String MESSAGE = "message";

  /** Keeps its own copy of the fields. */
  public Event {
    fields = List.copyOf(fields);
  }

  /** A plain message, for what has no event name of its own. */
  public static Event message(long timeMillis, EventLevel level, String text) {
    return new Event(timeMillis, level, null, List.of(new Field(MESSAGE, text)));
  }

  /** Starts an event whose fields are then added one by one. */
  static Builder of(long timeMillis, EventLevel level, String name) {
    return new Builder(timeMillis, level, name);
  }

  /** Collects the fields of one event. Not thread-safe; used within one call. */
  static final class Builder {
    private final long timeMillis;
    private final EventLevel level;
    private final String name;
    private final List<Field> fields = new ArrayList<>(10);

    private Builder(long timeMillis, EventLevel level, String name) {
      this.timeMillis = timeMillis;
      this.level = level;
      this.name = name;
    }

    /** Adds a field; an absent value leaves the field out. */
    Builder with(String field, @Nullable Object value) {
      if (value != null) {
        boolean plain = value instanceof Number || value instanceof Boolean;
        fields.add(new Field(field, plain ? value : value.toString()));
      }
      return this;
    }

    Event build() {
      return new Event(timeMillis, level, name, fields);
    }
  }
}
