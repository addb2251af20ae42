/**
 * The conversations that we carry between the guest and the host.
 *
 * <pre>
 *   pipeline --> Flows --find--> FlowTable        Flow: two sides, one record
 *                  |                               |- TcpFlow  connection (tcp) <-> HostStream
 *                  +--new: Router--> Verdict       |- UdpFlow  mapping (udp)    <-> HostDatagrams
 *                                                  +- EchoFlow mapping (udp)    <-> HostEcho
 * </pre>
 *
 * <p><b>A flow begins</b> with the first packet of a guest that belongs to none: the router is
 * asked once, and either the host is contacted or the guest is refused (RST, ICMP). TCP is found by
 * both endpoints, UDP by the guest's alone, and echo like UDP with its identifier for a port. A SYN
 * is held until the host has connected: refused becomes RST, unreachable becomes the ICMP error of
 * the same meaning, silence stays silence; what a router answered is passed on in its name, as it
 * is for datagrams and echo.
 *
 * <p><b>We are a hop.</b> The guest's TTL, less one, is that of the host's socket; the decoders let
 * nothing come here that has none left.
 *
 * <p><b>Data</b> crosses without a copy where it is large: a guest's payload is written to the host
 * as a slice of its frame, the host's buffers are queued as they were read. Small payloads are
 * copied, since a slice pins its whole 64 KiB frame. Host writes are flushed, and acknowledgements
 * sent, at the end of a batch.
 *
 * <p><b>Back-pressure.</b> Guest to host: what the host's kernel has not taken is subtracted from
 * the window that the guest sees. Host to guest: reads pause while the connection holds more than
 * its allowance. {@link io.slipway.flow.MemoryBudget} grants every flow an eighth of what is free,
 * so that any number of stalled flows together stay below the bound.
 *
 * <p><b>Size.</b> An idle TCP flow is 2.0 KiB of heap and holds no buffer: 0.7 KiB is Netty's
 * channel of the host socket, 1.1 KiB the connection ({@code tcp}), 0.2 KiB the flow itself.
 *
 * <p><b>A flow ends</b> when the connection with the guest is closed and the host's descriptor is
 * gone. A reset on one side becomes a reset on the other; FIN becomes FIN, each direction by
 * itself. Mappings of UDP and echo end when they were idle for long enough, or for longest when
 * there are too many.
 *
 * <p><b>Stairwells.</b> {@link io.slipway.flow.HostSockets}, {@link io.slipway.flow.HostStream},
 * {@link io.slipway.flow.HostDatagrams}, {@link io.slipway.flow.HostEcho} lead up to {@code host};
 * {@link io.slipway.flow.NameService} to {@code names}, which serves flows to the DNS address;
 * {@link io.slipway.flow.FlowListener} to {@code observe}. Everything here is owned by one event
 * loop; nothing is allocated per packet.
 */
@NullMarked
package io.slipway.flow;

import org.jspecify.annotations.NullMarked;
