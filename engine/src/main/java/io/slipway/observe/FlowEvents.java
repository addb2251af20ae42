package io.slipway.observe;

import io.slipway.flow.FlowInfo;
import org.jspecify.annotations.Nullable;

/** The events of a flow's life, with the fields that the log and the flow log share. */
final class FlowEvents {
  private FlowEvents() {}

  /** The flow exists: the first packet was let through, or a forward accepted a connection. */
  static Event opened(long timeMillis, FlowInfo flow) {
    return begin(timeMillis, EventLevel.DEBUG, "flow_open", flow).build();
  }

  /** Policy, a bound or the want of a route said no. */
  static Event refused(long timeMillis, FlowInfo flow, String reason) {
    return begin(timeMillis, EventLevel.INFO, "flow_refused", flow).with("reason", reason).build();
  }

  /** The flow is over; the byte counts are payload, out is from the guest to the host. */
  static Event closed(long timeMillis, FlowInfo flow) {
    @Nullable String reason = flow.reason();
    return begin(timeMillis, EventLevel.DEBUG, "flow_close", flow)
        .with("reason", reason)
        .with("bytes_out", flow.bytesOut())
        .with("bytes_in", flow.bytesIn())
        .with("duration_ms", flow.durationMillis())
        .build();
  }

  private static Event.Builder begin(
      long timeMillis, EventLevel level, String name, FlowInfo flow) {
    return Event.of(timeMillis, level, name)
        .with("id", flow.id())
        .with("proto", Names.lower(flow.protocol()))
        .with("began", Names.lower(flow.began()))
        .with("guest", flow.guest())
        .with("remote", flow.remote())
        .with("host_local", flow.hostLocal());
  }
}
