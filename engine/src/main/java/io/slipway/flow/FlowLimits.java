package io.slipway.flow;

/**
 * Bounds of one loop.
 *
 * @param flows open flows at once, TCP and UDP together
 * @param memory bytes that all flows may hold together
 * @param perFlow bytes that one flow may hold in either direction
 */
public record FlowLimits(int flows, long memory, int perFlow) {}
