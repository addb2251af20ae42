package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Writes router advertisements (RFC 4861 §4.2) and their options (§4.6, RFC 8106 §5), one after the
 * other at the writer index of a buffer. Lifetimes are in seconds.
 */
public final class RouterAdvertisement {

  /** Flags of {@link #begin}: addresses, or just other things, are to be had by DHCPv6. */
  public static final int MANAGED = 0x80;

  public static final int OTHER = 0x40;

  /** Flags of a prefix: its addresses are on the link; the guest may make itself one. */
  public static final int ON_LINK = 0x80;

  public static final int AUTONOMOUS = 0x40;

  /** Bytes before the options. */
  public static final int LENGTH = 16;

  private static final int OPTION_PREFIX = 3;
  private static final int OPTION_MTU = 5;
  private static final int OPTION_RDNSS = 25;
  private static final int OPTION_DNSSL = 31;

  private RouterAdvertisement() {}

  /** The message itself, with a checksum of 0; reachable and retransmission times are left open. */
  public static void begin(ByteBuf out, int hopLimit, int flags, int routerLifetime) {
    out.writeByte(NdpMessage.ROUTER_ADVERTISEMENT).writeByte(0).writeShort(0);
    out.writeByte(hopLimit).writeByte(flags).writeShort(routerLifetime);
    out.writeInt(0).writeInt(0);
  }

  /** The router's Ethernet address. */
  public static void sourceMac(ByteBuf out, MacAddress mac) {
    out.writeByte(NdpMessage.OPTION_SOURCE_MAC).writeByte(1);
    out.writeShort((int) (mac.value() >>> 32)).writeInt((int) mac.value());
  }

  public static void mtu(ByteBuf out, int mtu) {
    out.writeByte(OPTION_MTU).writeByte(1).writeShort(0).writeInt(mtu);
  }

  /** A prefix of the link, with flags of {@link #ON_LINK} and {@link #AUTONOMOUS}. */
  public static void prefix(ByteBuf out, Cidr prefix, int flags, int valid, int preferred) {
    out.writeByte(OPTION_PREFIX).writeByte(4).writeByte(prefix.prefix()).writeByte(flags);
    out.writeInt(valid).writeInt(preferred).writeInt(0);
    out.writeLong(prefix.base().high()).writeLong(prefix.base().low());
  }

  /** A name server (RFC 8106 §5.1). */
  public static void nameServer(ByteBuf out, IpAddress server, int lifetime) {
    out.writeByte(OPTION_RDNSS).writeByte(3).writeShort(0).writeInt(lifetime);
    out.writeLong(server.high()).writeLong(server.low());
  }

  /** Where unqualified names are looked for (RFC 8106 §5.2); at most 255 * 8 bytes in all. */
  public static void search(ByteBuf out, List<DomainName> domains, int lifetime) {
    int start = out.writerIndex();
    out.writeByte(OPTION_DNSSL).writeByte(0).writeShort(0).writeInt(lifetime);
    domains.forEach(domain -> domain.write(out));
    int length = out.writerIndex() - start;
    out.writeZero(-length & 7);
    out.setByte(start + 1, (length + 7) >> 3);
  }
}
