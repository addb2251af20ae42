/**
 * Time, as something that is handed in.
 *
 * <p><b>What this room does.</b> {@link io.slipway.clock.Clock} is where the present comes from,
 * and {@link io.slipway.clock.TimerWheel} is where the future waits: a hierarchical wheel of {@link
 * io.slipway.clock.Timer}s. A timer is created with its owner (a connection, a mapping) and armed
 * as often as needed; arming, re-arming and cancelling are a few pointer writes and allocate
 * nothing.
 *
 * <pre>
 *   level 0   [.][.][#][.] ... 64 slots of one tick
 *   level 1   [.][#][.][.] ... 64 slots of 64 ticks      when time reaches a slot here, its timers
 *   level 2   [.][.][.][.] ... 64 slots of 4096 ticks    move down a level or more
 *   ...
 * </pre>
 *
 * A timer's level is the highest group of six bits in which its tick differs from the present one.
 * So every timer on a level is due before every timer on the levels above, the next slot to visit
 * is the lowest occupied one, and a long sleep costs no more than a short one: empty slots are
 * never walked.
 *
 * <p><b>Units.</b> All times are nanoseconds on the clock's own scale; names of points in time end
 * in {@code DeadlineNanos} or are called {@code nowNanos}. The present is always a parameter, so
 * that a test can say what time it is.
 *
 * <p><b>What it does not do.</b> It reads no system clock (the root package supplies one), and it
 * starts no thread: the event loop asks for {@code nextDeadlineNanos}, sleeps, and calls {@code
 * advance}.
 *
 * <p><b>Owner and neighbours.</b> One wheel per event loop, not thread-safe. It imports nothing;
 * {@code Timer} is a stairwell: whoever armed it hears that time is up.
 */
@NullMarked
package io.slipway.clock;

import org.jspecify.annotations.NullMarked;
