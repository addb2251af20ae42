/**
 * The watch over reference counts, for the tests of every module.
 *
 * <p>Each test JVM runs Netty's leak detector at its paranoid level with {@link
 * io.slipway.leaks.RecordingLeakDetector} as the detector, and JUnit finds {@link
 * io.slipway.leaks.LeakWatch} by itself. A buffer that is collected before it was released fails
 * the test class that lost it, with the trace of the places that touched it last.
 */
@NullMarked
package io.slipway.leaks;

import org.jspecify.annotations.NullMarked;
