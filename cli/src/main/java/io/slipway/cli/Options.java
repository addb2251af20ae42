package io.slipway.cli;

import io.slipway.names.NamesConfig.OwnName;
import io.slipway.observe.EventFormat;
import io.slipway.observe.EventLevel;
import io.slipway.route.AccessList;
import io.slipway.route.EchoMode;
import io.slipway.route.UdpFilter;
import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The one table of options. What is not in it does not exist, neither typed nor in a file. */
final class Options {
  static final Option<String> INTERFACE =
      Option.one(
          "--interface",
          "NAME",
          Values::interfaceName,
          "device in the guest's namespace (default tap0); created unless it exists, an existing"
              + " one is used as found and left as found");
  static final Option<Integer> MTU =
      Option.one(
          "--mtu",
          "N",
          Values::mtu,
          "576..65521 (default: 1500, or the existing device's); below 1280 there is no IPv6");
  static final Option<Boolean> OFFLOAD =
      Option.one(
          "--offload",
          "auto|off",
          Values::offload,
          "off: every frame at most the MTU, with complete checksums (default auto)");
  static final Option<Cidr> CIDR =
      Option.one(
          "--cidr",
          "NET",
          Values::cidr4,
          "the guest's IPv4 network (default 10.0.2.0/24): gateway .2, DNS .3, guest .100");
  static final Option<Cidr> CIDR6 =
      Option.one(
          "--cidr6",
          "NET",
          Values::cidr6,
          "the guest's IPv6 network, up to /126 (default fd00::/64): gateway ::2, DNS ::3, guest"
              + " ::100 or the next free one");
  static final Option<IpAddress> GUEST =
      Option.many("--guest", "ADDR", IpAddress::parse, "the guest's address; once for each family");
  static final Option<IpAddress> GATEWAY =
      Option.many(
          "--gateway", "ADDR", IpAddress::parse, "the gateway's address; once for each family");
  static final Option<IpAddress> DNS =
      Option.many(
          "--dns", "ADDR", IpAddress::parse, "the DNS server's address; once for each family");
  static final Option<DomainName> SEARCH =
      Option.many(
          "--search",
          "DOMAIN",
          DomainName::parse,
          "where the guest looks for unqualified names; at most 6 (default: the host's"
              + " resolv.conf)");
  static final Option<IpAddress> DNS_SERVER =
      Option.many(
          "--dns-server",
          "ADDR",
          IpAddress::parse,
          "who answers the guest's DNS queries, in this order (default: the host's resolv.conf)");
  static final Option<OwnName> HOST_NAME =
      Option.many(
          "--host-name",
          "NAME=ADDR",
          Values::ownName,
          "a name that the DNS address answers itself; repeat it for more names and addresses");
  static final Option<Boolean> NO_DNS =
      Option.flag("--no-dns", "nothing answers at the DNS address");
  static final Option<Boolean> NO_IPV6 = Option.flag("--no-ipv6", "the guest has IPv4 only");
  static final Option<Boolean> NO_CONFIGURE =
      Option.flag(
          "--no-configure", "leave the device's addresses, routes and 'up' to somebody else");
  static final Option<Boolean> HOST_LOOPBACK =
      Option.flag("--host-loopback", "the gateway's address reaches the host's 127.0.0.1 and ::1");
  static final Option<Boolean> NO_OUTBOUND =
      Option.flag("--no-outbound", "nothing leaves unless --allow says so");
  static final Option<AccessList> ALLOW =
      Option.many(
          "--allow",
          "LIST",
          Values::accessList,
          "what may be reached: [tcp://|udp://|icmp://]HOST|CIDR[:PORT[-PORT]], separated by"
              + " commas");
  static final Option<AccessList> DENY =
      Option.many("--deny", "LIST", Values::accessList, "what may not be reached; beats --allow");
  static final Option<EchoMode> ICMP =
      Option.one(
          "--icmp",
          "real|local|off",
          Values::echoMode,
          "real: pings reach whom they are for (default); local: the gateway answers for everybody;"
              + " off: they are refused");
  static final Option<IpAddress> SOURCE =
      Option.one(
          "--source", "ADDR", Values::address4, "IPv4 address that outgoing host sockets bind to");
  static final Option<IpAddress> SOURCE6 =
      Option.one(
          "--source6", "ADDR", Values::address6, "IPv6 address that outgoing host sockets bind to");
  static final Option<Duration> UDP_TIMEOUT =
      Option.one(
          "--udp-timeout",
          "DUR",
          Values::duration,
          "an idle UDP mapping is forgotten after this (default 300s)");
  static final Option<UdpFilter> UDP_FILTER =
      Option.one(
          "--udp-filter",
          "endpoint|address",
          Values::udpFilter,
          "whose datagrams come in through a mapping: anybody's (endpoint, default), or those of"
              + " hosts that it has sent to (address)");
  static final Option<Duration> TCP_KEEPALIVE =
      Option.one(
          "--tcp-keepalive",
          "DUR",
          Values::duration,
          "ask a silent TCP connection's ends whether they live, and reset it when one does not"
              + " (default off)");
  static final Option<Integer> QUEUES =
      Option.one(
          "--queues",
          "N",
          Values::queues,
          "TAP queues, each with its event loop: at most 8 a processor (default 1)");
  static final Option<Integer> MAX_FLOWS =
      Option.one(
          "--max-flows", "N", Values::flows, "bound on connections and mappings (default 65536)");
  static final Option<Long> MEMORY =
      Option.one(
          "--memory", "SIZE", Values::memory, "bound on buffered data, such as 64M (default 256M)");
  static final Option<Integer> READY_FD =
      Option.one(
          "--ready-fd",
          "N",
          Values::descriptor,
          "write '1' to this descriptor and close it when the network works");
  static final Option<Integer> EXIT_FD =
      Option.one(
          "--exit-fd",
          "N",
          Values::descriptor,
          "end when this descriptor becomes readable or its other end is closed");
  static final Option<String> PID_FILE =
      Option.one("--pid-file", "FILE", Values::path, "write the engine's process id to this file");
  static final Option<EventLevel> LOG_LEVEL =
      Option.one(
          "--log-level", "LEVEL", Values::level, "error, warn, info (default), debug or trace");
  static final Option<EventFormat> LOG_FORMAT =
      Option.one(
          "--log-format", "text|json", Values::format, "form of the log's lines (default text)");
  static final Option<String> FLOW_LOG =
      Option.one(
          "--flow-log", "FILE", Values::path, "append every flow's opening and end to this file");
  static final Option<String> CONFIG =
      Option.one(
          "--config",
          "FILE",
          Values::path,
          "YAML file with these options' names as keys; the command line wins");

  static final Option<Boolean> NEW_USERNS =
      Option.flag(
          "--new-userns", "make a user namespace although started by root (others always do)");

  static final Option<Integer> PID =
      Option.one("--pid", "PID", Values::pid, "TARGET: the network namespace of this process");
  static final Option<String> NETNS =
      Option.one(
          "--netns",
          "PATH|NAME",
          Values::path,
          "TARGET: a network namespace by its file, or by its name under /run/netns");
  static final Option<String> USERNS =
      Option.one(
          "--userns",
          "PATH",
          Values::path,
          "the user namespace that owns --netns (default: asked from the kernel)");
  static final Option<Integer> FD =
      Option.one("--fd", "N", Values::descriptor, "TARGET: an inherited TAP descriptor");

  private static final List<Option<?>> SHARED =
      List.of(
          INTERFACE,
          MTU,
          OFFLOAD,
          CIDR,
          CIDR6,
          GUEST,
          GATEWAY,
          DNS,
          SEARCH,
          DNS_SERVER,
          HOST_NAME,
          NO_DNS,
          NO_IPV6,
          NO_CONFIGURE,
          HOST_LOOPBACK,
          NO_OUTBOUND,
          ALLOW,
          DENY,
          ICMP,
          SOURCE,
          SOURCE6,
          UDP_TIMEOUT,
          UDP_FILTER,
          TCP_KEEPALIVE,
          QUEUES,
          MAX_FLOWS,
          MEMORY,
          READY_FD,
          EXIT_FD,
          PID_FILE,
          LOG_LEVEL,
          LOG_FORMAT,
          FLOW_LOG,
          CONFIG);

  /** Options of {@code run}, in the order of the help. */
  static final List<Option<?>> OF_RUN = concat(SHARED, List.of(NEW_USERNS));

  /** Options of {@code attach}, in the order of the help. */
  static final List<Option<?>> OF_ATTACH = concat(List.of(PID, NETNS, USERNS, FD), SHARED);

  private Options() {}

  private static List<Option<?>> concat(List<Option<?>> first, List<Option<?>> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }
}
