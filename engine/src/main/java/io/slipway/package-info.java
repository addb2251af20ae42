/**
 * Slipway's front door, and the house plan that every change is held against.
 *
 * <p>Slipway gives a network to a namespace that has none. It sits outside as an ordinary process,
 * owns the other end of the namespace's TAP device, speaks Ethernet, ARP, IP, TCP and UDP to the
 * guest, and carries what the guest says over ordinary sockets of the host. This package holds the
 * facade: {@link io.slipway.EngineConfig} says what one guest's network looks like, {@link
 * io.slipway.Engine} runs it, {@link io.slipway.EngineStats} tells how it fares. Nothing in here is
 * per packet.
 *
 * <p>The plan is not a law of nature: where building shows a better room, it is changed in the same
 * commit as the code. What may not change silently: the direction of imports, the journeys, the
 * ownership rules.
 *
 * <h2>The house</h2>
 *
 * Arrows are imports and point only down. Rooms on one floor do not know each other.
 *
 * <pre>
 *  floor 8   Engine · EventLoops · EngineConfig · EngineStats       (facade, package root)
 *  floor 7   observe · launch                                       (doors for operators: events, flow log, run a command)
 *  floor 6   link · host · names                                    (edges: kernel descriptors and Netty channels; DNS)
 *  floor 5   pipeline                                               (the assembly line: Netty decoder handlers, one Shard per event loop)
 *  floor 4   gateway · flow                                         (answers we give ourselves · conversations we carry)
 *  floor 3   tcp · udp · icmp                                       (protocol engines; no sockets, no channels)
 *  floor 2   egress                                                 (how a packet leaves for the guest)
 *  floor 1   route                                                  (who may talk to whom: pure decisions)
 *  ground    wire · clock · stats · sys                             (formats · time · counters · Linux calls)
 * </pre>
 *
 * Things are <em>called</em> downward. Only these stairwells lead back up, each an interface
 * declared on the lower floor:
 *
 * <pre>
 *  FrameSink                                egress   implemented in link      a frame for the guest
 *  TcpOutput                                tcp      implemented in flow      a segment to wrap in IP
 *  TcpUser                                  tcp      implemented in flow      what the guest did
 *  HostSockets HostStream HostDatagrams
 *  HostEcho                                 flow     implemented in host      open, write, shut, pause the outside
 *  NameService                              flow     implemented in names     ask, hear answers
 *  FlowListener                             flow     implemented in observe   a flow was opened, refused, closed
 *  NameListener                             names    implemented in observe   nobody could resolve a name
 *  Neighbors.News                           egress   implemented in pipeline  the guest was heard at an Ethernet address
 *  Timer                                    clock    whoever armed it         time is up
 * </pre>
 *
 * The map that the floor-plan test enforces, package by package:
 *
 * <pre>
 *  route -&gt; wire                           egress -&gt; route, wire, clock, stats
 *  tcp, udp -&gt; clock, wire, stats          icmp -&gt; egress, route, wire, clock, stats
 *  flow -&gt; tcp, udp, icmp, egress, route, wire, clock, stats
 *  gateway -&gt; icmp, egress, route, wire, clock, stats
 *  pipeline -&gt; flow, gateway, icmp, egress, route, wire, clock, stats
 *  link -&gt; pipeline, egress, wire, stats, sys     host -&gt; flow, route, clock, stats, sys, wire
 *  names -&gt; flow, route, clock, stats, wire
 *  observe, launch -&gt; whatever lies below them
 *  root -&gt; all; nobody uses root
 * </pre>
 *
 * Besides: no cycles; every package is on the map; {@code io.netty.channel} on floor 5 and above
 * only; {@code java.lang.foreign} only in {@code sys}; {@code System.nanoTime} only here in the
 * root; {@code io.netty.channel.unix.FileDescriptor.from} nowhere, because it opens with O_TRUNC.
 * {@code Packet} and {@code Gather}, the loop's reusable cursor and the list of buffers that leave
 * as one frame, live in {@code wire}, so that every floor between the decoders and the edge may
 * read them.
 *
 * <h2>The path of a frame</h2>
 *
 * A guest connects out. Each line calls only the next.
 *
 * <pre>
 *   1  link       TapChannel reads a batch of frames (64 KiB and headers each, the virtio header first)
 *   2  pipeline   EthernetDecoder, Ipv4Decoder or Ipv6Decoder, TransportDispatcher, on one reusable Packet;
 *                 lengths and checksums are checked once, here (or trusted when the virtio header says so)
 *   3  flow       Flows.tcp: the table has no such flow, and it is a SYN
 *   4  route      Router.route says ToHost(target) or Refuse(reason)
 *   5  flow       a new TcpFlow: the SYN is kept, unanswered
 *   6  flow&gt;host  HostSockets.connect(target): a socket channel on the same event loop; return
 *   .  host       connected: TcpFlow hears of it, and the connection is accepted
 *   7  tcp&gt;flow&gt;egress&gt;link   SYN-ACK. (Refused: RST. Unreachable: an ICMP error. Silent: nothing, and the
 *                 guest's own timer says ETIMEDOUT; the host's attempt is dropped when the SYNs stop.)
 *   8  data in    a retained slice of the frame goes to the host's stream; what the host has taken
 *                 reopens the advertised window
 *   9  data out   what the host's stream delivers waits in the send queue, and leaves as the guest's
 *                 window and the congestion window allow, one frame of up to 64 KiB at a time;
 *                 above the high mark the host's stream is not read
 *  10  close      FIN becomes shutdown, end of stream becomes FIN, RST becomes an SO_LINGER 0 close;
 *                 a half-closed connection lives as long as both sides want
 *  11  batch end  one ACK per touched connection, one flush per touched host channel, timers advanced
 * </pre>
 *
 * UDP takes the same corridor to a {@code UdpFlow}, and at the DNS address {@code names} stands
 * where either has a socket of the host; ARP, neighbour discovery and echo for the gateway's
 * address end in {@code gateway}.
 *
 * <h2>Threads and ownership</h2>
 *
 * <ul>
 *   <li>One TAP queue, one event loop, one {@code Shard}; the host channels of its flows are
 *       registered on the same loop, so floors 0 to 5 have no locks, no volatiles and no queues.
 *       Two things cross the loops of an engine with several queues: a frame that was read by the
 *       wrong one is put into the {@code Inbox} of the right one, and {@code FlowQuota} counts the
 *       flows of all.
 *   <li>The router is immutable. Counters cross threads as snapshots only.
 *   <li>Nothing is static or global: an {@code Engine} is one guest's network, and a process may
 *       hold several.
 *   <li>The first sentence of every stateful class says who owns it. Time is a parameter: a test
 *       hands in whatever time it likes.
 *   <li>Whoever keeps a buffer past a call retains it; whoever was given it for the call does not
 *       release it, unless the method says that it takes ownership.
 * </ul>
 *
 * <h2>Why it is fast</h2>
 *
 * <ol>
 *   <li>Segmentation offload on the TAP: the guest's kernel hands over 64 KiB segments without
 *       computing checksums, and takes such segments back, at any MTU.
 *   <li>No copy in Java: a slice of the frame is written to the host's socket; what the host's
 *       socket delivered leaves with its headers in one gathered write. A small payload is copied
 *       out instead, so that a few bytes never pin a large buffer.
 *   <li>Batches: read until the device is empty, within bounds; one ACK per connection and one
 *       flush per socket at the end.
 *   <li>No allocation per packet on floors 0 to 5.
 *   <li>Back-pressure instead of buffers: windows close and reading stops before anything grows.
 * </ol>
 */
@NullMarked
package io.slipway;

import org.jspecify.annotations.NullMarked;
