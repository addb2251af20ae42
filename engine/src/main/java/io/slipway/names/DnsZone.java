package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.slipway.names.NamesConfig.OwnName;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that we answer ourselves, and the addresses' way back to them. Immutable. */
final class DnsZone {
  private static final int A = 1;
  private static final int PTR = 12;
  private static final int AAAA = 28;
  private static final int ANY = 255;
  private static final int INTERNET = 1;

  /** A pointer to the question's name (RFC 1035 §4.1.4). */
  private static final int SAME_NAME = 0xC000 | DnsMessage.HEADER;

  private static final int TTL_SECONDS = 60;

  /** So many fit into the 512 bytes that every client takes, with the longest name. */
  private static final int MOST_ANSWERS = 7;

  private static final int NIBBLE = 4;

  private final Map<String, List<IpAddress>> addresses = new HashMap<>();
  private final Map<String, OwnName> names = new HashMap<>();

  DnsZone(List<OwnName> own) {
    for (OwnName one : own) {
      List<IpAddress> all =
          addresses.computeIfAbsent(one.name().text(), _ -> new ArrayList<>(MOST_ANSWERS));
      if (!all.contains(one.address())) {
        all.add(one.address());
      }
      names.putIfAbsent(reverse(one.address()), one);
    }
  }

  /**
   * Answers a query about a name of ours.
   *
   * @param out the answer is appended here
   * @return false when it is not ours to answer
   */
  boolean answer(DnsMessage query, ByteBuf out) {
    if (addresses.isEmpty() || !query.isPlainQuery()) {
      return false;
    }
    @Nullable String name = query.name();
    if (name == null) {
      return false;
    }
    @Nullable List<IpAddress> known = addresses.get(name);
    if (known != null) {
      addresses(query, known, out);
      return true;
    }
    @Nullable OwnName pointed = names.get(name);
    if (pointed != null) {
      pointer(query, pointed, out);
      return true;
    }
    return false;
  }

  private static void addresses(DnsMessage query, List<IpAddress> known, ByteBuf out) {
    int type = query.type();
    List<IpAddress> asked =
        known.stream()
            .filter(address -> type == ANY || type == (address.isV4() ? A : AAAA))
            .limit(MOST_ANSWERS)
            .toList();
    query.beginResponse(out, DnsMessage.NO_ERROR, asked.size(), true);
    for (IpAddress address : asked) {
      byte[] bytes = address.bytes();
      record(out, address.isV4() ? A : AAAA, bytes.length);
      out.writeBytes(bytes);
    }
    query.endResponse(out);
  }

  private static void pointer(DnsMessage query, OwnName pointed, ByteBuf out) {
    int type = query.type();
    boolean asked = type == PTR || type == ANY;
    query.beginResponse(out, DnsMessage.NO_ERROR, asked ? 1 : 0, true);
    if (asked) {
      record(out, PTR, pointed.name().encodedLength());
      pointed.name().write(out);
    }
    query.endResponse(out);
  }

  private static void record(ByteBuf out, int type, int length) {
    out.writeShort(SAME_NAME)
        .writeShort(type)
        .writeShort(INTERNET)
        .writeInt(TTL_SECONDS)
        .writeShort(length);
  }

  /** RFC 1035 §3.5 and RFC 3596 §2.5. */
  static String reverse(IpAddress address) {
    byte[] bytes = address.bytes();
    StringBuilder name = new StringBuilder();
    for (int i = bytes.length - 1; i >= 0; i--) {
      int value = bytes[i] & 0xFF;
      if (address.isV4()) {
        name.append(value).append('.');
      } else {
        name.append(nibble(value)).append('.').append(nibble(value >> NIBBLE)).append('.');
      }
    }
    return name.append(address.isV4() ? "in-addr.arpa" : "ip6.arpa").toString();
  }

  private static String nibble(int value) {
    return Integer.toHexString(value & 0xF);
  }
}
