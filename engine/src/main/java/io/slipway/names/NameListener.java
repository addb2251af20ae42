package io.slipway.names;

import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Hears of questions that stayed without an answer. Called on event loops: must not block. */
@FunctionalInterface
public interface NameListener {
  /** Does not listen. */
  NameListener NONE = (name, server, reason) -> {};

  /**
   * No resolver could answer, or none may be asked. The guest is told so, too.
   *
   * @param name of the question, as RFC 1035 §5.1 writes it: printable ASCII, all else as {@code
   *     \DDD}; empty when there is no question that makes sense
   * @param server the last that was asked, or null when none may be
   * @param reason {@code policy}; what happened last: {@code timeout}, {@code unreachable}, {@code
   *     closed}, {@code socket} (none could be had); or what the resolver said: {@code servfail},
   *     {@code notimp}, {@code refused}
   */
  void unanswered(String name, @Nullable IpAddress server, String reason);
}
