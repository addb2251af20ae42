package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a DHCP client says (RFC 2131 §2, RFC 2132), as far as a server without relays needs it.
 *
 * @param type {@link #DISCOVER} and so on
 * @param xid the client's number for the exchange
 * @param broadcast whether the answer must be broadcast
 * @param ciaddr the address that the client uses, 0 while it has none
 * @param giaddr the relay that passed it on, 0 for none
 * @param mac the client's Ethernet address
 * @param client who asks: its client identifier, or its Ethernet address, in hexadecimal
 * @param identified whether it told a client identifier
 * @param name what it calls itself, null when it does not, or by no host name
 * @param requested the address it asks for, 0 for none
 * @param server the server it speaks to, 0 for all
 * @param rapidCommit whether it takes an address without asking twice (RFC 4039)
 */
public record DhcpMessage(
    int type,
    int xid,
    boolean broadcast,
    int ciaddr,
    int giaddr,
    long mac,
    String client,
    boolean identified,
    @Nullable String name,
    int requested,
    int server,
    boolean rapidCommit) {

  public static final int SERVER_PORT = 67;
  public static final int CLIENT_PORT = 68;

  public static final int DISCOVER = 1;
  public static final int OFFER = 2;
  public static final int REQUEST = 3;
  public static final int DECLINE = 4;
  public static final int ACK = 5;
  public static final int NAK = 6;
  public static final int RELEASE = 7;
  public static final int INFORM = 8;

  static final int OP_REQUEST = 1;
  static final int OP_REPLY = 2;
  static final int ETHERNET = 1;
  static final int MAC_LENGTH = 6;
  static final int BROADCAST_FLAG = 0x8000;
  static final int COOKIE = 0x6382_5363;

  /** Where the fields lie (RFC 2131 figure 1). */
  static final int XID_AT = 4;

  static final int FLAGS_AT = 10;
  static final int CIADDR_AT = 12;
  static final int YIADDR_AT = 16;
  static final int GIADDR_AT = 24;
  static final int CHADDR_AT = 28;
  static final int SNAME_AT = 44;
  static final int FILE_AT = 108;
  static final int COOKIE_AT = 236;
  static final int OPTIONS_AT = 240;

  static final int PAD = 0;
  static final int OPTION_NAME = 12;
  static final int OPTION_REQUESTED = 50;
  static final int OPTION_OVERLOAD = 52;
  static final int OPTION_TYPE = 53;
  static final int OPTION_SERVER = 54;
  static final int OPTION_CLIENT = 61;
  static final int OPTION_RAPID_COMMIT = 80;
  static final int END = 255;

  /** RFC 2132 §9.14: a type and something that it is the type of. */
  private static final int LEAST_CLIENT = 2;

  private static final int LONGEST_CLIENT = 255;

  /**
   * Reads a client's message.
   *
   * @param at index of its first byte
   * @param length bytes of UDP payload
   * @return null when it is none: too short, not of a client on Ethernet, an option that runs out
   *     of its field, no type, or an identifier of more than {@value #LONGEST_CLIENT} bytes
   */
  public static @Nullable DhcpMessage parse(ByteBuf frame, int at, int length) {
    boolean ofClient =
        length >= OPTIONS_AT
            && frame.getByte(at) == OP_REQUEST
            && frame.getByte(at + 1) == ETHERNET
            && frame.getByte(at + 2) == MAC_LENGTH
            && frame.getInt(at + COOKIE_AT) == COOKIE;
    if (!ofClient) {
      return null;
    }
    long mac =
        ((long) frame.getUnsignedShort(at + CHADDR_AT) << 32)
            | frame.getUnsignedInt(at + CHADDR_AT + 2);
    Options options = new Options();
    boolean whole = options.read(frame, at + OPTIONS_AT, at + length);
    // RFC 2132 §9.3: the two names' fields may hold options, too.
    if ((options.overload & 1) != 0) {
      whole &= options.read(frame, at + FILE_AT, at + COOKIE_AT);
    }
    if ((options.overload & 2) != 0) {
      whole &= options.read(frame, at + SNAME_AT, at + FILE_AT);
    }
    whole &= options.client.length() <= 2 * LONGEST_CLIENT;
    if (!whole || options.type == 0 || mac == 0 || MacAddress.isGroup(mac)) {
      return null;
    }
    // RFC 2132 §9.14: an identifier of type 1 is the Ethernet address, however it is told.
    String own = String.format("01%012x", mac);
    boolean identified = options.client.length() >= 2 * LEAST_CLIENT;
    return new DhcpMessage(
        options.type,
        frame.getInt(at + XID_AT),
        (frame.getUnsignedShort(at + FLAGS_AT) & BROADCAST_FLAG) != 0,
        frame.getInt(at + CIADDR_AT),
        frame.getInt(at + GIADDR_AT),
        mac,
        identified ? options.client.toString() : own,
        identified,
        DomainName.isName(options.name) ? options.name.toString() : null,
        options.requested,
        options.server,
        options.rapidCommit);
  }

  /**
   * What the options say. Of one of fixed length that comes twice, the first; others are joined in
   * the order in which they come (RFC 3396 §7).
   */
  private static final class Options {
    private int overload;
    private int type;
    private int requested;
    private int server;
    private final StringBuilder client = new StringBuilder();
    private final StringBuilder name = new StringBuilder();
    private boolean rapidCommit;

    /** Returns false when one does not fit. */
    private boolean read(ByteBuf frame, int from, int end) {
      int at = from;
      while (at < end) {
        int code = frame.getUnsignedByte(at++);
        if (code == END) {
          return true;
        }
        if (code == PAD) {
          continue;
        }
        if (at == end) {
          return false;
        }
        int length = frame.getUnsignedByte(at++);
        if (length > end - at) {
          return false;
        }
        take(code, frame, at, length);
        at += length;
      }
      return true;
    }

    private void take(int code, ByteBuf frame, int at, int length) {
      switch (code) {
        case OPTION_OVERLOAD -> overload = length == 1 ? frame.getByte(at) & 3 : overload;
        case OPTION_TYPE -> type = type == 0 && length == 1 ? frame.getUnsignedByte(at) : type;
        case OPTION_REQUESTED ->
            requested = requested == 0 && length == 4 ? frame.getInt(at) : requested;
        case OPTION_SERVER -> server = server == 0 && length == 4 ? frame.getInt(at) : server;
        case OPTION_CLIENT -> client.append(ByteBufUtil.hexDump(frame, at, length));
        case OPTION_NAME ->
            name.append(frame.getCharSequence(at, length, StandardCharsets.ISO_8859_1));
        case OPTION_RAPID_COMMIT -> rapidCommit = true;
        default -> {
          // What the client would like to know is told without its asking.
        }
      }
    }
  }
}
