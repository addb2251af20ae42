package io.slipway.flow;

import io.netty.buffer.ByteBufAllocator;
import io.slipway.clock.Clock;
import io.slipway.egress.Egress;
import io.slipway.icmp.IcmpErrors;
import io.slipway.stats.Counters;
import io.slipway.tcp.TcpLoop;
import io.slipway.udp.UdpTimeouts;

/**
 * The neighbours of {@link Flows} on one loop, handed over once.
 *
 * @param egress how packets leave for the guest
 * @param icmpErrors how the guest hears of what failed
 * @param sockets how the host is reached
 * @param names what answers at the DNS address
 * @param tcp what TCP connections share; its timer wheel serves UDP, too
 * @param mtu of the guest's link, in bytes
 */
public record FlowParts(
    Egress egress,
    IcmpErrors icmpErrors,
    HostSockets sockets,
    NameService names,
    TcpLoop tcp,
    UdpTimeouts udpTimeouts,
    Clock clock,
    Counters counters,
    ByteBufAllocator allocator,
    FlowListener listener,
    FlowLimits limits,
    int mtu) {}
