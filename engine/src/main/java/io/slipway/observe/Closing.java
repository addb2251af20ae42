package io.slipway.observe;

/**
 * What an engine has done in its life, told when it ends.
 *
 * @param reason why it ends
 * @param flows flows that were open when it ended, now closed
 * @param flowsOpened flows that it carried in all
 * @param flowsRefused flows that it refused
 * @param framesIn frames from the guest
 * @param framesOut frames to the guest
 * @param bytesIn bytes of the frames from the guest
 * @param bytesOut bytes of the frames to the guest
 * @param dropped frames that were refused, for whatever reason
 */
public record Closing(
    String reason,
    int flows,
    long flowsOpened,
    long flowsRefused,
    long framesIn,
    long framesOut,
    long bytesIn,
    long bytesOut,
    long dropped) {

  /** The event; {@code linesUnwritten} counts the events that the log itself left out. */
  Event event(long timeMillis, long linesUnwritten) {
    return Event.of(timeMillis, EventLevel.INFO, "closing")
        .with("reason", reason)
        .with("flows", flows)
        .with("flows_opened", flowsOpened)
        .with("flows_refused", flowsRefused)
        .with("frames_in", framesIn)
        .with("frames_out", framesOut)
        .with("bytes_in", bytesIn)
        .with("bytes_out", bytesOut)
        .with("frames_dropped", dropped)
        .with("lines_unwritten", linesUnwritten)
        .build();
  }
}
