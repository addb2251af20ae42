/**
 * How a packet leaves for the guest: IP, Ethernet and virtio headers are written in front of bytes
 * that stay where they are.
 *
 * <p>{@link io.slipway.egress.Egress} is the one door out. It owns one direct buffer in which it
 * writes the headers of the frame at hand with absolute setters, names the payload by reference,
 * and calls {@link io.slipway.egress.FrameSink}: one call is one frame, nothing is queued, nothing
 * is kept, nothing is allocated.
 *
 * <pre>
 *   Egress.tcp(addresses, ports, seq..., options, payload, mss)
 *     |  payload &lt;= mss             one frame
 *     |  payload &gt; mss, TSO         one frame of up to 64 KiB, cut by the guest's own kernel
 *     |  payload &gt; mss, no TSO      Segmenter: one frame per mss
 *     v
 *   [virtio][Ethernet][IP][TCP+options] + payload pieces  ->  FrameSink.emit
 * </pre>
 *
 * Equal datagrams that came together leave the same way: as one frame with USO, else one by one.
 *
 * <p>Checksums are left partial when the device finishes them ({@link
 * io.slipway.egress.Offload#checksum()}), otherwise they are summed over the payload where it lies.
 * What is above the MTU and is not TCP leaves as IP fragments. {@link io.slipway.egress.Neighbors}
 * says which Ethernet address has which IP address; the gateway room and the decoders teach it.
 *
 * <p>What it does not do: it asks nobody whether a packet may leave, retransmits nothing, and knows
 * no flows. Owned by the event loop of its Shard; not thread-safe. Called by {@code flow}, {@code
 * icmp} and {@code gateway}.
 *
 * <p>RFC 791, RFC 8200 §4.5, RFC 6864 (identification), RFC 768, RFC 9293 §3.1, RFC 1624; virtio
 * 1.2 §5.1.6 for the header of offloads.
 */
@NullMarked
package io.slipway.egress;

import org.jspecify.annotations.NullMarked;
