/**
 * What happened, in numbers.
 *
 * <p><b>What this room does.</b> {@link io.slipway.stats.Drop} names every reason for which
 * something is refused, {@link io.slipway.stats.Count} everything else worth counting, and {@link
 * io.slipway.stats.Counters} holds a plain long for each. Nothing is ever dropped without a
 * constant of {@code Drop} and its counter: there is no log line per packet, so the counters are
 * where one looks.
 *
 * <p><b>Owner.</b> One {@code Counters} per event loop, written by that loop only, without locks or
 * volatiles. Other threads get a {@link io.slipway.stats.CountersSnapshot}, taken on the loop;
 * snapshots of several loops are added up.
 *
 * <p><b>What it does not do.</b> It does not publish: names for metrics are made from the constants
 * by whoever serves them. It imports nothing, and counting allocates nothing.
 */
@NullMarked
package io.slipway.stats;

import org.jspecify.annotations.NullMarked;
