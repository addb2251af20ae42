package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.route.Endpoint;

/**
 * The host half of a UDP mapping: one unconnected socket that stands for one guest endpoint towards
 * all its peers (RFC 4787 section 4.1, endpoint-independent mapping).
 *
 * <p>Owned by the flow that opened it; used on the flow's event loop only. Reads start paused.
 * Addresses are two longs, IPv4 as {@code ::ffff:a.b.c.d}. Nothing is allocated per datagram.
 */
public interface HostDatagrams {

  /**
   * Sends one datagram: now, or with others to the same peer at the batch's end ({@link
   * HostSockets#flush}), in order. The call keeps nothing of {@code data}.
   *
   * <p>An error that the kernel kept for another peer's datagram does not spoil this one: it is
   * tried again, and the other error arrives at {@link Events#onError}, perhaps within this call.
   *
   * @param data a direct buffer, not released and not moved by this call
   * @param offset absolute index of the payload's first byte
   * @param length 0..65507 (IPv4) or 65527 (IPv6) bytes
   * @param dstHigh the peer's address, high half
   * @param dstLow the peer's address, low half; its family is the socket's
   * @param dstPort the peer's port
   * @param hopLimit the TTL or hop limit to send with, 1..255, or 0 for the kernel's default
   * @param dontFragment whether a datagram larger than the path is refused instead of cut
   * @return the bytes sent or waiting, or a negated errno: -EAGAIN and -ENOBUFS when the kernel has
   *     no room (drop and count), -EMSGSIZE (see {@link #pathMtu}), -EACCES (broadcast),
   *     -ENETUNREACH, ...; that of one that waited is told by {@link Events#onRefused}
   */
  int send(
      ByteBuf data,
      int offset,
      int length,
      long dstHigh,
      long dstLow,
      int dstPort,
      int hopLimit,
      boolean dontFragment);

  /**
   * The MTU in bytes for which {@link #send}, or {@link Events#onRefused}, last said EMSGSIZE; 0
   * when that is not known.
   */
  int pathMtu();

  /**
   * Stops reading; the kernel queues and then drops. Errors are still reported, and so are the
   * datagrams of the batch that was already fetched.
   */
  void pauseReads();

  /** Starts or restarts reading. */
  void resumeReads();

  /** Closes the socket. The only event still to come is {@link Events#onClosed}. */
  void close();

  /** The local address (unspecified when the kernel chooses per datagram) and the port. */
  Endpoint local();

  /** What arrived from the host's network. Called on the flow's event loop. */
  interface Events {

    /**
     * A datagram from any peer, or several of one peer that the kernel had joined: the caller
     * filters.
     *
     * @param slab the loop's receive memory, valid for the call only; not released by the callee
     * @param offset absolute index of the payload's first byte
     * @param length bytes of payload, of all of them together, 0..65527
     * @param size bytes of each of several, of which the last may be shorter; 0 when it is one
     * @param srcHigh the peer's address, high half
     * @param srcLow the peer's address, low half
     * @param srcPort the peer's port
     * @param hopLimit the TTL or hop limit that it came with, 0 when unknown
     */
    void onDatagrams(
        ByteBuf slab,
        int offset,
        int length,
        int size,
        long srcHigh,
        long srcLow,
        int srcPort,
        int hopLimit);

    /** The kernel's queue was emptied, or this turn's share of reads is spent. */
    void onReadBatchEnd();

    /**
     * Our own kernel refused a datagram that {@link HostDatagrams#send} had let wait.
     *
     * @param errno the positive errno, as of {@code send}
     * @param dstHigh the address that it was for, high half
     * @param dstLow the address that it was for, low half
     * @param dstPort the port that it was for
     * @param data holds the datagram, valid for the call
     * @param offset absolute index of its first byte
     * @param length its bytes
     */
    void onRefused(
        int errno, long dstHigh, long dstLow, int dstPort, ByteBuf data, int offset, int length);

    /**
     * An ICMP error about a datagram sent earlier (IP_RECVERR, ip(7)). What our own kernel refuses
     * is not told here.
     *
     * @param errno the positive errno that the kernel made of it: ECONNREFUSED, EHOSTUNREACH, ...
     * @param icmpType the ICMP or ICMPv6 type, as the socket's family says
     * @param icmpCode the ICMP or ICMPv6 code
     * @param mtu the path's MTU in bytes with EMSGSIZE, otherwise 0
     * @param offenderHigh the router or host that reported it, high half; 0 when unknown
     * @param offenderLow the router or host that reported it, low half; 0 when unknown
     * @param dstHigh the address that the offending datagram was sent to, high half
     * @param dstLow the address that the offending datagram was sent to, low half
     * @param dstPort the port that the offending datagram was sent to
     * @param quoted holds what came back of the offending datagram's payload, valid for the call
     * @param off absolute index of its first byte
     * @param len its bytes, 0 when nothing came back
     */
    void onError(
        int errno,
        int icmpType,
        int icmpCode,
        int mtu,
        long offenderHigh,
        long offenderLow,
        long dstHigh,
        long dstLow,
        int dstPort,
        ByteBuf quoted,
        int off,
        int len);

    /** The descriptor is gone. Always the last event, exactly once. */
    void onClosed();
  }
}
