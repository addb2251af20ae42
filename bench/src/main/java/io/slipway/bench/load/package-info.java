/**
 * The traffic that {@code bench/peers} measures with, where iperf3 has none: one byte asked and
 * answered, connections opened and closed, the highest rate of datagrams that arrives, and flows
 * that are open and idle. A server on the host, a client in the guest; each client prints one line
 * of JSON.
 *
 * <p>The tool must not be what limits a measurement, so it does as little as a C program would:
 * blocking sockets where one conversation is measured, one selector for the server, {@code
 * sendmmsg} and {@code recvmmsg} for datagrams. Each client first does for a while what it is about
 * to measure, without counting, until the compilers have seen it.
 *
 * <p>Three ports' worth of server share one number: TCP and UDP on the given port, and on the next
 * one a TCP port on which the rate search says what it wants of the far end, in lines of text:
 *
 * <pre>
 *   sink ID                      count from now on what comes with this ID         ok
 *   count ID                     how many have come                                N
 *   source ID SIZE RATE MILLIS   send to whoever said hello with this ID           SENT NANOS
 * </pre>
 *
 * A datagram begins with its {@link io.slipway.bench.load.Datagram} kind and carries its trial's ID
 * at offset 4, so that stragglers of one trial are not counted in the next.
 *
 * <p>Cold code, except what counts: it allocates and blocks freely, and nothing in it is part of
 * Slipway.
 */
@NullMarked
package io.slipway.bench.load;

import org.jspecify.annotations.NullMarked;
