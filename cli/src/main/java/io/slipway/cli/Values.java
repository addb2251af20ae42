package io.slipway.cli;

import io.slipway.names.NamesConfig.OwnName;
import io.slipway.observe.EventFormat;
import io.slipway.observe.EventLevel;
import io.slipway.route.AccessList;
import io.slipway.route.EchoMode;
import io.slipway.route.UdpFilter;
import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Parsers of option values. Each throws {@link IllegalArgumentException} with a message that quotes
 * the text and says what would be right.
 */
final class Values {
  private static final int SMALLEST_MTU = 576;

  /** A TAP's largest: 65535 less the Ethernet header. */
  private static final int LARGEST_MTU = 65_521;

  /** Linux gives a TAP no more (MAX_TAP_QUEUES). */
  private static final int MOST_QUEUES = 256;

  private static final int QUEUES_PER_PROCESSOR = 8;

  private static final long KIBI = 1024;
  private static final int LONGEST_INTERFACE_NAME = 15;

  private Values() {}

  /** {@code NAME=ADDR}. */
  static OwnName ownName(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("'" + text + "' is not NAME=ADDR");
    }
    return new OwnName(
        DomainName.parse(text.substring(0, equals)), IpAddress.parse(text.substring(equals + 1)));
  }

  static int mtu(String text) {
    return number(text, SMALLEST_MTU, LARGEST_MTU);
  }

  static int descriptor(String text) {
    return number(text, 0, Integer.MAX_VALUE);
  }

  static int pid(String text) {
    return number(text, 1, Integer.MAX_VALUE);
  }

  static int flows(String text) {
    return number(text, 1, 1 << 24);
  }

  /** More loops than a few for each processor only stand in each other's way. */
  static int queues(String text) {
    int processors = Runtime.getRuntime().availableProcessors();
    return number(text, 1, Math.min(MOST_QUEUES, QUEUES_PER_PROCESSOR * processors));
  }

  /** A decimal number between two bounds, both allowed. */
  private static int number(String text, int least, int most) {
    int value;
    try {
      value = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a number from " + least + " to " + most, e);
    }
    if (value < least || value > most) {
      throw new IllegalArgumentException("'" + text + "' is not between " + least + " and " + most);
    }
    return value;
  }

  /** A whole number of bytes with an optional K, M or G (powers of 1024), at least 1 MiB. */
  static long memory(String text) {
    Matcher matcher = Pattern.compile("([0-9]{1,12})([KMG]?)").matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a size such as 65536K, 256M or 1G");
    }
    long unit =
        switch (matcher.group(2)) {
          case "K" -> KIBI;
          case "M" -> KIBI * KIBI;
          case "G" -> KIBI * KIBI * KIBI;
          default -> 1;
        };
    long bytes = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    if (bytes < KIBI * KIBI) {
      throw new IllegalArgumentException("'" + text + "' is less than 1M, which serves nobody");
    }
    return bytes;
  }

  /** A whole number with its unit: ms, s, m or h; more than zero and at most a day. */
  static Duration duration(String text) {
    Matcher matcher = Pattern.compile("([0-9]{1,9})(ms|s|m|h)").matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a duration such as 500ms, 300s, 5m or 1h");
    }
    long count = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(count);
          case "s" -> Duration.ofSeconds(count);
          case "m" -> Duration.ofMinutes(count);
          default -> Duration.ofHours(count);
        };
    if (duration.isZero() || duration.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is not between 1ms and 24h");
    }
    return duration;
  }

  /** What Linux accepts as a device's name. */
  static String interfaceName(String text) {
    boolean sound =
        !text.isEmpty()
            && text.length() <= LONGEST_INTERFACE_NAME
            && !text.equals(".")
            && !text.equals("..")
            && text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '%');
    if (!sound) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is not an interface name: 1 to 15 visible characters, no '/', ':' or '%'");
    }
    return text;
  }

  /** Any text but the empty one: a path. */
  static String path(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("'' is not a path");
    }
    return text;
  }

  /** A list of destinations; names in it are looked up here, once. */
  static AccessList accessList(String text) {
    return AccessList.parse(text, Values::addresses);
  }

  private static List<IpAddress> addresses(String name) {
    try {
      return Arrays.stream(InetAddress.getAllByName(name))
          .map(address -> IpAddress.ofBytes(address.getAddress()))
          .toList();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("'" + name + "' is a name that is not known", e);
    }
  }

  static Cidr cidr4(String text) {
    Cidr cidr = Cidr.parse(text);
    if (!cidr.base().isV4()) {
      throw new IllegalArgumentException("'" + text + "' is not an IPv4 network");
    }
    return cidr;
  }

  static Cidr cidr6(String text) {
    Cidr cidr = Cidr.parse(text);
    if (cidr.base().isV4()) {
      throw new IllegalArgumentException("'" + text + "' is not an IPv6 network");
    }
    return cidr;
  }

  static IpAddress address4(String text) {
    IpAddress address = IpAddress.parse(text);
    if (!address.isV4()) {
      throw new IllegalArgumentException("'" + text + "' is not an IPv4 address");
    }
    return address;
  }

  static IpAddress address6(String text) {
    IpAddress address = IpAddress.parse(text);
    if (address.isV4()) {
      throw new IllegalArgumentException("'" + text + "' is not an IPv6 address");
    }
    return address;
  }

  static boolean bool(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on" -> true;
      case "false", "no", "off" -> false;
      default -> throw new IllegalArgumentException("'" + text + "' is neither true nor false");
    };
  }

  static boolean offload(String text) {
    return switch (text) {
      case "auto" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException("'" + text + "' is neither auto nor off");
    };
  }

  static EventLevel level(String text) {
    return constant(text, EventLevel.values(), EventLevel::text);
  }

  static EchoMode echoMode(String text) {
    return constant(text, EchoMode.values(), mode -> mode.name().toLowerCase(Locale.ROOT));
  }

  static UdpFilter udpFilter(String text) {
    return constant(text, UdpFilter.values(), filter -> filter.name().toLowerCase(Locale.ROOT));
  }

  static EventFormat format(String text) {
    return constant(text, EventFormat.values(), format -> format.name().toLowerCase(Locale.ROOT));
  }

  private static <E> E constant(String text, E[] all, Function<E, String> name) {
    return Arrays.stream(all)
        .filter(constant -> name.apply(constant).equals(text))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "'"
                    + text
                    + "' is none of "
                    + Arrays.stream(all).map(name).collect(Collectors.joining(", "))));
  }
}
