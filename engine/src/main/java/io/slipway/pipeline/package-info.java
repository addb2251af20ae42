/**
 * The assembly line from a frame to a conversation, as Netty handlers.
 *
 * <pre>
 *   frame (ByteBuf)                        the Shard's one Packet
 *   ----------------> EthernetDecoder ---> Ipv4Decoder ---> Ipv6Decoder ---> TransportDispatcher
 *                       | ARP                  \  FragmentReassembler  /     | TCP, UDP -> flow
 *                       v                                                    | ICMP   -> gateway, flow
 *                     gateway                                                  v unknown -> icmp
 * </pre>
 *
 * <p><b>Several shards.</b> An engine with several queues has a shard for each, and a flow is
 * pinned to one of them by {@link io.slipway.pipeline.Steering}, whichever queue the guest's kernel
 * puts its frames into. Two handlers more are on the line then, and none of this where there is one
 * shard:
 *
 * <pre>
 *   frame ---> FrameSteering ---> EthernetDecoder ... Ipv6Decoder ---> WholeSteering ---> TransportDispatcher
 *                |    ^                                                   |
 *                v    | a sibling's Inbox: bounded, lock-free             v reassembled, a frame again
 *              the sibling that the frame belongs to                    the sibling that it belongs to
 * </pre>
 *
 * ARP, neighbour discovery and echo are served by the shard that read them; what it hears about the
 * guest's Ethernet addresses it tells its siblings. A full {@code Inbox} loses the frame, as a wire
 * would. A frame that was handed over may be overtaken by a later one that was not: the guest's
 * kernel changes a flow's queue when we first answer it, and sends fragments by another queue than
 * whole datagrams.
 *
 * <p><b>Check once, then trust.</b> Each decoder checks the lengths and values of its own header
 * and notes in the {@link io.slipway.wire.Packet} where things are; nobody below asks again. What
 * does not pass is a {@link io.slipway.stats.Drop}, counted and forgotten, never an exception and
 * never a log line. Transport checksums are verified unless the virtio header says that the packet
 * never was on a wire.
 *
 * <p><b>Ownership.</b> {@link io.slipway.pipeline.Shard} owns one of everything for one event loop:
 * counters, timers, neighbours, the way out, the gateway, the flows, and the one Packet. The frame
 * belongs to the link for the length of the call: handlers do not release it, whoever keeps bytes
 * retains them. A reassembled packet belongs to the reassembler in the same way.
 *
 * <p><b>Time</b> is read from the Clock at the first frame of a batch and at its end. Timers run at
 * batch ends and by one scheduled task that exists only while a timer is armed, so that an idle
 * engine sleeps.
 *
 * <p>This is the only room below the edges that knows {@code io.netty.channel}. It reads and writes
 * no descriptor. Called by {@code link} through Netty's pipeline; calls {@code flow}, {@code
 * gateway}, {@code icmp}.
 *
 * <p>RFC 791, RFC 815, RFC 1122 §3.2.1, RFC 8200, RFC 5722 (overlaps), RFC 6946 (atomic fragments),
 * RFC 7112 (first fragments), RFC 2675 (no jumbograms), RFC 4007 §9 (scopes), RFC 768, RFC 9293
 * §3.1.
 */
@NullMarked
package io.slipway.pipeline;

import org.jspecify.annotations.NullMarked;
