package io.slipway.observe;

import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowListener;

/**
 * Two listeners that hear the same. Immutable.
 *
 * @param first hears first
 * @param second hears second
 */
public record FlowListeners(FlowListener first, FlowListener second) implements FlowListener {
  @Override
  public boolean isDetailed() {
    return first.isDetailed() || second.isDetailed();
  }

  @Override
  public void opened(FlowInfo flow) {
    first.opened(flow);
    second.opened(flow);
  }

  @Override
  public void refused(FlowInfo flow, String reason) {
    first.refused(flow, reason);
    second.refused(flow, reason);
  }

  @Override
  public void closed(FlowInfo flow) {
    first.closed(flow);
    second.closed(flow);
  }
}
