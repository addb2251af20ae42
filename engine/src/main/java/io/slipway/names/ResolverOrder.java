package io.slipway.names;

import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Whom to ask first, from what became of earlier questions. Owned by one event loop. */
final class ResolverOrder {
  /** So long one that was silent is asked last. */
  private static final long PASSED_OVER_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final HostResolvers resolvers;
  private final Map<IpAddress, Long> silentUntil = new HashMap<>();
  private List<IpAddress> known = List.of();

  ResolverOrder(HostResolvers resolvers) {
    this.resolvers = resolvers;
  }

  /** Everybody, those that were silent lately last. Never empty. */
  List<IpAddress> order(long nowNanos) {
    List<IpAddress> now = resolvers.current(nowNanos);
    if (!now.equals(known)) {
      known = now;
      silentUntil.clear();
    }
    if (silentUntil.isEmpty()) {
      return known;
    }
    List<IpAddress> order = new ArrayList<>(known);
    order.removeIf(silentUntil::containsKey);
    known.stream().filter(silentUntil::containsKey).forEach(order::add);
    return order;
  }

  /** One that was silent so long ago that it may be asked beside another; null for none. */
  @Nullable IpAddress overdue(long nowNanos) {
    for (Map.Entry<IpAddress, Long> one : silentUntil.entrySet()) {
      if (one.getValue() - nowNanos <= 0) {
        one.setValue(nowNanos + PASSED_OVER_NANOS);
        return one.getKey();
      }
    }
    return null;
  }

  /** Whether it is one of the resolvers of now. */
  boolean isKnown(IpAddress server) {
    return known.contains(server);
  }

  /** It did not answer in time, or cannot. */
  void silent(IpAddress server, long nowNanos) {
    if (known.contains(server)) {
      silentUntil.put(server, nowNanos + PASSED_OVER_NANOS);
    }
  }

  /** It answered. */
  void answered(IpAddress server) {
    if (!silentUntil.isEmpty()) {
      silentUntil.remove(server);
    }
  }
}
