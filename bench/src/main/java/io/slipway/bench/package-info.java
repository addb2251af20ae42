/**
 * What the engine's parts cost: one class for each idea, measured by JMH. The parts are the real
 * ones; only the two ends are not: frames come from a {@link io.slipway.bench.GuestFrame} and go to
 * a sink that counts, bytes for the host go to one that lets go of them. So no number here contains
 * a system call, except those of {@link io.slipway.bench.TapTransferBenchmark}.
 *
 * <p>Every benchmark runs on a thread as the engine's event loops have them ({@link
 * io.slipway.bench.LoopThreads}): on any other, Netty's pools take their slow ways. Leak detection
 * is off, as in the program. Benchmarks of what is private to a room are in a package of the room's
 * name, beside this one.
 *
 * <p>With {@code -prof gc} the column {@code gc.alloc.rate.norm} is bytes allocated for each
 * operation. Where the class comment says "allocates nothing", it has to be 0.00 but for what the
 * measuring itself leaves, some thousandths of a byte.
 */
@NullMarked
package io.slipway.bench;

import org.jspecify.annotations.NullMarked;
