package io.slipway.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the operator gave, option by option, still as text; values are checked as they are added.
 */
final class Given {
  private final Map<String, List<String>> values = new LinkedHashMap<>();

  /**
   * Adds one value.
   *
   * @throws IllegalArgumentException when the option's parser does not like it
   */
  void add(Option<?> option, String text) {
    option.check(text);
    values.computeIfAbsent(option.name(), name -> new ArrayList<>()).add(text);
  }

  /** What is given here wins over what {@code other} says about the same option. */
  void addMissing(Given other) {
    other.values.forEach(values::putIfAbsent);
  }

  boolean has(Option<?> option) {
    return values.containsKey(option.name());
  }

  /** True when the flag was given, and not as false. */
  boolean flag(Option<Boolean> option) {
    return Boolean.TRUE.equals(value(option));
  }

  /** The value, or {@code null} when the option was not given. */
  <T> @Nullable T value(Option<T> option) {
    List<String> texts = values.get(option.name());
    return texts == null ? null : option.parser().apply(texts.getFirst());
  }

  /** The value, or what holds without it. */
  <T> T value(Option<T> option, T otherwise) {
    @Nullable T value = value(option);
    return value == null ? otherwise : value;
  }

  /** Every value, in the order given. */
  <T> List<T> values(Option<T> option) {
    return values.getOrDefault(option.name(), List.of()).stream().map(option.parser()).toList();
  }
}
