package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes what a DHCP server says (RFC 2131 §4.3.1, RFC 2132). Owned by whoever answers; writes into
 * the buffer that it was given, from index 0 on.
 *
 * <p>What does not fit behind the others goes into the fields for names that nobody uses (RFC 2132
 * §9.3), and is left out when it does not fit there either: what comes first is surest to be told.
 */
public final class DhcpReply {

  /** The least that a client must take (RFC 2131 §2): the largest message ever written here. */
  public static final int CAPACITY = 548;

  /** RFC 1542 §2.1: BOOTP's length, for relays and clients that insist on it. */
  private static final int LEAST = 300;

  public static final int OPTION_MASK = 1;
  public static final int OPTION_ROUTER = 3;
  public static final int OPTION_DNS = 6;
  public static final int OPTION_MTU = 26;
  public static final int OPTION_BROADCAST = 28;
  public static final int OPTION_LEASE_SECONDS = 51;
  public static final int OPTION_RENEW_SECONDS = 58;
  public static final int OPTION_REBIND_SECONDS = 59;
  public static final int OPTION_SEARCH = 119;
  public static final int OPTION_ROUTES = 121;

  private static final int MOST_OF_OPTION = 255;

  /** Bytes of an option before its value. */
  private static final int HEADER = 2;

  private static final int OVERLOAD_LENGTH = 3;

  /** Where the fields end whose number this is: room for the end, and in the first to tell so. */
  private static final int[] LIMITS = {
    CAPACITY - OVERLOAD_LENGTH - 1, DhcpMessage.COOKIE_AT - 1, DhcpMessage.FILE_AT - 1
  };

  private static final int[] STARTS = {
    DhcpMessage.OPTIONS_AT, DhcpMessage.FILE_AT, DhcpMessage.SNAME_AT
  };

  private final ByteBuf buffer;

  /** Where the next option is written: in the field for options, for a file, for a server. */
  private final int[] at = STARTS.clone();

  /**
   * Begins an answer to {@code request}.
   *
   * @param type {@link DhcpMessage#OFFER}, ACK or NAK
   * @param yiaddr the client's address; 0 when none is given
   */
  public DhcpReply(ByteBuf buffer, DhcpMessage request, int type, int yiaddr, int server) {
    this.buffer = buffer;
    buffer.setIndex(0, 0).setZero(0, CAPACITY);
    buffer.setByte(0, DhcpMessage.OP_REPLY);
    buffer.setByte(1, DhcpMessage.ETHERNET);
    buffer.setByte(2, DhcpMessage.MAC_LENGTH);
    buffer.setInt(DhcpMessage.XID_AT, request.xid());
    buffer.setShort(DhcpMessage.FLAGS_AT, request.broadcast() ? DhcpMessage.BROADCAST_FLAG : 0);
    buffer.setInt(DhcpMessage.CIADDR_AT, type == DhcpMessage.NAK ? 0 : request.ciaddr());
    buffer.setInt(DhcpMessage.YIADDR_AT, yiaddr);
    buffer.setShort(DhcpMessage.CHADDR_AT, (int) (request.mac() >>> 32));
    buffer.setInt(DhcpMessage.CHADDR_AT + 2, (int) request.mac());
    buffer.setInt(DhcpMessage.COOKIE_AT, DhcpMessage.COOKIE);
    if (begin(DhcpMessage.OPTION_TYPE, 1)) {
      buffer.writeByte(type);
    }
    with(DhcpMessage.OPTION_SERVER, server);
    if (request.identified()) {
      // RFC 6842 §3: as it was told.
      byte[] client = ByteBufUtil.decodeHexDump(request.client());
      if (begin(DhcpMessage.OPTION_CLIENT, client.length)) {
        buffer.writeBytes(client);
      }
    }
  }

  /** Moves the writer index to where the value belongs; false when there is no room for it. */
  private boolean begin(int option, int length) {
    for (int field = 0; field < at.length; field++) {
      if (at[field] + HEADER + length <= LIMITS[field]) {
        buffer.writerIndex(at[field]).writeByte(option).writeByte(length);
        at[field] += HEADER + length;
        return true;
      }
    }
    return false;
  }

  /** Adds an option of four bytes. */
  public DhcpReply with(int option, int value) {
    if (begin(option, 4)) {
      buffer.writeInt(value);
    }
    return this;
  }

  /** Adds an option of two bytes. */
  public DhcpReply withShort(int option, int value) {
    if (begin(option, 2)) {
      buffer.writeShort(value);
    }
    return this;
  }

  /** Confirms the name that the client has. */
  public DhcpReply withName(String name) {
    if (begin(DhcpMessage.OPTION_NAME, name.length())) {
      buffer.writeCharSequence(name, StandardCharsets.US_ASCII);
    }
    return this;
  }

  /** Adds a way to a router outside the subnet, and by it to everything else (RFC 3442). */
  public DhcpReply withRoutesOver(int router) {
    if (begin(OPTION_ROUTES, 14)) {
      buffer.writeByte(32).writeInt(router).writeInt(0);
      buffer.writeByte(0).writeInt(router);
    }
    return this;
  }

  /**
   * Adds the domains in which to look for unqualified names (RFC 3397), if the option holds them.
   */
  public DhcpReply withSearch(List<DomainName> domains) {
    int length = domains.stream().mapToInt(DomainName::encodedLength).sum();
    if (length > 0 && length <= MOST_OF_OPTION && begin(OPTION_SEARCH, length)) {
      domains.forEach(domain -> domain.write(buffer));
    }
    return this;
  }

  /** Says that the address is the client's without a second exchange (RFC 4039). */
  public DhcpReply withRapidCommit() {
    begin(DhcpMessage.OPTION_RAPID_COMMIT, 0);
    return this;
  }

  /** Ends the options; returns the bytes of the message. */
  public int end() {
    int overload = 0;
    for (int field = 1; field < at.length; field++) {
      if (at[field] > STARTS[field]) {
        buffer.setByte(at[field], DhcpMessage.END);
        overload |= field;
      }
    }
    buffer.writerIndex(at[0]);
    if (overload != 0) {
      buffer.writeByte(DhcpMessage.OPTION_OVERLOAD).writeByte(1).writeByte(overload);
    }
    buffer.writeByte(DhcpMessage.END);
    return Math.max(buffer.writerIndex(), LEAST);
  }
}
