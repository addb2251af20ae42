package io.slipway.flow;

/**
 * Bounds of one loop.
 *
 * @param quota places for open flows, shared with the engine's other loops
 * @param memory bytes that all flows of this loop may hold together
 * @param perFlow bytes that one flow may hold in either direction
 */
public record FlowLimits(FlowQuota quota, long memory, int perFlow) {

  /** Bounds of a loop that is alone. */
  public FlowLimits(int flows, long memory, int perFlow) {
    this(new FlowQuota(flows), memory, perFlow);
  }
}
