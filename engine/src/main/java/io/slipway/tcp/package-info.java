/**
 * The TCP engine that talks to the guest's kernel: RFC 9293 without sockets, clocks or channels.
 *
 * <pre>
 *   Packet --> TcpConnection --+--> ReceiveSide --> Reassembler        TcpUser: what the guest did
 *                |  Opening    +--> SendSide ----> SendQueue
 *                |  Arrivals   |        |
 *   time ------> | TcpTimers            |  Recovery: Scoreboard, Rack, RttEstimator, CongestionControl
 *                +----------------------+--> TcpOutput: a segment to wrap in IP
 * </pre>
 *
 * <p><b>The call.</b> The owner ({@code flow.TcpFlow}) hands in segments whose length and checksum
 * were verified, the host's bytes, and the time. The connection answers through two interfaces
 * declared here: {@link io.slipway.tcp.TcpUser} and {@link io.slipway.tcp.TcpOutput}. It never
 * reads a clock, and nothing in it knows what an address is.
 *
 * <p><b>The handshake is held.</b> A guest's SYN is kept in state HELD until the host has
 * connected; then it is answered. A refusal becomes a reset, and a host that never answers becomes
 * silence, so that the guest's own timer speaks. When the SYNs stop coming, the attempt is dropped.
 * {@code Opening} holds what only the handshake needs, and goes with it.
 *
 * <p><b>What arrives.</b> {@code Arrivals} takes the steps of RFC 9293 3.10.7.4, and where Linux
 * and the RFC differ, Linux's: every flag, at every place, in every state is answered as Linux
 * answers it, which a table recorded from Linux shows.
 *
 * <p><b>Sequence.</b> Payload is delivered once and in order. The owner tells with {@code consumed}
 * how much of it the host has taken: the window that the guest sees is what we can really keep, and
 * a promise once made is not taken back (RFC 9293 3.8.6). It begins at 256 KiB and grows to twice
 * what arrives in the path's shortest round trip ({@link ReceiveWindow}). Acknowledgements are sent
 * at the end of a batch, at once where RFC 5681 wants them, else after two segments or 40 ms; what
 * fills no segment at the start of a connection, and a FIN, wait 2 ms for the host's answer to take
 * them along.
 *
 * <p><b>Sending.</b> Segments leave in runs of up to 64 KiB; whoever wraps them in IP cuts them, or
 * has the kernel cut them. Recovery keeps a scoreboard of what is in flight, with times: losses are
 * found by SACK and by time (RFC 2018, 6675, 8985), the window shrinks in proportion (RFC 9937),
 * the tail is probed, and at last the retransmission timer speaks (RFC 6298). Without SACK
 * duplicate ACKs stand in for the reports (RFC 6582). A recovery that turns out to have repaired
 * nothing gives the window back (RFC 3522, RFC 3708). A closed window is probed as Linux does, with
 * an old sequence number and no data.
 *
 * <p><b>Defence.</b> A reset counts only at exactly the next sequence number; one elsewhere in the
 * window, a SYN, or an acknowledgement of what was never sent, or never there to be acknowledged,
 * is answered by a bounded number of challenge ACKs (RFC 5961). Initial sequence numbers follow RFC
 * 6528.
 *
 * <p><b>Ownership.</b> A connection belongs to one event loop, and so does the {@link
 * io.slipway.tcp.TcpLoop} with the scratch space that its connections share. Buffers given to
 * {@code send} belong to the connection; buffers shown to {@code onData} belong to the caller.
 *
 * <p><b>Not here yet.</b> ECN.
 */
@NullMarked
package io.slipway.tcp;

import org.jspecify.annotations.NullMarked;
