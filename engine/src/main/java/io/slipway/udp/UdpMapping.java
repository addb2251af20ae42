package io.slipway.udp;

import io.slipway.clock.Timer;
import io.slipway.clock.TimerWheel;
import org.jspecify.annotations.Nullable;

/**
 * The life of one endpoint-independent mapping (RFC 4787 4.1): when it was last used, when it ends,
 * where it stands among the others by age. Owned by its flow on the event loop of their {@code
 * Shard}.
 *
 * <p>Use in either direction refreshes it (RFC 4787 4.3, REQ-6 and its option): one field is
 * written, the timer finds out when it fires.
 */
public final class UdpMapping {
  private final TimerWheel wheel;
  private final UdpTimeouts timeouts;
  private final Runnable onExpired;
  private final Timer timer =
      new Timer() {
        @Override
        protected void expire(long nowNanos) {
          onTimer(nowNanos);
        }
      };
  private long lastUse;
  private boolean onlyDns = true;
  @Nullable UdpMapping older;
  @Nullable UdpMapping newer;
  private final Object owner;

  /**
   * A mapping used now for the first time.
   *
   * @param owner the flow, for whoever finds the mapping in {@link UdpMappings}
   * @param onExpired runs once when the mapping has been idle for too long
   */
  public UdpMapping(
      TimerWheel wheel, UdpTimeouts timeouts, Object owner, Runnable onExpired, long nowNanos) {
    this.wheel = wheel;
    this.timeouts = timeouts;
    this.owner = owner;
    this.onExpired = onExpired;
    lastUse = nowNanos;
    wheel.arm(timer, nowNanos + timeouts.dns());
  }

  /** The flow that the mapping belongs to. */
  public Object owner() {
    return owner;
  }

  /** A datagram went out to {@code port}. */
  public void sent(int port, long nowNanos) {
    lastUse = nowNanos;
    if (port != UdpTimeouts.DNS_PORT) {
      onlyDns = false;
    }
  }

  /** A datagram came back. */
  public void received(long nowNanos) {
    lastUse = nowNanos;
  }

  /** No expiry any more. */
  public void cancel() {
    wheel.cancel(timer);
  }

  private void onTimer(long nowNanos) {
    long end = lastUse + (onlyDns ? timeouts.dns() : timeouts.idle());
    if (end <= nowNanos) {
      onExpired.run();
    } else {
      wheel.arm(timer, end);
    }
  }
}
