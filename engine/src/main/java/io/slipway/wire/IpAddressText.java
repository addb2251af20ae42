package io.slipway.wire;

/** Address literals in and out of text: RFC 4291 §2.2 read, RFC 5952 written. Cold code. */
final class IpAddressText {

  private IpAddressText() {}

  static IpAddress parse(String text) {
    if (text.indexOf(':') < 0) {
      long v4 = parseV4(text, 0);
      if (v4 < 0) {
        throw new IllegalArgumentException("\"" + text + "\" is not an IPv4 or IPv6 address");
      }
      return IpAddress.of((int) v4);
    }
    int[] groups = new int[8];
    if (!parseV6(text, groups)) {
      throw new IllegalArgumentException("\"" + text + "\" is not an IPv6 address");
    }
    return new IpAddress(join(groups, 0), join(groups, 4));
  }

  static String format(long high, long low) {
    if (IpAddress.isV4(high, low)) {
      return ((low >>> 24) & 0xFF)
          + "."
          + ((low >>> 16) & 0xFF)
          + "."
          + ((low >>> 8) & 0xFF)
          + "."
          + (low & 0xFF);
    }
    int[] groups = new int[8];
    for (int i = 0; i < 4; i++) {
      groups[i] = (int) (high >>> (48 - 16 * i)) & 0xFFFF;
      groups[4 + i] = (int) (low >>> (48 - 16 * i)) & 0xFFFF;
    }
    return format(groups);
  }

  /**
   * RFC 5952 §4.2: the longest run of at least two zero groups is shortened, the first on a tie.
   */
  private static String format(int[] groups) {
    int gap = -1;
    int gapLength = 1;
    int run = 0;
    for (int i = 0; i < 8; i++) {
      run = groups[i] == 0 ? run + 1 : 0;
      if (run > gapLength) {
        gapLength = run;
        gap = i + 1 - run;
      }
    }
    if (gap < 0) {
      return groups(groups, 0, 8);
    }
    return groups(groups, 0, gap) + "::" + groups(groups, gap + gapLength, 8);
  }

  private static String groups(int[] groups, int from, int to) {
    StringBuilder text = new StringBuilder(39);
    for (int i = from; i < to; i++) {
      text.append(i == from ? "" : ":").append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }

  private static long join(int[] groups, int from) {
    long value = 0;
    for (int i = from; i < from + 4; i++) {
      value = (value << 16) | groups[i];
    }
    return value;
  }

  /** The 32 bits, or -1. Each part is decimal, without a leading zero (it would read as octal). */
  private static long parseV4(String text, int from) {
    long value = 0;
    int at = from;
    for (int part = 0; part < 4; part++) {
      int start = at;
      int number = 0;
      while (at < text.length() && at - start < 3 && isDigit(text.charAt(at))) {
        number = number * 10 + (text.charAt(at) - '0');
        at++;
      }
      boolean leadingZero = at - start > 1 && text.charAt(start) == '0';
      if (at == start || number > 255 || leadingZero) {
        return -1;
      }
      value = (value << 8) | number;
      if (part < 3) {
        if (at >= text.length() || text.charAt(at) != '.') {
          return -1;
        }
        at++;
      }
    }
    return at == text.length() ? value : -1;
  }

  private static boolean parseV6(String text, int[] groups) {
    int count = 0;
    int gap = -1;
    int at = 0;
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    }
    while (at < text.length()) {
      if (count == 8) {
        return false;
      }
      int end = text.indexOf(':', at);
      if (end < 0 && text.indexOf('.', at) >= 0) {
        return count <= 6 && parseTail(text, at, groups, count) && spread(groups, count + 2, gap);
      }
      int stop = end < 0 ? text.length() : end;
      int group = parseGroup(text, at, stop);
      if (group < 0) {
        return false;
      }
      groups[count++] = group;
      if (end < 0) {
        break;
      }
      at = end + 1;
      if (at == text.length()) {
        return false;
      }
      if (text.charAt(at) == ':') {
        if (gap >= 0) {
          return false;
        }
        gap = count;
        at++;
      }
    }
    return spread(groups, count, gap);
  }

  private static boolean parseTail(String text, int at, int[] groups, int count) {
    long v4 = parseV4(text, at);
    if (v4 < 0) {
      return false;
    }
    groups[count] = (int) (v4 >>> 16);
    groups[count + 1] = (int) v4 & 0xFFFF;
    return true;
  }

  private static int parseGroup(String text, int from, int to) {
    if (to == from || to - from > 4) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return -1;
      }
      value = (value << 4) | digit;
    }
    return value;
  }

  /** Moves the groups after the "::" to the end; without one there must be exactly eight. */
  private static boolean spread(int[] groups, int count, int gap) {
    if (gap < 0) {
      return count == 8;
    }
    if (count > 7) {
      return false;
    }
    int tail = count - gap;
    for (int i = 1; i <= tail; i++) {
      groups[8 - i] = groups[count - i];
    }
    for (int i = gap; i < 8 - tail; i++) {
      groups[i] = 0;
    }
    return true;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
