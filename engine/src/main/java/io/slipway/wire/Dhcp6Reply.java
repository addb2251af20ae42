package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;

/**
 * Writes what a DHCPv6 server says (RFC 8415 §8, §21, RFC 3646). Owned by whoever answers; writes
 * into the buffer that it was given, from index 0 on. Times are in seconds.
 */
public final class Dhcp6Reply {

  /**
   * The largest message ever written here: identifiers of 134 and 18 bytes, eight associations of
   * two addresses and a status, a name server, and search domains of {@value #MOST_SEARCH} bytes.
   * It fits the smallest MTU of IPv6.
   */
  public static final int CAPACITY = 1232;

  public static final int SUCCESS = 0;
  public static final int NO_ADDRESSES = 2;
  public static final int NO_BINDING = 3;
  public static final int NOT_ON_LINK = 4;
  public static final int USE_MULTICAST = 5;
  public static final int NO_PREFIXES = 6;

  public static final int OPTION_DNS = 23;
  public static final int OPTION_SEARCH = 24;

  private static final int OPTION_PREFERENCE = 7;
  private static final int OPTION_STATUS = 13;
  private static final int MOST_SEARCH = 255;

  private final ByteBuf buffer;
  private int associationAt;

  /**
   * Begins an answer to {@code request}.
   *
   * @param type {@link Dhcp6Message#ADVERTISE} or REPLY
   * @param server our DUID, in hexadecimal
   */
  public Dhcp6Reply(ByteBuf buffer, Dhcp6Message request, int type, String server) {
    this.buffer = buffer;
    buffer.clear();
    buffer.writeByte(type).writeMedium(request.xid());
    if (request.client() != null) {
      identifier(Dhcp6Message.OPTION_CLIENT, request.client());
    }
    identifier(Dhcp6Message.OPTION_SERVER, server);
  }

  private void identifier(int option, String duid) {
    byte[] bytes = ByteBufUtil.decodeHexDump(duid);
    buffer.writeShort(option).writeShort(bytes.length).writeBytes(bytes);
  }

  /** Adds a status code: of the message, or of the association that was begun. */
  public Dhcp6Reply withStatus(int status) {
    buffer.writeShort(OPTION_STATUS).writeShort(2).writeShort(status);
    return this;
  }

  /** RFC 8415 §21.8: with the highest one, the client waits for no other server. */
  public Dhcp6Reply withHighestPreference() {
    buffer.writeShort(OPTION_PREFERENCE).writeShort(1).writeByte(255);
    return this;
  }

  /** Says that the addresses are the client's without a second exchange. */
  public Dhcp6Reply withRapidCommit() {
    buffer.writeShort(Dhcp6Message.OPTION_RAPID_COMMIT).writeShort(0);
    return this;
  }

  public Dhcp6Reply withNameServer(IpAddress server) {
    buffer.writeShort(OPTION_DNS).writeShort(16);
    buffer.writeLong(server.high()).writeLong(server.low());
    return this;
  }

  /** Adds the domains in which to look for unqualified names, if there is room for them. */
  public Dhcp6Reply withSearch(List<DomainName> domains) {
    int length = domains.stream().mapToInt(DomainName::encodedLength).sum();
    if (length > 0 && length <= MOST_SEARCH) {
      buffer.writeShort(OPTION_SEARCH).writeShort(length);
      domains.forEach(domain -> domain.write(buffer));
    }
    return this;
  }

  /**
   * Begins an association; what is added until {@link #endAssociation} belongs to it.
   *
   * @param renew when the client shall come back to us, 0 for whenever it likes
   * @param rebind when it shall ask anybody
   */
  public void beginAssociation(Dhcp6Message.Association association, int renew, int rebind) {
    buffer.writeShort(association.kind()).writeShort(0);
    associationAt = buffer.writerIndex();
    buffer.writeInt(association.iaid());
    if (Dhcp6Message.Association.headerLength(association.kind()) > 4) {
      buffer.writeInt(renew).writeInt(rebind);
    }
  }

  /** Adds an address to the association, which is the client's for so long: not at all, if 0. */
  public void address(IpAddress address, int lifetime) {
    buffer.writeShort(Dhcp6Message.OPTION_ADDRESS).writeShort(24);
    buffer.writeLong(address.high()).writeLong(address.low());
    buffer.writeInt(lifetime).writeInt(lifetime);
  }

  public void endAssociation() {
    buffer.setShort(associationAt - 2, buffer.writerIndex() - associationAt);
  }

  /** Bytes of the message. */
  public int length() {
    return buffer.writerIndex();
  }
}
