package io.slipway.flow;

import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * The stairwell from a conversation up to the host's network: opens the outside half of a flow.
 *
 * <p>Owned by the event loop of one {@code Shard}; every call here, every call on what it returns
 * and every event arrives on that loop's thread. Whatever it opens is closed at the latest with the
 * device channel that the flow came from.
 */
public interface HostSockets {

  /**
   * Begins a TCP connection to {@code target}. Never throws: a failure of any kind, a lack of
   * descriptors included, is an {@link HostStream.Events#onConnectFailed}. No event is called
   * before this method has returned.
   *
   * @param target the host to connect to, already the router's verdict
   * @param source the local address to bind to, or {@code null} to let the kernel choose
   * @param hopLimit the TTL or hop limit of what is sent, 1..255, or 0 for the kernel's default
   * @param events told about everything that happens to the stream; kept until {@link
   *     HostStream.Events#onClosed}
   * @return the stream, whose reads are paused until {@link HostStream#resumeReads}
   */
  HostStream connect(
      Endpoint target, @Nullable IpAddress source, int hopLimit, HostStream.Events events);

  /**
   * Opens an unconnected UDP socket.
   *
   * @param v6 true for an IPv6 socket, false for an IPv4 one; it reaches only that family
   * @param source the local address to bind to, or {@code null} to let the kernel choose per
   *     datagram
   * @param port the local port to have if it is free, or 0 to let the kernel choose
   * @param events told about datagrams and errors; kept until {@link HostDatagrams.Events#onClosed}
   * @return the socket, whose reads are paused until {@link HostDatagrams#resumeReads}
   * @throws HostSocketException when the kernel refuses: EMFILE, ENFILE, EADDRNOTAVAIL, ...
   */
  HostDatagrams openDatagrams(
      boolean v6, @Nullable IpAddress source, int port, HostDatagrams.Events events)
      throws HostSocketException;

  /**
   * Opens a socket that pings.
   *
   * @param v6 true for ICMPv6, false for ICMP
   * @param source the local address to bind to, or {@code null} to let the kernel choose per
   *     request
   * @param id the identifier to have on the host's side, if nobody else has it
   * @param events told about replies and errors; kept until {@link HostEcho.Events#onClosed}
   * @throws HostSocketException when the kernel refuses: EACCES when this user may not ping, or
   *     EMFILE, ENFILE, EADDRNOTAVAIL, ...
   */
  HostEcho openEcho(boolean v6, @Nullable IpAddress source, int id, HostEcho.Events events)
      throws HostSocketException;

  /** The end of a batch: datagrams that waited for each other leave now. */
  void flush();
}
