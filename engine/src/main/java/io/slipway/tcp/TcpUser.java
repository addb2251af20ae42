package io.slipway.tcp;

import io.netty.buffer.ByteBuf;

/** What the guest did, told to the owner of the connection. All calls come on the owner's loop. */
public interface TcpUser {
  /** The handshake is complete; the owner may send. */
  void onEstablished(long nowNanos);

  /**
   * The next bytes of the guest's stream, each byte once and in order.
   *
   * @param data holds them at {@code [offset, offset + length)}; valid for the call: retain or copy
   */
  void onData(ByteBuf data, int offset, int length);

  /** The guest ended its stream; nothing more comes. */
  void onFinish();

  /** The guest acknowledged bytes: the send queue is shorter now. */
  void onAcknowledged();

  /** The connection is over and holds nothing any more. Called once, last. */
  void onClosed(CloseReason reason, long nowNanos);
}
