package io.slipway.cli;

import java.util.function.Function;

/**
 * One option of the command line, which is at the same time one key of the configuration file.
 *
 * @param name with its two dashes
 * @param kind how often it may be given, and whether a value follows
 * @param label what stands for the value in the help; empty for a flag
 * @param help one sentence without its full stop
 * @param parser turns the text into the value; throws {@link IllegalArgumentException} with a
 *     message that quotes the text and says what is wrong with it
 * @param <T> the value's type
 */
record Option<T>(String name, Kind kind, String label, String help, Function<String, T> parser) {

  /** How an option is given. */
  enum Kind {
    /** Present or absent; {@code true} or {@code false} in the file. */
    FLAG,
    /** At most once, with a value. */
    ONE,
    /** Any number of times, each with a value; a scalar or a list in the file. */
    MANY
  }

  static Option<Boolean> flag(String name, String help) {
    return new Option<>(name, Kind.FLAG, "", help, Values::bool);
  }

  static <T> Option<T> one(String name, String label, Function<String, T> parser, String help) {
    return new Option<>(name, Kind.ONE, label, help, parser);
  }

  static <T> Option<T> many(String name, String label, Function<String, T> parser, String help) {
    return new Option<>(name, Kind.MANY, label, help, parser);
  }

  /** Throws {@link IllegalArgumentException} when the text is no value of this option. */
  void check(String text) {
    T _ = parser.apply(text);
  }

  /** The name in the configuration file. */
  String key() {
    return name.substring(2);
  }

  /** How the option is typed, with its help: {@code --mtu N: ...}. */
  String synopsis() {
    return (label.isEmpty() ? name : name + ' ' + label) + ": " + help;
  }
}
