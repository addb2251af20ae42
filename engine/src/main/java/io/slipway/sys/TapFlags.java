package io.slipway.sys;

/**
 * How a TAP that exists was made, as {@code ip -d link} shows it. Immutable.
 *
 * <p>Of these, Linux lets the next opener change all but {@code multiQueue}; so they are noted
 * before we attach, and put back by {@link TapDevice#close}.
 *
 * @param packetInformation frames carry the four bytes of {@code struct tun_pi} ({@code pi on})
 * @param vnetHeader frames carry a virtio-net header ({@code vnet_hdr on})
 * @param multiQueue several descriptors may attach at once
 */
public record TapFlags(boolean packetInformation, boolean vnetHeader, boolean multiQueue) {}
