package io.slipway.observe;

import org.jspecify.annotations.Nullable;

/**
 * What is true when the guest's network begins to work.
 *
 * @param pid this process: what to signal to end the engine
 * @param netns path of the guest's network namespace, or {@code null} for an inherited descriptor
 * @param interfaceName the device in the guest
 * @param guest the guest's address
 * @param gateway the gateway's address
 * @param dns the DNS server's address
 * @param mtu the device's MTU in bytes
 * @param offload what the device and we leave to each other, for example {@code csum,tso4,tso6}
 * @param startupMillis milliseconds from the start of this process to now
 */
public record Readiness(
    long pid,
    @Nullable String netns,
    String interfaceName,
    String guest,
    String gateway,
    String dns,
    int mtu,
    String offload,
    long startupMillis) {

  Event event(long timeMillis) {
    return Event.of(timeMillis, EventLevel.INFO, "ready")
        .with("pid", pid)
        .with("netns", netns)
        .with("interface", interfaceName)
        .with("guest", guest)
        .with("gateway", gateway)
        .with("dns", dns)
        .with("mtu", mtu)
        .with("offload", offload)
        .with("startup_ms", startupMillis)
        .build();
  }
}
