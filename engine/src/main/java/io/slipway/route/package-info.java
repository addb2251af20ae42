/**
 * Who may talk to whom: pure decisions.
 *
 * <p><b>What this room does.</b> {@link io.slipway.route.Router} is asked once for each new
 * conversation, "where should this go?", and answers with a {@link io.slipway.route.Verdict}: to
 * the host, to the guest, to a service of our own, or refused and why. It also says under which
 * address a host's peer appears to the guest. {@link io.slipway.route.Lan} is the guest's network
 * as an address plan, {@link io.slipway.route.AccessList} what an operator allows or denies.
 *
 * <p><b>The order of the questions</b> is part of the contract with the operator:
 *
 * <ol>
 *   <li>a destination that makes no sense (unspecified, multicast, broadcast, loopback written out,
 *       the guest's own subnets) is refused;
 *   <li>what is denied is refused, whatever it is: the gateway's and the DNS address as well;
 *   <li>echo is refused where it is off (the gateway answers its own without a question here);
 *   <li>the DNS address goes to the name service, when there is one;
 *   <li>the gateway's address is the host's loopback, when that is open, and otherwise refused; so
 *       is what else is asked of the DNS address;
 *   <li>link-local addresses and cloud metadata services are refused, unless an entry of the allow
 *       list names just them: a wide entry such as 0.0.0.0/0 does not;
 *   <li>what is allowed goes, and everything else does if the guest may go out at all.
 * </ol>
 *
 * <p><b>What it does not do.</b> It opens nothing, resolves no names, reads no clock, and keeps no
 * state: the same question has the same answer until the operator puts another router in its place.
 * How a refusal looks to the guest (reset, ICMP error, silence) is decided by whoever carries the
 * conversation.
 *
 * <p><b>Owner and neighbours.</b> Everything here is immutable and may be shared between threads;
 * it is swapped whole. It imports {@code wire} only. A verdict is a few objects and is asked for
 * once per conversation; questions that come with every datagram have forms on plain longs.
 *
 * <p><b>Sources.</b> RFC 1122 §3.2.1.3 (special IPv4 addresses), RFC 3927 and RFC 4291 §2.5.6
 * (link-local), RFC 6052 (IPv4 inside IPv6 addresses).
 */
@NullMarked
package io.slipway.route;

import org.jspecify.annotations.NullMarked;
