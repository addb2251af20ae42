package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a DHCPv6 client says (RFC 8415 §8, §21), as far as a server without relays needs it.
 *
 * @param type {@link #SOLICIT} and so on
 * @param xid the client's number for the exchange, 24 bits
 * @param client the client's DUID in hexadecimal; null when it does not say
 * @param server the DUID of the server that it speaks to; null for all
 * @param associations what it wants addresses or prefixes for; the first {@value
 *     #MOST_ASSOCIATIONS}
 * @param requested the options that it asks for; null when it does not say
 * @param rapidCommit whether it takes addresses without asking twice
 */
public record Dhcp6Message(
    int type,
    int xid,
    @Nullable String client,
    @Nullable String server,
    List<Association> associations,
    @Nullable List<Integer> requested,
    boolean rapidCommit) {

  public static final int SERVER_PORT = 547;
  public static final int CLIENT_PORT = 546;

  /** The group of all servers and relays of a link, ff02::1:2 (RFC 8415 §7.1). */
  public static final long SERVERS_HIGH = 0xFF02_0000_0000_0000L;

  public static final long SERVERS_LOW = 0x1_0002L;

  public static final int SOLICIT = 1;
  public static final int ADVERTISE = 2;
  public static final int REQUEST = 3;
  public static final int CONFIRM = 4;
  public static final int RENEW = 5;
  public static final int REBIND = 6;
  public static final int REPLY = 7;
  public static final int RELEASE = 8;
  public static final int DECLINE = 9;
  public static final int INFORMATION_REQUEST = 11;

  /** Kinds of association, which are the codes of their options. */
  public static final int ADDRESSES = 3;

  public static final int TEMPORARY_ADDRESSES = 4;
  public static final int PREFIXES = 25;

  /** So many are answered; one interface asks for three at most. */
  static final int MOST_ASSOCIATIONS = 8;

  /** So many addresses of one association are looked at. We lease one for each. */
  static final int MOST_ADDRESSES = 2;

  static final int OPTION_CLIENT = 1;
  static final int OPTION_SERVER = 2;
  static final int OPTION_ADDRESS = 5;
  static final int OPTION_REQUESTED = 6;
  static final int OPTION_RAPID_COMMIT = 14;

  private static final int RELAY_FORWARD = 12;
  private static final int RELAY_REPLY = 13;

  private static final int OPTIONS_AT = 4;
  private static final int OPTION_HEADER = 4;

  /** RFC 8415 §11.1: a type of two bytes, and from one to 128 more. */
  private static final int LEAST_DUID = 3;

  private static final int MOST_DUID = 130;
  private static final int ADDRESS_LENGTH = 24;

  /**
   * An identity association (RFC 8415 §21.4, §21.5, §21.21).
   *
   * @param kind {@link #ADDRESSES}, {@link #TEMPORARY_ADDRESSES} or {@link #PREFIXES}
   * @param iaid the client's number for it
   * @param addresses that the client has or would like, the first {@value #MOST_ADDRESSES}
   */
  public record Association(int kind, int iaid, List<IpAddress> addresses) {
    static int headerLength(int kind) {
      return kind == TEMPORARY_ADDRESSES ? 4 : 12;
    }
  }

  /**
   * Reads a client's message.
   *
   * @param at index of its first byte
   * @param length bytes of UDP payload
   * @return null when it is none: too short, a relay's, or with an option that runs out of its
   *     field or is too short or long
   */
  public static @Nullable Dhcp6Message parse(ByteBuf frame, int at, int length) {
    if (length < OPTIONS_AT) {
      return null;
    }
    int type = frame.getUnsignedByte(at);
    Options options = new Options();
    boolean good =
        type != RELAY_FORWARD
            && type != RELAY_REPLY
            && options.read(frame, at + OPTIONS_AT, at + length);
    return good
        ? new Dhcp6Message(
            type,
            frame.getUnsignedMedium(at + 1),
            options.client,
            options.server,
            List.copyOf(options.associations),
            options.requested,
            options.rapidCommit)
        : null;
  }

  /** Whether the client wants to be told this option, or does not say what it wants. */
  public boolean wants(int option) {
    return requested == null || requested.contains(option);
  }

  /** What the options say; of one that comes twice, the first. */
  private static final class Options {
    private @Nullable String client;
    private @Nullable String server;
    private final List<Association> associations = new ArrayList<>();
    private @Nullable List<Integer> requested;
    private boolean rapidCommit;

    /** Returns false when one does not fit. */
    private boolean read(ByteBuf frame, int from, int end) {
      int at = from;
      while (at < end) {
        if (!optionFits(frame, at, end)) {
          return false;
        }
        int length = frame.getUnsignedShort(at + 2);
        if (!take(frame.getUnsignedShort(at), frame, at + OPTION_HEADER, length)) {
          return false;
        }
        at += OPTION_HEADER + length;
      }
      return true;
    }

    private boolean take(int code, ByteBuf frame, int at, int length) {
      return switch (code) {
        case OPTION_CLIENT -> {
          client = client == null ? duid(frame, at, length) : client;
          yield client != null;
        }
        case OPTION_SERVER -> {
          server = server == null ? duid(frame, at, length) : server;
          yield server != null;
        }
        case OPTION_REQUESTED -> {
          requested = requested == null ? codes(frame, at, length) : requested;
          yield requested != null;
        }
        case OPTION_RAPID_COMMIT -> {
          rapidCommit = true;
          yield length == 0;
        }
        case ADDRESSES, TEMPORARY_ADDRESSES, PREFIXES -> associate(code, frame, at, length);
        default -> true;
      };
    }

    private boolean associate(int kind, ByteBuf frame, int at, int length) {
      int header = Association.headerLength(kind);
      List<IpAddress> addresses = new ArrayList<>();
      if (length < header || !addresses(frame, at + header, at + length, addresses)) {
        return false;
      }
      if (associations.size() < MOST_ASSOCIATIONS) {
        associations.add(new Association(kind, frame.getInt(at), List.copyOf(addresses)));
      }
      return true;
    }

    private static boolean addresses(ByteBuf frame, int from, int end, List<IpAddress> found) {
      int at = from;
      while (at < end) {
        if (!optionFits(frame, at, end)) {
          return false;
        }
        int length = frame.getUnsignedShort(at + 2);
        if (frame.getUnsignedShort(at) == OPTION_ADDRESS) {
          if (length < ADDRESS_LENGTH) {
            return false;
          }
          int addressAt = at + OPTION_HEADER;
          if (found.size() < MOST_ADDRESSES) {
            found.add(new IpAddress(frame.getLong(addressAt), frame.getLong(addressAt + 8)));
          }
        }
        at += OPTION_HEADER + length;
      }
      return true;
    }

    private static boolean optionFits(ByteBuf frame, int at, int end) {
      return end - at >= OPTION_HEADER
          && frame.getUnsignedShort(at + 2) <= end - at - OPTION_HEADER;
    }

    private static @Nullable String duid(ByteBuf frame, int at, int length) {
      return length < LEAST_DUID || length > MOST_DUID
          ? null
          : ByteBufUtil.hexDump(frame, at, length);
    }

    private static @Nullable List<Integer> codes(ByteBuf frame, int at, int length) {
      if ((length & 1) != 0) {
        return null;
      }
      List<Integer> codes = new ArrayList<>();
      for (int i = 0; i < length; i += 2) {
        codes.add(frame.getUnsignedShort(at + i));
      }
      return codes;
    }
  }
}
