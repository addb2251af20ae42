package io.slipway.bench.load;

import java.util.Locale;

/** One JSON object on one line, its values in the order of the calls. */
final class Report {
  private final StringBuilder text = new StringBuilder("{");

  Report(String kind) {
    name("kind").append('"').append(kind).append('"');
  }

  private StringBuilder name(String key) {
    return text.append(text.length() == 1 ? "" : ", ").append('"').append(key).append("\": ");
  }

  Report with(String key, long value) {
    name(key).append(value);
    return this;
  }

  /** With one decimal, which is enough for all that is reported here. */
  Report with(String key, double value) {
    name(key).append(String.format(Locale.ROOT, "%.1f", value));
    return this;
  }

  Report with(String key, boolean value) {
    name(key).append(value);
    return this;
  }

  /** Rate and latencies, these in microseconds. */
  Report with(Latencies latencies, long nanos) {
    return with("per_s", latencies.count() * 1e9 / nanos)
        .with("p50_us", latencies.percentile(50) / 1e3)
        .with("p99_us", latencies.percentile(99) / 1e3)
        .with("max_us", latencies.max() / 1e3)
        .with("count", latencies.count());
  }

  @Override
  public String toString() {
    return text + "}";
  }
}
