package io.slipway.bench;

import io.slipway.flow.FlowInfo;
import io.slipway.flow.FlowListener;

/** Nobody reads of flows. Shared. */
enum SilentListener implements FlowListener {
  /** The only one. */
  INSTANCE;

  @Override
  public boolean isDetailed() {
    return false;
  }

  @Override
  public void opened(FlowInfo flow) {}

  @Override
  public void refused(FlowInfo flow, String reason) {}

  @Override
  public void closed(FlowInfo flow) {}
}
