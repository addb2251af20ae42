/**
 * The Maven goal {@code jmh:run}, and nothing else. It runs inside Maven, so it is compiled for
 * Java 17 and knows nothing of the engine; the benchmarks run in JVMs of the build's JDK. Cold
 * code: one call a build.
 */
@NullMarked
package io.slipway.bench.maven;

import org.jspecify.annotations.NullMarked;
