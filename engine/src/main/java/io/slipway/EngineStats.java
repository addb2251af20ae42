package io.slipway;

import io.slipway.stats.CountersSnapshot;

/**
 * How an engine fares, at one moment. Immutable.
 *
 * @param flows connections and mappings that are open
 * @param heldBytes bytes that they have buffered
 * @param counters what has been counted since the start
 */
public record EngineStats(int flows, long heldBytes, CountersSnapshot counters) {

  /** Nothing has happened. */
  public static final EngineStats NONE = new EngineStats(0, 0, CountersSnapshot.ZERO);

  /** The sums of both. */
  EngineStats plus(EngineStats other) {
    return new EngineStats(
        flows + other.flows, heldBytes + other.heldBytes, counters.plus(other.counters));
  }
}
