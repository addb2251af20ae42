package io.slipway.flow;

import io.netty.buffer.ByteBuf;

/**
 * The host half of an echo mapping: one socket that stands for one identifier of the guest towards
 * everybody it pings (RFC 5508 section 3.1, endpoint-independent mapping).
 *
 * <p>Owned by the flow that opened it; used on the flow's event loop only. Messages are ICMP or
 * ICMPv6, by the family of the socket, and begin with their header. On the host's side they carry
 * an identifier of the host's. Addresses are two longs, IPv4 as {@code ::ffff:a.b.c.d}. Nothing is
 * allocated per message.
 */
public interface HostEcho {

  /**
   * Sends one echo request now, with an identifier and a checksum of our own in place of those in
   * {@code message}. Errors that came before it may be told within this call.
   *
   * @param message a direct buffer, not released, and left as it was
   * @param offset absolute index of the ICMP type
   * @param length bytes of header and payload
   * @param dstHigh where it goes, high half
   * @param dstLow where it goes, low half; its family is the socket's
   * @param hopLimit the TTL or hop limit to send with, 1..255
   * @param dontFragment whether a packet larger than the path is refused instead of cut
   * @return the bytes sent, or a negated errno: -EAGAIN and -ENOBUFS when the kernel has no room
   *     (drop and count), -EMSGSIZE (see {@link #pathMtu}), -ENETUNREACH, ...
   */
  int send(
      ByteBuf message,
      int offset,
      int length,
      long dstHigh,
      long dstLow,
      int hopLimit,
      boolean dontFragment);

  /** The MTU in bytes for which {@link #send} last said -EMSGSIZE; 0 when that is not known. */
  int pathMtu();

  /** Closes the socket. The only event still to come is {@link Events#onClosed}. */
  void close();

  /** The identifier that requests have on the host's side. */
  int id();

  /** What arrived from the host's network. Called on the flow's event loop. */
  interface Events {

    /**
     * An echo reply with our identifier, from anybody.
     *
     * @param slab the loop's receive memory, valid for the call; the callee may write to the
     *     message and does not release it
     * @param offset absolute index of the ICMP type
     * @param length bytes of header and payload, at least those of the header
     * @param srcHigh who answered, high half
     * @param srcLow who answered, low half
     * @param hopLimit what was left of the TTL or hop limit, or 0 when that is not known
     */
    void onReply(ByteBuf slab, int offset, int length, long srcHigh, long srcLow, int hopLimit);

    /**
     * An ICMP error about a request sent earlier. What our own kernel refuses is not told here.
     *
     * @param icmpType the ICMP or ICMPv6 type, as the socket's family says
     * @param icmpCode the ICMP or ICMPv6 code
     * @param mtu the path's MTU in bytes when the request was too big for it, otherwise 0
     * @param offenderHigh the router or host that reported it, high half
     * @param offenderLow the router or host that reported it, low half
     * @param dstHigh the address that the request was sent to, high half
     * @param dstLow the address that the request was sent to, low half
     * @param quoted holds what came back of the request, valid for the call; the callee may write
     *     to it
     * @param off absolute index of the request's ICMP type
     * @param len its bytes, at least those of the header
     */
    void onError(
        int icmpType,
        int icmpCode,
        int mtu,
        long offenderHigh,
        long offenderLow,
        long dstHigh,
        long dstLow,
        ByteBuf quoted,
        int off,
        int len);

    /** The descriptor is gone. Always the last event, exactly once. */
    void onClosed();
  }
}
