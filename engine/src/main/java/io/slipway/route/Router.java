package io.slipway.route;

import io.slipway.route.Verdict.Reason;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/** Says where a conversation goes. Pure and immutable; shared by all loops and swapped whole. */
public final class Router {

  private static final int DNS_PORT = 53;

  /** RFC 1122 §3.2.1.3: "this network"; Linux takes some of it for the host itself. */
  private static final Cidr THIS_NETWORK = Cidr.parse("0.0.0.0/8");

  /** RFC 4291 §2.5.5.1: IPv4-compatible addresses, deprecated; :: and ::1 lie here too. */
  private static final Cidr COMPATIBLE = Cidr.parse("::/96");

  /** RFC 6052 §2.1: IPv4 addresses behind a translator; judged by the address within as well. */
  private static final Cidr TRANSLATED = Cidr.parse("64:ff9b::/96");

  private static final Cidr LINK_LOCAL4 = Cidr.parse("169.254.0.0/16");
  private static final Cidr LINK_LOCAL6 = Cidr.parse("fe80::/10");
  private static final Cidr METADATA4 = Cidr.parse("169.254.169.254");
  private static final Cidr METADATA6 = Cidr.parse("fd00:ec2::254");

  private final Lan lan;
  private final RouterConfig config;

  /** A router for this network under this policy. */
  public Router(Lan lan, RouterConfig config) {
    this.lan = lan;
    this.config = config;
  }

  public Lan lan() {
    return lan;
  }

  public RouterConfig config() {
    return config;
  }

  /**
   * Where a conversation goes that the guest begins.
   *
   * @param guest the guest's end; the answer does not depend on it today
   * @param remotePort 0 for ICMP
   */
  public Verdict route(
      Protocol protocol, IpAddress guest, int guestPort, IpAddress remote, int remotePort) {
    Reason reason = refusal(protocol, remote.high(), remote.low(), remotePort);
    if (reason != null) {
      return new Verdict.Refuse(reason);
    }
    if (isNameService(remote.high(), remote.low(), remotePort)) {
      return new Verdict.ToService(Verdict.Service.DNS);
    }
    if (protocol == Protocol.ICMP && config.echo() == EchoMode.LOCAL) {
      return new Verdict.ToService(Verdict.Service.ECHO);
    }
    if (lan.isGateway(remote.high(), remote.low())) {
      IpAddress loopback = remote.isV4() ? IpAddress.LOOPBACK4 : IpAddress.LOOPBACK6;
      return new Verdict.ToHost(new Endpoint(loopback, remotePort), null);
    }
    IpAddress source = remote.isV4() ? config.source4() : config.source6();
    return new Verdict.ToHost(new Endpoint(remote, remotePort), source);
  }

  /** Whether the name service answers there, in the guest's view. */
  public boolean isNameService(long high, long low, int port) {
    return config.nameService() && port == DNS_PORT && lan.isDns(high, low);
  }

  /**
   * Whether the guest's questions may be passed on to this resolver: a name asked for is a message
   * sent, so where nothing may leave it takes an entry that allows the resolver or the DNS address.
   */
  public boolean mayAskNames(IpAddress server) {
    return config.outbound()
        || config.allow().match(Protocol.UDP, server.high(), server.low(), DNS_PORT)
        || config.allow().match(Protocol.UDP, lan.dns4().high(), lan.dns4().low(), DNS_PORT);
  }

  /** Where a conversation goes that a host's peer begins, through a forward to {@code target}. */
  public Verdict routeFromHost(IpAddress peer, Endpoint target) {
    if (!lan.contains(target.address().high(), target.address().low())) {
      return new Verdict.Refuse(Reason.NO_SUCH_HOST);
    }
    return new Verdict.ToGuest(guestView(peer, target.address().isV4()), target);
  }

  /**
   * The question of {@link #route} without its objects: why this destination is refused, or null
   * when it is not. For datagrams, which each may have another destination.
   */
  public @Nullable Reason refusal(Protocol protocol, long high, long low, int port) {
    boolean gateway = lan.isGateway(high, low);
    Reason senseless = gateway || lan.isDns(high, low) ? null : senseless(high, low);
    if (senseless != null) {
      return senseless;
    }
    if (denied(protocol, high, low, port)) {
      return Reason.POLICY;
    }
    if (protocol == Protocol.ICMP && config.echo() == EchoMode.OFF) {
      return Reason.ICMP_OFF;
    }
    if (protocol != Protocol.ICMP && isNameService(high, low, port)) {
      return null;
    }
    if (gateway) {
      return config.hostLoopback() ? null : Reason.HOST_LOOPBACK_CLOSED;
    }
    if (lan.isDns(high, low)) {
      return Reason.NO_SUCH_SERVICE;
    }
    Cidr special = special(high, low);
    if (special != null) {
      boolean named = config.allow().matchWithin(special, protocol, high, low, port);
      return named ? null : reason(special);
    }
    if (config.allow().match(protocol, high, low, port) || config.outbound()) {
      return null;
    }
    return Reason.POLICY;
  }

  /**
   * The address under which a host's peer appears to the guest: its own, unless the guest could not
   * answer to that; then the gateway's.
   */
  public IpAddress guestView(IpAddress peer) {
    return guestView(peer, peer.isV4());
  }

  /** The same on plain longs: whether the peer appears as the gateway of its family. */
  public boolean seenAsGateway(long high, long low) {
    return (!IpAddress.isV4(high, low) && !lan.hasV6())
        || lan.contains(high, low)
        || senseless(high, low) != null
        || IpAddress.isLinkLocal(high, low);
  }

  private IpAddress guestView(IpAddress peer, boolean v4) {
    if (peer.isV4() == v4 && !seenAsGateway(peer.high(), peer.low())) {
      return peer;
    }
    IpAddress gateway6 = lan.gateway6();
    return v4 || gateway6 == null ? lan.gateway4() : gateway6;
  }

  /** Destinations that nobody can be reached at, in every spelling. */
  private @Nullable Reason senseless(long high, long low) {
    if (TRANSLATED.contains(high, low)) {
      return senseless(0, IpAddress.mapV4((int) low));
    }
    if (IpAddress.isMulticast(high, low)) {
      return Reason.MULTICAST;
    }
    if (IpAddress.isBroadcast(high, low) || lan.isSubnetBroadcast(high, low)) {
      return Reason.BROADCAST;
    }
    if (IpAddress.isLoopback(high, low)) {
      return Reason.LOOPBACK;
    }
    if (THIS_NETWORK.contains(high, low) || COMPATIBLE.contains(high, low)) {
      return Reason.NO_ROUTE;
    }
    return lan.contains(high, low) ? Reason.NO_SUCH_HOST : null;
  }

  /** A translated address is denied also when the IPv4 address within it is. */
  private boolean denied(Protocol protocol, long high, long low, int port) {
    AccessList deny = config.deny();
    return deny.match(protocol, high, low, port)
        || (TRANSLATED.contains(high, low)
            && deny.match(protocol, 0, IpAddress.mapV4((int) low), port));
  }

  /** The block that an entry of the allow list must lie within to open this address. */
  private static @Nullable Cidr special(long high, long low) {
    if (TRANSLATED.contains(high, low)) {
      return special(0, IpAddress.mapV4((int) low));
    }
    if (METADATA4.contains(high, low)) {
      return METADATA4;
    }
    if (METADATA6.contains(high, low)) {
      return METADATA6;
    }
    if (LINK_LOCAL4.contains(high, low)) {
      return LINK_LOCAL4;
    }
    return LINK_LOCAL6.contains(high, low) ? LINK_LOCAL6 : null;
  }

  private static Reason reason(Cidr special) {
    return special.prefix() >= 32 ? Reason.METADATA : Reason.LINK_LOCAL;
  }
}
