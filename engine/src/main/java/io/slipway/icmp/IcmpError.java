package io.slipway.icmp;

import org.jspecify.annotations.Nullable;

/**
 * What we tell the guest about a packet of its that could not be served, in the numbers of both
 * families (RFC 792, RFC 1122 §3.2.2.1, RFC 4443 §3).
 */
public enum IcmpError {
  /** No route to the network. */
  NET_UNREACHABLE(3, 0, 1, 0, false),
  /** The network is there, the host does not answer. */
  HOST_UNREACHABLE(3, 1, 1, 3, false),
  /** The host does not speak the transport protocol; IPv6 says "unrecognized next header". */
  PROTOCOL_UNREACHABLE(3, 2, 4, 1, true),
  /** The host listens on no such port. */
  PORT_UNREACHABLE(3, 3, 1, 4, true),
  /** The packet is larger than the path; carries the MTU. */
  FRAGMENTATION_NEEDED(3, 4, 2, 0, false),
  /** Policy forbids it. */
  ADMIN_PROHIBITED(3, 13, 1, 1, false),
  /** The source means nothing where the destination is; IPv6 only. */
  BEYOND_SCOPE(3, 13, 1, 2, false),
  /** The hop limit ran out on the way. */
  TTL_EXCEEDED(11, 0, 3, 0, false),
  /** Fragments were missing for too long. */
  REASSEMBLY_TIMEOUT(11, 1, 3, 1, true),
  /** A header field made no sense. */
  PARAMETER_PROBLEM(12, 0, 4, 0, true),
  /** An option that nobody knows, and that must not be skipped. */
  UNKNOWN_OPTION(12, 0, 4, 2, true),
  /** A first fragment without all of the headers; IPv6 only. */
  HEADERS_INCOMPLETE(12, 0, 4, 3, true);

  private static final IcmpError[] VALUES = values();

  private static final int EPERM = 1;
  private static final int EACCES = 13;
  private static final int EMSGSIZE = 90;
  private static final int ENETDOWN = 100;
  private static final int ENETUNREACH = 101;
  private static final int ECONNREFUSED = 111;
  private static final int EHOSTDOWN = 112;
  private static final int EHOSTUNREACH = 113;
  private static final int ENOPROTOOPT = 92;

  private final int typeV4;
  private final int codeV4;
  private final int typeV6;
  private final int codeV6;
  private final boolean fromDestination;

  IcmpError(int typeV4, int codeV4, int typeV6, int codeV6, boolean fromDestination) {
    this.typeV4 = typeV4;
    this.codeV4 = codeV4;
    this.typeV6 = typeV6;
    this.codeV6 = codeV6;
    this.fromDestination = fromDestination;
  }

  /**
   * The error by which a network would have caused {@code errno} on a socket, or null when the
   * number does not come from a network (EMFILE and the like).
   *
   * @param errno positive, in Linux' numbers
   */
  public static @Nullable IcmpError ofErrno(int errno) {
    return switch (errno) {
      case ENETUNREACH, ENETDOWN -> NET_UNREACHABLE;
      case EHOSTUNREACH, EHOSTDOWN -> HOST_UNREACHABLE;
      case ECONNREFUSED -> PORT_UNREACHABLE;
      case ENOPROTOOPT -> PROTOCOL_UNREACHABLE;
      case EACCES, EPERM -> ADMIN_PROHIBITED;
      case EMSGSIZE -> FRAGMENTATION_NEEDED;
      default -> null;
    };
  }

  /** The error that has these numbers in the family, or null when none of ours has. */
  public static @Nullable IcmpError of(boolean v6, int type, int code) {
    for (IcmpError error : VALUES) {
      if (error.type(v6) == type && error.code(v6) == code) {
        return error;
      }
    }
    return null;
  }

  /** The ICMP type in the family. */
  public int type(boolean v6) {
    return v6 ? typeV6 : typeV4;
  }

  /** The ICMP code in the family. */
  public int code(boolean v6) {
    return v6 ? codeV6 : codeV4;
  }

  /** True when the host that was meant says so itself, false when a router on the way does. */
  public boolean isFromDestination() {
    return fromDestination;
  }
}
