package io.slipway.flow;

/** A mapping that makes room for a newer one when it is the one idle for longest. */
interface Evictable {
  /** Ends the mapping; the guest's next packet begins another. */
  void evict();
}
