/**
 * The Linux calls that neither the JDK nor Netty offers, and nothing else.
 *
 * <p>Everything here is reached through {@code java.lang.foreign}: no JNI, no C, no helper program.
 * This is the only room that may import that package, so that a reader who wants to know what we do
 * behind the JVM's back reads one directory. The constants are those of x86-64, which aarch64
 * shares wherever they are used here (the generic ABI); a constant that differs does not appear.
 *
 * <p><b>How a call looks.</b> {@code LibC} binds a function of the C library with its errno
 * captured; {@link io.slipway.sys.Linux} gives it a typed Java face that returns the result, or the
 * negated errno ({@code -EAGAIN}) instead of throwing. Callers at set-up pass that through {@link
 * io.slipway.sys.LinuxException#check}; callers on an event loop compare integers. Pointers travel
 * as {@code long}, so that no object is made per call.
 *
 * <p><b>What is built on it.</b> {@link io.slipway.sys.UdpSocket} with {@link
 * io.slipway.sys.UdpBatch} and {@link io.slipway.sys.UdpError} (recvmmsg, sendmmsg and the error
 * queue), {@link io.slipway.sys.EchoSocket} (the same for ICMP echo), {@link
 * io.slipway.sys.TapDevice} (opening or adopting a TAP and finding out what it can offload), {@link
 * io.slipway.sys.Namespaces} (one thread's visit to another network namespace, and descriptors
 * fetched out of another process), {@link io.slipway.sys.Watch} (the end of a process or of a
 * mounted namespace).
 *
 * <p><b>Ownership.</b> A descriptor is an {@code int} that belongs to whoever the Javadoc says; no
 * class here closes a descriptor that it did not open. Native memory belongs to the object that
 * allocated it and lives until its {@code close()}.
 *
 * <p>Neighbours: the room is on the ground floor and knows none of the others. {@code link} reads
 * and writes the TAP, {@code host} uses the UDP calls, {@code launch} the namespaces.
 */
@NullMarked
package io.slipway.sys;

import org.jspecify.annotations.NullMarked;
