package io.slipway.route;

import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Where a conversation goes: what {@link Router} answers. */
public sealed interface Verdict {

  /**
   * To a socket on the host.
   *
   * @param target what to connect or send to
   * @param source address to bind to; null leaves it to the host
   */
  record ToHost(Endpoint target, @Nullable IpAddress source) implements Verdict {}

  /**
   * To the guest, for a conversation that began at the host.
   *
   * @param as how the host's peer appears to the guest
   * @param target where in the guest's network
   */
  record ToGuest(IpAddress as, Endpoint target) implements Verdict {}

  /** To a service of our own. */
  record ToService(Service service) implements Verdict {}

  /** Nowhere. */
  record Refuse(Reason reason) implements Verdict {}

  /** What we serve ourselves. */
  enum Service {
    /** Name service at the DNS address. */
    DNS,
    /** A reply to an echo request, in the name of whoever it was for. */
    ECHO
  }

  /** Why a conversation is refused. */
  enum Reason {
    POLICY("refused by the policy"),
    ICMP_OFF("echo is not carried"),
    HOST_LOOPBACK_CLOSED("the host's loopback is not open"),
    NO_ROUTE("no such destination"),
    NO_SUCH_HOST("no such host on the guest's network"),
    NO_SUCH_SERVICE("no such service at this address"),
    LOOPBACK("loopback destination"),
    LINK_LOCAL("link-local destination"),
    METADATA("cloud metadata service"),
    MULTICAST("multicast destination"),
    BROADCAST("broadcast destination");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    /** For an operator, in a flow's log line. */
    public String text() {
      return text;
    }
  }
}
