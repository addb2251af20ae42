/**
 * The bench that the integration tests stand on: real processes, real namespaces, real tools.
 *
 * <p>{@link io.slipway.cli.it.TestHost} is set up once for a run (an ordinary user, access to the
 * TUN device, a scratch directory) and taken down at its end. {@link io.slipway.cli.it.Caller} says
 * who starts a command, {@link io.slipway.cli.it.Guest} is a running {@code slipway run} with a
 * door into its namespace, {@link io.slipway.cli.it.World} is a host and an internet of their own
 * for what must not touch the machine's network, {@link io.slipway.cli.it.HandMade} is a namespace
 * that somebody else made, {@link io.slipway.cli.it.LossyPath} is a guest behind a bad line.
 * Services that guests talk to are in {@link io.slipway.cli.it.Services}.
 *
 * <p>Two classes run at a time, so what a test makes has a name or a port that no other has. A
 * class that compares speeds or times closely is {@code Isolated}; one that keeps the processors
 * busy for seconds says so by a lock on {@link io.slipway.cli.it.Load#PROCESSORS}.
 *
 * <p>Everything here is closed by whoever opened it; a test that fails leaves nothing behind. A
 * missing tool or privilege is a failure with a clear message, never a skipped test. Sizes are
 * those of a quick run unless {@code -Dslipway.long=true}.
 */
@NullMarked
package io.slipway.cli.it;

import org.jspecify.annotations.NullMarked;
