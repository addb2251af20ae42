package io.slipway.tcp;

/**
 * Proportional rate reduction (RFC 9937): doses what a recovery sends, so that the flight shrinks
 * evenly to the threshold, and, when losses took it below, grows back no faster than slow start
 * (the reduction bounds). Owned by one {@link SendSide}; bytes throughout.
 *
 * <p>Counts whatever leaves in the recovery, new data and retransmissions alike, through {@link
 * #onSent}; what is allowed and not used stays allowed.
 */
final class Prr {
  private int mss;
  private int threshold;
  private int recoverFlight;
  private long delivered; // prr_delivered
  private long sent; // prr_out
  private int window;

  /**
   * RFC 9937 6.1: a recovery begins. {@link #allowance} follows for the ACK that began it.
   *
   * @param flight RecoverFS: what was in flight before that ACK; without what earlier ones SACKed
   * @param target ssthresh, as the congestion control has just set it
   */
  void begin(int flight, int target, int segmentSize) {
    mss = segmentSize;
    threshold = target;
    recoverFlight = Math.max(flight, 1);
    delivered = 0;
    sent = 0;
    window = flight;
  }

  /**
   * RFC 9937 6.2: an ACK came in recovery, not the one that ends it.
   *
   * @param newlyDelivered DeliveredData: bytes that this ACK, or its SACK blocks, newly tell of
   * @param pipe inflight: bytes that are thought to be in the network (RFC 6675 4)
   * @param safeAck SafeACK: it moved sndUna, and told of no further loss
   * @return how many bytes may be sent now, retransmissions included
   */
  int allowance(int newlyDelivered, int pipe, boolean safeAck) {
    if (newlyDelivered <= 0) {
      return Math.max(0, window - pipe);
    }
    delivered += newlyDelivered;
    long count;
    if (pipe > threshold) {
      // CEIL(prr_delivered * ssthresh / RecoverFS) - prr_out
      count = (delivered * threshold + recoverFlight - 1) / recoverFlight - sent;
    } else {
      // the conservative reduction bound; plus a segment for slow start's when all goes well
      count = Math.max(delivered - sent, newlyDelivered) + (safeAck ? mss : 0);
      count = Math.min(threshold - pipe, count);
    }
    // "Force a fast retransmit upon entering recovery": in bytes, a whole segment
    count = Math.max(count, sent == 0 ? mss : 0);
    window = (int) Math.min(pipe + count, CongestionControl.MAX_WINDOW);
    return window - pipe;
  }

  /** RFC 9937 6.3: bytes left in the recovery, the first retransmission among them. */
  void onSent(int bytes) {
    sent += bytes;
  }

  /** RFC 9937's cwnd: the pipe may be filled up to this, also when a timer finds more lost. */
  int window() {
    return window;
  }
}
