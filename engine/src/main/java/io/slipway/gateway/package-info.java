/**
 * The answers that we give ourselves, as the router on the guest's wire.
 *
 * <pre>
 *   ARP                      -> ArpResponder   "the gateway is at ..."
 *   ICMPv6 135               -> NdpResponder   the same for IPv6
 *   ICMPv6 133               -> RouterAdvertiser, "I am your router, and your network is ..."
 *   ICMP and ICMPv6 echo,
 *   ICMP timestamps          -> icmp's EchoResponder, for our own addresses
 *   UDP to port 67           -> DhcpServer     an IPv4 address, and the network's plan
 *   UDP to port 547          -> Dhcp6Server    the same for IPv6
 * </pre>
 *
 * <p>{@link io.slipway.gateway.Gateway} is the door: the decoders hand it what is not a
 * conversation. {@link io.slipway.gateway.OwnAddresses} knows which addresses are ours: gateway,
 * name service, our link-local address, and those that a forward listens on; and which we share
 * with others (ff02::1, ff02::2, any router of the subnet), at which echo is answered in the
 * gateway's name. Nothing else is ever answered for: not the guest's own address, not a neighbour
 * of the guest's, and not a guest that asks whether an address of its own is free (RFC 5227 §2.1.1,
 * RFC 4862 §5.4).
 *
 * <p>On the way the room teaches {@code egress.Neighbors} who is where, from requests,
 * solicitations and advertisements whose sender, or target, is an address of the guest's subnets.
 *
 * <p>A DHCP client may speak from no address and to everybody; nobody else may. Of IPv6 it speaks
 * from its link-local address to the group of all servers. The leases are one for the engine
 * ({@link io.slipway.gateway.DhcpLeases}: a pool of addresses for each family), whose shards each
 * have a server: where a client's messages arrive depends on the address that it has by then. DHCP
 * is rare, so it is ordinary Java, of values.
 *
 * <p>What it does not do: it never asks. But for router advertisements, of which the first shard of
 * an engine sends one every few minutes, the guest speaks first. When an engine ends it does not
 * say that the router is gone (RFC 4861 §6.2.5 would have it): the next one on the same device is
 * the same router. Owned by one Shard's event loop; not thread-safe. Called by {@code pipeline}.
 *
 * <p>RFC 826, RFC 5227 (ARP); RFC 4861 §6.2, §7, RFC 6980, RFC 8106 (neighbour discovery); RFC 792,
 * RFC 4443 §4 (echo); RFC 2131, RFC 2132, RFC 4039 (DHCP); RFC 8415, RFC 3646 (DHCPv6).
 */
@NullMarked
package io.slipway.gateway;

import org.jspecify.annotations.NullMarked;
