/**
 * Benchmarks of what is private to the engine's room of this name; {@link io.slipway.bench} says
 * how they are run.
 */
@NullMarked
package io.slipway.flow;

import org.jspecify.annotations.NullMarked;
