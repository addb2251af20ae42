package io.slipway.flow;

import io.slipway.route.Endpoint;
import io.slipway.route.Protocol;
import io.slipway.route.Side;
import org.jspecify.annotations.Nullable;

/**
 * One flow, as an event tells it.
 *
 * @param id counts up from 1 in an engine
 * @param began who sent first
 * @param guest of ICMP, the port is the echo identifier
 * @param remote where the guest believes it talks to; an unspecified address and port 0 for UDP and
 *     ICMP, whose mappings have no one peer
 * @param hostLocal our socket's address on the host, once it has one
 * @param reason why it ended or was refused; null while it lives
 * @param bytesOut payload bytes from the guest
 * @param bytesIn payload bytes to the guest
 */
public record FlowInfo(
    long id,
    Protocol protocol,
    Side began,
    Endpoint guest,
    Endpoint remote,
    @Nullable Endpoint hostLocal,
    @Nullable String reason,
    long bytesOut,
    long bytesIn,
    long durationMillis) {}
