/**
 * The formats of the wire: where each field of a frame lies, and the arithmetic that goes with it.
 *
 * <p><b>What this room does.</b> Header classes are sets of static accessors over {@code (ByteBuf,
 * index)}. They read and write with absolute indices, so the reader and writer index stay with
 * whoever owns the buffer, and they keep nothing: no header is ever an object. Offsets are private
 * to their header. Each header has one length check, {@code fits}; whoever opens a frame asks it
 * once, and plain reads follow. Small values that cross cold boundaries ({@link
 * io.slipway.wire.IpAddress}, {@link io.slipway.wire.Cidr}, {@link io.slipway.wire.MacAddress}) are
 * records; on the hot path the same addresses travel as two longs.
 *
 * <p><b>One address form.</b> An IPv6 address is its 128 bits as {@code (high, low)}; an IPv4
 * address is the IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), {@code high == 0} and {@code low ==
 * 0x0000_FFFF_aabb_ccdd}. A mapped address inside a real IPv6 header would be mistaken for IPv4, so
 * the decoders drop such packets.
 *
 * <p><b>Two reusable objects.</b> {@link io.slipway.wire.Packet} is the cursor that an event loop
 * moves from frame to frame, and {@link io.slipway.wire.Gather} a list of payload pieces. Both
 * belong to one loop, are valid for one call, and hold no reference counts.
 *
 * <p><b>What it does not do.</b> It knows no policy, no time, no counters, no channel: a malformed
 * header is reported by a return value, and the caller decides what to count. It never resolves a
 * name and never touches {@code java.net}.
 *
 * <p><b>Neighbours.</b> Everybody above reads it; it imports only Netty's buffers. Nothing here
 * allocates per packet except {@link io.slipway.wire.PacketText}, which is for tests and traces.
 *
 * <p><b>Sources.</b> RFC 768 (UDP), RFC 791 (IPv4), RFC 792 (ICMP), RFC 826 (ARP), RFC 1071
 * (checksum), RFC 2018 (SACK), RFC 4291 and RFC 5952 (IPv6 addresses and their text), RFC 4443
 * (ICMPv6), RFC 4861 (neighbour discovery), RFC 7323 (window scale, timestamps), RFC 8200 (IPv6),
 * RFC 9293 (TCP); the virtio network header from the virtio specification 1.2 §5.1.6.
 */
@NullMarked
package io.slipway.wire;

import org.jspecify.annotations.NullMarked;
