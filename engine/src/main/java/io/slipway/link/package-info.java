/**
 * The guest's network device as a Netty channel.
 *
 * <p>{@link io.slipway.link.TapChannel} puts a TAP descriptor on an epoll event loop through
 * Netty's public {@code EpollIoHandle}. It is the parent of everything that happens for this guest
 * on that loop: its pipeline holds the assembly line of {@code pipeline}, its {@link
 * io.slipway.link.TapChannel#children() group} holds the host channels of its flows, which are
 * closed with it.
 *
 * <pre>
 *   readable -> up to 64 x { read(2) one frame -> fireChannelRead }  -> fireChannelReadComplete
 *   Egress   -> TapFrameSink.emit -> one writev(2) = one frame, now; the device never makes us wait
 * </pre>
 *
 * <p><b>Buffers.</b> A frame is read into a buffer of 64 KiB and a little. The channel keeps its
 * reference for the length of the call; who wants bytes for longer retains a slice. A buffer that
 * somebody retained rests in {@link io.slipway.link.FrameBuffers} until they let go, the next frame
 * goes into another one.
 *
 * <p><b>Misfortune.</b> A link that is down refuses writes with EIO: such frames are counted and
 * forgotten, like on a cable that is pulled out. A device that is gone (EBADFD, ENODEV, end of
 * file, EPOLLERR) closes the channel and tells the listener once.
 *
 * <p>What it does not do: it opens no device ({@code sys} does), looks into no frame, and reads no
 * clock. Owned by its event loop; {@code close()} may be called from anywhere, as with every Netty
 * channel. It calls {@code pipeline} only through Netty's own pipeline.
 */
@NullMarked
package io.slipway.link;

import org.jspecify.annotations.NullMarked;
