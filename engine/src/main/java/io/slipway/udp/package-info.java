/**
 * The protocol half of UDP: how long an endpoint-independent mapping lives (RFC 4787), and which
 * one goes first when there are too many. The mappings of echo identifiers (RFC 5508) live by the
 * same rules and stand in the same order.
 *
 * <p>UDP has no connection to keep, so there is little here: {@link io.slipway.udp.UdpMapping} is
 * the clock of one mapping, {@link io.slipway.udp.UdpMappings} their order by age. {@link
 * io.slipway.udp.AdmittedHosts} remembers whom it sent to, where only they may answer (RFC 4787
 * §5). Which host socket a mapping uses is the business of {@code flow}. Everything is owned by one
 * event loop; using a mapping writes fields and allocates nothing.
 */
@NullMarked
package io.slipway.udp;

import org.jspecify.annotations.NullMarked;
