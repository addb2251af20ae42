package io.slipway.bench.load;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A command line: positional words, and {@code key=value} anywhere among them. Refuses what nobody
 * asked for with an {@link IllegalArgumentException} whose message is for the user.
 */
final class Arguments {
  private final List<String> words = new ArrayList<>();
  private final Map<String, String> options = new HashMap<>();

  Arguments(String... line) {
    for (String word : line) {
      int equals = word.indexOf('=');
      if (equals < 0) {
        words.add(word);
      } else {
        options.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
  }

  /** The next positional word. */
  String word(String meaning) {
    if (words.isEmpty()) {
      throw new IllegalArgumentException(meaning + " is missing");
    }
    return words.removeFirst();
  }

  /** The next two positional words, a literal address and a port. */
  InetSocketAddress address() throws UnknownHostException {
    InetAddress host = InetAddress.getByName(word("ADDR"));
    String port = word("PORT");
    try {
      return new InetSocketAddress(host, Integer.parseInt(port));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + port + "' is not a port", e);
    }
  }

  /** The value of an option, or what it is without. */
  double number(String key, double standard) {
    String value = options.remove(key);
    try {
      return value == null ? standard : Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + "=" + value + " is not a number", e);
    }
  }

  /** The value of an option in seconds, as nanoseconds. */
  long nanos(String key, double standardSeconds) {
    return (long) (number(key, standardSeconds) * 1e9);
  }

  /** To be called when everything known has been taken. */
  void end() {
    if (!words.isEmpty() || !options.isEmpty()) {
      throw new IllegalArgumentException("not understood: " + words + " " + options.keySet());
    }
  }
}
