package io.slipway.cli;

import io.slipway.EngineConfig;
import io.slipway.launch.InterfacePlan;
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

/** Turns what was given into what the engine and the device are told. Pure. */
final class Settings {
  static final String DEFAULT_INTERFACE = "tap0";

  private Settings() {}

  /** The engine's configuration for a network. */
  static EngineConfig engine(Given given, Lan lan) {
    return new EngineConfig(
        lan,
        router(given),
        given.value(Options.UDP_TIMEOUT, EngineConfig.DEFAULT_UDP_TIMEOUT),
        given.value(Options.TCP_KEEPALIVE, Duration.ZERO),
        given.value(Options.MAX_FLOWS, EngineConfig.DEFAULT_MAX_FLOWS),
        given.value(Options.MEMORY, EngineConfig.DEFAULT_MEMORY_BYTES));
  }

  private static RouterConfig router(Given given) {
    return RouterConfig.DEFAULT
        .withHostLoopback(given.flag(Options.HOST_LOOPBACK))
        .withOutbound(!given.flag(Options.NO_OUTBOUND))
        .withAllow(union(given.values(Options.ALLOW)))
        .withDeny(union(given.values(Options.DENY)))
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
