/**
 * What the guest is told about its packets that went nowhere, and echo that is answered here.
 *
 * <p>{@link io.slipway.icmp.IcmpError} names the errors in the numbers of both families and knows
 * which errno a network would have made of them. {@link io.slipway.icmp.IcmpErrors} builds one,
 * quotes the packet that it is about, and sends it through {@code egress}.
 *
 * <p>{@link io.slipway.icmp.EchoResponder} turns an echo request, or a timestamp, into its reply.
 *
 * <p>Two ways to quote: {@code send} still has the guest's packet in hand. {@code sendQuoting} and
 * {@code forward} are for news that comes later, from a host socket, when the packet is long gone:
 * then its start is written anew ({@code Quotation}) from what the flow remembers, and the guest's
 * kernel finds its socket by it. {@code sendQuoting} is for what the host's kernel says by an
 * errno; {@code forward} for what a router or host on the way has said by an ICMP error, whose type
 * and code stay as they are, and whose sender the guest gets to see.
 *
 * <p><b>What is never answered</b> (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4 e): an ICMP
 * error, a packet to a multicast or broadcast address or in such a frame, a packet whose source
 * names no single host; except that an IPv6 option that must not be skipped is named whomever the
 * packet was for. Fragments other than the first do not get this far: the decoders reassemble.
 *
 * <p><b>Rate</b> (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f): a token bucket for each guest address,
 * because a limit shared by all could be read by one of them from the side.
 *
 * <p>What it does not do: it does not decide that a packet is refused, and errors that the guest
 * sends are {@code flow}'s to read. Owned by one Shard's event loop; not thread-safe. Callers:
 * {@code pipeline}, {@code flow}, {@code gateway}.
 */
@NullMarked
package io.slipway.icmp;

import org.jspecify.annotations.NullMarked;
