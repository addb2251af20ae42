package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Writes what a DHCP server says (RFC 2131 §4.3.1, RFC 2132). Owned by whoever answers; writes into
 * the buffer that it was given, from index 0 on.
 */
public final class DhcpReply {

  /** The least that a client must take (RFC 2131 §2): the largest message ever written here. */
  public static final int CAPACITY = 548;

  /** RFC 1542 §2.1: BOOTP's length, for relays and clients that insist on it. */
  private static final int LEAST = 300;

  public static final int OPTION_MASK = 1;
  public static final int OPTION_ROUTER = 3;
  public static final int OPTION_MTU = 26;
  public static final int OPTION_BROADCAST = 28;
  public static final int OPTION_LEASE_SECONDS = 51;
  public static final int OPTION_SEARCH = 119;

  private static final int MOST_OF_OPTION = 255;

  private final ByteBuf buffer;

  /**
   * Begins an answer to {@code request}.
   *
   * @param type {@link DhcpMessage#OFFER}, ACK or NAK
   * @param yiaddr the client's address; 0 when none is given
   */
  public DhcpReply(ByteBuf buffer, DhcpMessage request, int type, int yiaddr, int server) {
    this.buffer = buffer;
    buffer.setZero(0, CAPACITY);
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
    buffer.setIndex(0, DhcpMessage.OPTIONS_AT);
    buffer.writeByte(DhcpMessage.OPTION_TYPE).writeByte(1).writeByte(type);
    with(DhcpMessage.OPTION_SERVER, server);
  }

  /** Adds an option of four bytes. */
  public DhcpReply with(int option, int value) {
    buffer.writeByte(option).writeByte(4).writeInt(value);
    return this;
  }

  /** Adds an option of two bytes. */
  public DhcpReply withShort(int option, int value) {
    buffer.writeByte(option).writeByte(2).writeShort(value);
    return this;
  }

  /**
   * Adds the domains in which to look for unqualified names (RFC 3397), if the option holds them.
   */
  public DhcpReply withSearch(List<DomainName> domains) {
    int length = domains.stream().mapToInt(DomainName::encodedLength).sum();
    if (length > 0 && length <= MOST_OF_OPTION) {
      buffer.writeByte(OPTION_SEARCH).writeByte(length);
      domains.forEach(domain -> domain.write(buffer));
    }
    return this;
  }

  /** Says that the address is the client's without a second exchange (RFC 4039). */
  public DhcpReply withRapidCommit() {
    buffer.writeByte(DhcpMessage.OPTION_RAPID_COMMIT).writeByte(0);
    return this;
  }

  /** Ends the options; returns the bytes of the message. */
  public int end() {
    buffer.writeByte(DhcpMessage.END);
    return Math.max(buffer.writerIndex(), LEAST);
  }
}
