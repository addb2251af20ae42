package io.slipway.names;

import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What resolv.conf(5) says. Lines that make no sense are passed over, as the C library does.
 *
 * @param servers name servers in their order; 127.0.0.1 when none is named, as the manual says.
 *     Those with a zone ({@code fe80::1%eth0}) are left out: a zone means nothing in a namespace
 * @param search domains in which unqualified names are looked for
 * @param options words after {@code options}, such as {@code ndots:2}
 */
public record ResolvConf(List<IpAddress> servers, List<DomainName> search, List<String> options) {

  /** What the file's absence means. */
  private static final ResolvConf NOTHING = parse("");

  /** A file longer than this is none. */
  private static final int LONGEST = 64 * 1024;

  /** Keeps its own copies. */
  public ResolvConf {
    servers = List.copyOf(servers);
    search = List.copyOf(search);
    options = List.copyOf(options);
  }

  /** Reads the file; one that cannot be read says nothing. */
  public static ResolvConf read(Path file) {
    try {
      return Files.size(file) > LONGEST
          ? NOTHING
          : parse(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return NOTHING;
    }
  }

  /** What the text says. */
  public static ResolvConf parse(String text) {
    List<IpAddress> servers = new ArrayList<>();
    List<DomainName> search = List.of();
    List<String> options = new ArrayList<>();
    for (String line : (Iterable<String>) text.lines()::iterator) {
      String[] words = line.strip().split("[ \t]+");
      List<String> values = List.of(words).subList(1, words.length);
      switch (words[0]) {
        case "nameserver" ->
            values.stream()
                .limit(1)
                .flatMap(ResolvConf::server)
                .forEach(s -> {
                  if (!servers.contains(s)) {
                    servers.add(s);
                  }
                });
        case "search", "domain" -> search = values.stream().flatMap(ResolvConf::domain).toList();
        case "options" -> values.stream().filter(ResolvConf::isPlain).forEach(options::add);
        default -> {
          // comments, sortlist and whatever else does not concern us
        }
      }
    }
    return new ResolvConf(
        servers.isEmpty() ? List.of(IpAddress.LOOPBACK4) : servers, search, options);
  }

  /** The file that a program in the guest's namespace is to find. */
  public static String text(
      List<IpAddress> servers, List<DomainName> search, List<String> options) {
    StringBuilder text = new StringBuilder();
    servers.forEach(server -> text.append("nameserver ").append(server).append('\n'));
    if (!search.isEmpty()) {
      text.append("search");
      search.forEach(domain -> text.append(' ').append(domain));
      text.append('\n');
    }
    if (!options.isEmpty()) {
      text.append("options ").append(String.join(" ", options)).append('\n');
    }
    return text.toString();
  }

  private static Stream<IpAddress> server(String text) {
    try {
      return Stream.of(IpAddress.parse(text)).map(ResolvConf::reachable);
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  /** To the C library, the unspecified address is the machine itself. */
  private static IpAddress reachable(IpAddress server) {
    return !server.isUnspecified()
        ? server
        : server.isV4() ? IpAddress.LOOPBACK4 : IpAddress.LOOPBACK6;
  }

  private static Stream<DomainName> domain(String text) {
    try {
      return Stream.of(DomainName.parse(text.toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  private static boolean isPlain(String option) {
    return option.matches("[a-z0-9:-]{1,40}");
  }
}
