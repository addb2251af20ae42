package io.slipway.route;

import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Destinations that an operator allows or denies: a list of {@code
 * [tcp://|udp://|icmp://]HOST|CIDR[:PORT[-PORT]]}. Immutable.
 *
 * <p>Without a scheme an entry holds for every protocol; without ports, or with port 0, for every
 * port. An entry with ports never matches ICMP, which has none. IPv6 with a port is written in
 * brackets: {@code [fd00::/8]:80}.
 */
public final class AccessList {

  /** A list that matches nothing. */
  public static final AccessList EMPTY = new AccessList(List.of());

  /** Turns a host name into addresses, when a list is read. */
  @FunctionalInterface
  public interface Names {

    /** Addresses of the name, at least one; or an IllegalArgumentException that says why not. */
    List<IpAddress> resolve(String name);
  }

  private final Entry[] entries;

  private AccessList(List<Entry> entries) {
    this.entries = entries.toArray(new Entry[0]);
  }

  /**
   * Reads a comma list that holds addresses only.
   *
   * @throws IllegalArgumentException quoting the entry and saying what is wrong with it
   */
  public static AccessList parse(String text) {
    return parse(
        text,
        name -> {
          throw new IllegalArgumentException("\"" + name + "\" is not an IPv4 or IPv6 address");
        });
  }

  /**
   * Reads a comma list; names in it are asked for once, here, and each of their addresses becomes
   * an entry.
   *
   * @throws IllegalArgumentException quoting the entry and saying what is wrong with it
   */
  public static AccessList parse(String text, Names names) {
    List<Entry> entries = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String entry = part.strip();
      if (entry.isEmpty()) {
        throw new IllegalArgumentException("\"" + text + "\" has an empty entry");
      }
      AccessListText.parse(entry, names, entries);
    }
    return new AccessList(entries);
  }

  /** Both lists as one. */
  public AccessList plus(AccessList other) {
    List<Entry> all = new ArrayList<>(List.of(entries));
    all.addAll(List.of(other.entries));
    return new AccessList(all);
  }

  public boolean isEmpty() {
    return entries.length == 0;
  }

  /** Whether an entry holds for this destination; {@code port} is ignored for ICMP. */
  public boolean match(Protocol protocol, long high, long low, int port) {
    for (Entry entry : entries) {
      if (entry.matches(protocol, port) && entry.block.contains(high, low)) {
        return true;
      }
    }
    return false;
  }

  /** As {@link #match}, among entries only whose addresses all lie in {@code block}. */
  boolean matchWithin(Cidr block, Protocol protocol, long high, long low, int port) {
    for (Entry entry : entries) {
      if (block.contains(entry.block)
          && entry.matches(protocol, port)
          && entry.block.contains(high, low)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AccessList that && List.of(entries).equals(List.of(that.entries));
  }

  @Override
  public int hashCode() {
    return List.of(entries).hashCode();
  }

  /** The list in the form in which it is read, names replaced by their addresses. */
  @Override
  public String toString() {
    List<String> texts = new ArrayList<>(entries.length);
    for (Entry entry : entries) {
      texts.add(entry.toString());
    }
    return String.join(",", texts);
  }

  /**
   * One destination.
   *
   * @param protocol null for every protocol
   */
  record Entry(@Nullable Protocol protocol, Cidr block, Ports ports) {

    boolean matches(Protocol asked, int port) {
      if (protocol != null && protocol != asked) {
        return false;
      }
      return asked == Protocol.ICMP ? ports.isAll() : ports.contains(port);
    }

    @Override
    public String toString() {
      boolean single = block.equals(Cidr.of(block.base()));
      String address = single ? block.base().toString() : block.toString();
      String scheme = protocol == null ? "" : protocol + "://";
      if (ports.isAll()) {
        return scheme + address;
      }
      return scheme + (block.base().isV4() ? address : "[" + address + "]") + ":" + ports;
    }
  }
}
