/**
 * The outside: sockets of the host, as Netty channels on the event loop of the guest's device.
 *
 * <p>This room implements the stairwells of {@code flow} ({@link io.slipway.flow.HostSockets},
 * {@link io.slipway.flow.HostStream}, {@link io.slipway.flow.HostDatagrams}). It knows nothing of
 * the guest: no segments, no mappings, no policy. {@code flow} calls it with a target that {@code
 * route} has allowed, and is called back on the same thread.
 *
 * <pre>
 *   flow --connect/openDatagrams--&gt; NettyHostSockets (one per event loop)
 *                                     |  owns StreamMemory, DatagramMemory: shared by the loop's sockets
 *              +----------------------+--------------------+---------------------+
 *       TcpHostStream                              UdpHostDatagrams      EchoHostSocket
 *       one TCP connection                         one UDP socket        one ping or raw socket
 *       readv, writev, shutdown                    recvmmsg, sendto, error queue
 *              +----------------------+--------------------+---------------------+
 *                                HostChannel, one for each: a child in the group of the device's
 *                                channel, registered with the event loop
 * </pre>
 *
 * <p><b>Why channels of our own</b>, built on Netty's public {@code EpollIoHandle} as the device
 * channel is:
 *
 * <ul>
 *   <li>Netty's epoll socket channel reads to the end of the stream as soon as the peer's FIN is
 *       seen, whether reads are paused or not: megabytes in our memory for every stalled guest.
 *       Here a paused stream stays in the kernel, whose buffer is the bound.
 *   <li>What the kernel has not taken yet is one exact number ({@code OutputQueue}), without a
 *       promise or an entry object per write.
 *   <li>Reads take as much as the flow has room for, 256 KiB at most, into buffers of 64 KiB that
 *       the loop's streams share: well filled ones are handed on, and of the last one a copy is
 *       when it is not. So a read is a few large segments from the first one on, a few bytes never
 *       pin a large buffer, and the kernel acknowledges, and lets the peer's kernel send, once a
 *       read. Each buffer takes what one frame to the guest carries, from a cache line's start on,
 *       and the frame is one piece that the kernel copies fastest (one stream in: a quarter more).
 *   <li>Errors keep the errno that the kernel gave, which decides what the guest is told.
 *   <li>Netty's datagram channel allocates per datagram and cannot read the error queue.
 * </ul>
 *
 * <p><b>Connecting asks twice.</b> A handshake within the machine is over before connect(2) returns
 * EINPROGRESS; asked again, it says 0, and the guest is answered without a round through
 * epoll_wait(2). Elsewhere the second answer is EALREADY and EPOLLOUT brings the third question.
 *
 * <p><b>Who said no.</b> Until it stands, a connection to another machine keeps ICMP errors for us
 * ({@code ConnectErrors}), so that the guest hears of them from the router that sent them. What the
 * kernel hears while it is busy with the socket is an event of its own, to which connect(2) still
 * says EALREADY.
 *
 * <p><b>Datagrams to one peer leave together.</b> A system call per datagram is most of what one
 * costs, so those of a batch that are of one size are put behind each other ({@code SendRun}) and
 * cut by the kernel (UDP_SEGMENT). Where it will not cut, because they are larger than the path's
 * packets or the device is a simple one, they leave one by one, from then on too. The order within
 * a socket is that of the calls.
 *
 * <p><b>And arrive together</b>: what the kernel has joined of one peer's datagrams is read as one
 * piece with the size of each (UDP_GRO), for which every slot of {@code DatagramMemory} has room.
 *
 * <p><b>What the IP header says</b> of a datagram, its TTL and whether it may be fragmented, is an
 * option of the socket, changed when a datagram wants it otherwise than the one before ({@code
 * SendOptions}). The kernel refuses with EMSGSIZE what may not be fragmented and is too large for
 * the path as far as it knows it, and leaves the MTU in the error queue.
 *
 * <p><b>Ping</b> has sockets of two kinds ({@code EchoOpening}): the kernel's ping sockets, and raw
 * ones for whoever may have those and not the others. With the first the kernel numbers requests
 * and tells replies apart, with the second we do: a number of our own ({@code EchoIds}), and a
 * filter that lets through to a socket what carries its number.
 *
 * <p><b>Half-close</b> (RFC 9293 section 3.6): the peer's FIN is {@code onEof}, ours is {@code
 * shutdownOutput} after what is pending; a stream lives until both are done, one side breaks, or
 * {@code flow} closes it. <b>A reset</b> is reported after the bytes that had arrived before it: as
 * long as reads are paused and bytes wait in the kernel, it waits with them; a write that fails
 * does not overtake them either. <b>Abort</b> is SO_LINGER 0, which the peer sees as an RST. A
 * channel that the group closes under a live flow is aborted too, so that no peer takes a torn
 * transfer for a complete one.
 *
 * <p><b>Events</b> never arrive inside a call of the flow's own: not inside {@code connect}, {@code
 * flush} or {@code abort}. {@code onClosed} is the last, when the descriptor is gone.
 *
 * <p><b>Epoll.</b> Level-triggered. Interest in reading is dropped lazily, at the first event that
 * finds reads paused, since most pauses end sooner. A channel that waits for nothing is armed
 * edge-triggered for EPOLLERR, because the kernel reports EPOLLHUP and EPOLLERR unasked and would
 * spin the loop, and because Netty cannot re-arm a registration whose mask has been empty.
 *
 * <p>Everything here belongs to one event loop and is touched by its thread alone. The room may
 * allocate per connection, and per read of a stream (the buffer it hands on); per datagram it
 * allocates nothing.
 */
@NullMarked
package io.slipway.host;

import org.jspecify.annotations.NullMarked;
