package io.slipway.cli;

import io.slipway.EngineConfig;
import io.slipway.launch.InterfacePlan;
import io.slipway.launch.InterfaceState;
import io.slipway.names.NamesConfig;
import io.slipway.names.ResolvConf;
import io.slipway.route.AccessList;
import io.slipway.route.EchoMode;
import io.slipway.route.Lan;
import io.slipway.route.RouterConfig;
import io.slipway.route.UdpFilter;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns what was given into what the engine and the device are told. Reads the host's resolv.conf.
 */
final class Settings {
  static final String DEFAULT_INTERFACE = "tap0";

  private Settings() {}

  /** The engine's configuration for a network. */
  static EngineConfig engine(Given given, Lan lan) {
    return new EngineConfig(
        lan,
        router(given),
        new NamesConfig(
            given.values(Options.DNS_SERVER),
            NamesConfig.RESOLV_CONF,
            given.values(Options.HOST_NAME)),
        given.value(Options.UDP_TIMEOUT, EngineConfig.DEFAULT_UDP_TIMEOUT),
        given.value(Options.TCP_KEEPALIVE, Duration.ZERO),
        given.value(Options.MAX_FLOWS, EngineConfig.DEFAULT_MAX_FLOWS),
        given.value(Options.MEMORY, EngineConfig.DEFAULT_MEMORY_BYTES));
  }

  /** The guest's network, told of what the host's resolv.conf says where no option does. */
  static Lan lan(Given given, InterfaceState state) {
    boolean names = !given.flag(Options.NO_DNS);
    return LanPlan.of(
        given, state, names ? ResolvConf.read(NamesConfig.RESOLV_CONF).search() : List.of());
  }

  /** What the command's resolv.conf is to say; null leaves it the host's. */
  static @Nullable String resolvConf(Given given, Lan lan) {
    if (given.flag(Options.NO_DNS)) {
      return null;
    }
    List<String> options = ResolvConf.read(NamesConfig.RESOLV_CONF).options();
    return ResolvConf.text(List.of(lan.dns4()), lan.search(), options);
  }

  private static RouterConfig router(Given given) {
    return RouterConfig.DEFAULT
        .withHostLoopback(given.flag(Options.HOST_LOOPBACK))
        .withOutbound(!given.flag(Options.NO_OUTBOUND))
        .withAllow(union(given.values(Options.ALLOW)))
        .withDeny(union(given.values(Options.DENY)))
        .withNameService(!given.flag(Options.NO_DNS))
        .withEcho(given.value(Options.ICMP, EchoMode.REAL))
        .withUdpFilter(given.value(Options.UDP_FILTER, UdpFilter.ENDPOINT))
        .withSources(given.value(Options.SOURCE), given.value(Options.SOURCE6));
  }

  private static AccessList union(List<AccessList> lists) {
    return lists.stream().reduce(AccessList.EMPTY, AccessList::plus);
  }

  /** How a device that did not exist is to be set up. */
  static InterfacePlan device(String name, Lan lan) {
    return new InterfacePlan(
        name,
        lan.mtu(),
        lan.guest4() + "/" + lan.subnet4().prefix(),
        lan.gateway4().toString(),
        address6(lan.guest6(), lan.subnet6()),
        lan.gateway6() == null ? null : lan.gateway6().toString());
  }

  private static @Nullable String address6(@Nullable IpAddress guest, @Nullable Cidr subnet) {
    return guest == null || subnet == null ? null : guest + "/" + subnet.prefix();
  }

  /** The reason for the want of IPv6 that the operator did not ask for, or {@code null}. */
  static @Nullable String ipv6Note(Given given, Lan lan) {
    if (lan.mtu() < Lan.LEAST_MTU6 && !given.flag(Options.NO_IPV6)) {
      return "IPv6 is off: it needs an MTU of " + Lan.LEAST_MTU6 + " and this one is " + lan.mtu();
    }
    return null;
  }
}
