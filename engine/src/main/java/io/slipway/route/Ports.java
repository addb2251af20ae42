package io.slipway.route;

/**
 * A range of ports, both ends included. Every port is {@link #ALL}.
 *
 * @param first 0..65535
 * @param last not before {@code first}
 */
record Ports(int first, int last) {

  static final Ports ALL = new Ports(0, 0xFFFF);

  /** One port; in an access list port 0 stands for all of them. */
  static int parse(String text, String whole) {
    int port = 0;
    boolean good = !text.isEmpty() && text.length() <= 5;
    for (int i = 0; i < text.length() && good; i++) {
      char c = text.charAt(i);
      good = c >= '0' && c <= '9';
      port = port * 10 + (c - '0');
    }
    if (!good || port > 0xFFFF) {
      throw new IllegalArgumentException(
          "\"" + whole + "\": \"" + text + "\" is not a port (0 to 65535)");
    }
    return port;
  }

  /** {@code PORT} or {@code PORT-PORT}; 0 and 0-0 mean every port. */
  static Ports parseRange(String text, String whole) {
    int dash = text.indexOf('-');
    int first = parse(dash < 0 ? text : text.substring(0, dash), whole);
    int last = dash < 0 ? first : parse(text.substring(dash + 1), whole);
    if (first > last) {
      throw new IllegalArgumentException(
          "\"" + whole + "\": port " + first + " is greater than port " + last);
    }
    return last == 0 ? ALL : new Ports(first, last);
  }

  boolean contains(int port) {
    return port >= first && port <= last;
  }

  boolean isAll() {
    return first == 0 && last == 0xFFFF;
  }

  @Override
  public String toString() {
    return first == last ? Integer.toString(first) : first + "-" + last;
  }
}
