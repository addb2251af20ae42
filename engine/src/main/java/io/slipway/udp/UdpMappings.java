package io.slipway.udp;

import org.jspecify.annotations.Nullable;

/**
 * All mappings of one loop in order of their last use, so that the longest idle one can make room
 * for a new one. Owned by the event loop of its {@code Shard}. The links are fields of the
 * mappings: nothing is allocated, nothing searched.
 */
public final class UdpMappings {
  private @Nullable UdpMapping oldest;
  private @Nullable UdpMapping newest;

  /** The mapping that was used least recently, or null when there is none. */
  public @Nullable UdpMapping oldest() {
    return oldest;
  }

  /** Adds a new mapping, as the most recently used. */
  public void add(UdpMapping mapping) {
    mapping.older = newest;
    mapping.newer = null;
    if (newest == null) {
      oldest = mapping;
    } else {
      newest.newer = mapping;
    }
    newest = mapping;
  }

  /** The mapping was used: it is the last to go now. */
  public void touch(UdpMapping mapping) {
    if (mapping != newest) {
      remove(mapping);
      add(mapping);
    }
  }

  /** The mapping is over. */
  public void remove(UdpMapping mapping) {
    UdpMapping before = mapping.older;
    UdpMapping after = mapping.newer;
    if (before == null) {
      oldest = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.older = before;
    }
    mapping.older = null;
    mapping.newer = null;
  }
}
