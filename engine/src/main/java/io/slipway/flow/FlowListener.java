package io.slipway.flow;

/**
 * Hears of the beginning and end of flows. Called on event loops: an implementation must not block.
 */
public interface FlowListener {
  /** Whether anybody reads {@link #opened} and {@link #closed}; if not, the words are not made. */
  boolean isDetailed();

  /** The flow reached its host (TCP), or has its host socket (UDP). */
  void opened(FlowInfo flow);

  /** A flow was not let through; {@code reason} says why. */
  void refused(FlowInfo flow, String reason);

  /** The flow is over and holds nothing any more. */
  void closed(FlowInfo flow);
}
