/**
 * Name service at the guest's DNS address.
 *
 * <p><b>What this room does.</b> A guest's question to the DNS address begins an ordinary flow, UDP
 * or TCP, whose host half is not a socket but stands here: {@link io.slipway.names.DnsService}
 * hands out {@link io.slipway.flow.NameService.Questions} or a {@link io.slipway.flow.HostStream}
 * that understand DNS messages. Names that we own ({@link io.slipway.names.DnsZone}) are answered
 * at once; every other message goes, as the bytes that it is, to the host's resolvers, and the
 * answer comes back untouched: any type, EDNS0, truncation and DNSSEC are between guest and
 * resolver.
 *
 * <pre>
 *   UdpFlow --- DnsDatagrams --+-- DnsZone        an answer of our own
 *   TcpFlow --- DnsStream -----+-- ResolverOrder  whom to ask, and whom next
 *                              +-- HostSockets -- a resolver's port 53
 * </pre>
 *
 * <p><b>Fail-over.</b> The resolvers are asked in their order, twice each at most. One that does
 * not answer in 400 ms, or whose host says that nobody listens, is passed over for half a minute;
 * after that it is asked beside the one that answered, so that its silence never costs a guest's
 * question a second time. An answer that says that the resolver is unable (SERVFAIL, REFUSED,
 * NOTIMP) counts when no other resolver is left. A question that ends without an answer, or with
 * such a one, is told to {@link io.slipway.names.NameListener}.
 *
 * <p><b>Which resolvers.</b> {@link io.slipway.names.HostResolvers}: those of the operator, or
 * those of resolv.conf(5), which is read again when it changes. It is shared by all loops and reads
 * on threads of its own.
 *
 * <p><b>Owner and neighbours.</b> All but {@code HostResolvers} belongs to the event loop of one
 * shard. A question keeps a copy of itself until it is answered or given up (six seconds); their
 * number is bounded. It allocates a few objects a question, none a packet of other traffic.
 *
 * <p><b>Sources.</b> RFC 1035 (messages), RFC 6891 (EDNS0), RFC 7766 (TCP), resolv.conf(5).
 */
@NullMarked
package io.slipway.names;

import org.jspecify.annotations.NullMarked;
