package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InterfacePlanTest {
  @Test
  void configuresBothFamiliesWithIpv6Last() {
    InterfacePlan plan =
        new InterfacePlan("tap0", 1500, "10.0.2.100/24", "10.0.2.2", "fd00::100/64", "fd00::2");
    assertThat(plan.commands())
        .containsExactly(
            "link set lo up",
            "link set tap0 mtu 1500 txqueuelen 4096 up",
            "addr add 10.0.2.100/24 dev tap0",
            "route change 10.0.2.0/24 dev tap0 proto kernel scope link src 10.0.2.100 congctl reno",
            "route add default via 10.0.2.2 dev tap0 congctl reno",
            "addr add fd00::100/64 dev tap0 nodad",
            "route change fd00::/64 dev tap0 proto kernel metric 256 congctl reno",
            "route add default via fd00::2 dev tap0 congctl reno");
    assertThat(plan.commands().get(plan.firstIpv6Line() - 1)).startsWith("addr add fd00");
  }

  @Test
  void leavesOutWhatIsNotWanted() {
    InterfacePlan plan = new InterfacePlan("tap0", 1000, null, null, null, null);
    assertThat(plan.commands())
        .containsExactly("link set lo up", "link set tap0 mtu 1000 txqueuelen 4096 up");
    assertThat(plan.firstIpv6Line()).isEqualTo(3);
  }
}
