package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.slipway.route.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * The host half of a TCP flow: a stream of bytes to and from a peer of the host's network.
 *
 * <p>Owned by the flow that opened it; used on the flow's event loop only. Reads start paused.
 * Between {@link HostSockets#connect} and {@link Events#onConnected}, writes are queued.
 *
 * <p>No method throws, and no event is called from inside a method: events come from the event
 * loop's own turns. After {@link #close}, {@link #abort}, {@link Events#onConnectFailed} or {@link
 * Events#onFailed} every method does nothing (a {@link #write} releases its buffer; {@link #abort}
 * still cuts a {@link #close} short), and the only event to come is {@link Events#onClosed}.
 */
public interface HostStream {

  /** The address and port of our side, asked of the kernel; null while there is no connection. */
  @Nullable Endpoint local();

  /**
   * Queues bytes for the peer; they leave with the next {@link #flush}. Takes ownership of {@code
   * data}, whose readable bytes are what is sent; it should be direct, or the kernel's view costs a
   * copy.
   */
  void write(ByteBuf data);

  /** Hands what was queued to the host's kernel, as far as it takes it now; the rest follows. */
  void flush();

  /** Bytes written here that the host's kernel has not taken yet: exact, flushed or not. */
  int pendingBytes();

  /**
   * Ends our direction (a FIN, RFC 9293 section 3.6) after the pending bytes, which it flushes.
   * Reading goes on. A second call does nothing.
   */
  void shutdownOutput();

  /**
   * Stops reading: no {@link Events#onData} and no {@link Events#onEof} follows until {@link
   * #resumeReads}, but for the rest of what the read under way has brought ({@link Events#wanted}
   * is its bound) and the {@link Events#onReadBatchEnd} that ends its turn. A reset by the peer is
   * reported while reads are paused only once nothing is left to read: unread bytes are delivered
   * first.
   */
  void pauseReads();

  /** Starts or restarts reading. */
  void resumeReads();

  /**
   * Closes in order: pending bytes are delivered first, however long the peer takes; {@link #abort}
   * ends the wait. Nothing is read any more; where bytes of the peer are left unread, the kernel
   * says so with an RST (RFC 2525 section 2.17).
   */
  void close();

  /** Closes at once with SO_LINGER 0, so that the peer sees an RST; pending bytes are dropped. */
  void abort();

  /**
   * What happened on the host's side. Called on the flow's event loop; may call any method of the
   * stream.
   */
  interface Events {

    /** The connection stands. */
    void onConnected();

    /**
     * The connection could not be made, or no socket could be had. The stream is gone.
     *
     * @param errno the positive Linux errno: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT,
     *     EACCES, EPERM, EADDRNOTAVAIL, EMFILE, ENFILE, ...
     */
    void onConnectFailed(int errno);

    /**
     * The connection could not be made because a router, or the host that was meant, answered by an
     * ICMP error. The stream is gone.
     *
     * @param icmpType the ICMP or ICMPv6 type, as the target's family says
     * @param icmpCode the ICMP or ICMPv6 code
     * @param offenderHigh the router or host that said so, high half
     * @param offenderLow the router or host that said so, low half
     */
    void onConnectRejected(int icmpType, int icmpCode, long offenderHigh, long offenderLow);

    /**
     * How many bytes there is room for: a read brings no more, rounded up to one buffer of the
     * stream. Asked before each read.
     */
    int wanted();

    /**
     * How many bytes shall lie in one buffer, 1..65536: as many as one frame to the guest carries,
     * so that each frame's payload lies where a buffer begins. Asked before each read.
     */
    int piece();

    /**
     * Bytes from the peer, in order. Takes ownership of {@code data}: whoever implements this
     * releases it.
     */
    void onData(ByteBuf data);

    /**
     * The turn's reads are over: the kernel's buffer was emptied, reads were paused, or the turn's
     * share is spent. Called after the {@link #onData} and {@link #onEof} of the turn, if there was
     * one of them.
     */
    void onReadBatchEnd();

    /**
     * {@link #pendingBytes} fell, possibly to 0, because the kernel took bytes that it had refused
     * before. What it takes inside {@link #flush} is not reported here: read {@link #pendingBytes}
     * after it.
     */
    void onDrained();

    /** The peer finished its direction (its FIN): no more data follows; writing goes on. Once. */
    void onEof();

    /**
     * The connection broke: the peer reset it, or the kernel gave up. Bytes that had arrived before
     * were delivered; pending bytes are dropped. The stream is gone; said once, and not after
     * {@link #close} or {@link #abort}.
     *
     * @param errno the positive Linux errno: ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ...
     */
    void onFailed(int errno);

    /** The descriptor is gone. Always the last event, exactly once. */
    void onClosed();
  }
}
