package io.slipway.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.sys.TapFlags;
import org.junit.jupiter.api.Test;

class InterfaceTextTest {
  private static final String TAP =
      """
      2: tun0: <BROADCAST,MULTICAST,UP> mtu 65521 qdisc pfifo_fast state DOWN group default qlen 1000
          link/ether aa:a9:15:56:95:4b brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65521
          tun type tap pi off vnet_hdr off persist on numtxqueues 1 numrxqueues 1 gso_max_size 65536
      """;

  @Test
  void readsWhatTheClassicStepsMake() {
    InterfaceState state =
        InterfaceText.parse(
            "tun0",
            TAP
                + """
                    inet 10.0.2.100/24 scope global tun0
                       valid_lft forever preferred_lft forever
                    inet6 2001:2::100/32 scope global tentative
                       valid_lft forever preferred_lft forever
                    inet6 fe80::a8a9:15ff:fe56:954b/64 scope link
                       valid_lft forever preferred_lft forever
                """,
            "default via 10.0.2.2 linkdown \n",
            "default via 2001:2::2 metric 1024 linkdown pref medium\n");

    assertThat(state.created()).isFalse();
    assertThat(state.name()).isEqualTo("tun0");
    assertThat(state.flags()).isEqualTo(new TapFlags(false, false, false));
    assertThat(state.mtu()).isEqualTo(65521);
    assertThat(state.mac()).isEqualTo("aa:a9:15:56:95:4b");
    assertThat(state.addresses()).containsExactly("10.0.2.100/24", "2001:2::100/32");
    assertThat(state.gateway4()).isEqualTo("10.0.2.2");
    assertThat(state.gateway6()).isEqualTo("2001:2::2");
  }

  @Test
  void readsABareDevice() {
    InterfaceState state = InterfaceText.parse("tun0", TAP, "", "");
    assertThat(state.addresses()).isEmpty();
    assertThat(state.gateway4()).isNull();
    assertThat(state.gateway6()).isNull();
  }

  @Test
  void takesThePrefixOfAPeerForTheOtherEnds() {
    String link = TAP + "    inet 10.9.9.9 peer 10.9.9.8/30 scope global tun0\n";
    assertThat(InterfaceText.parse("tun0", link, "", "").addresses())
        .containsExactly("10.9.9.9/32");
  }

  @Test
  void leavesTemporaryAndLinkLocalAddressesOut() {
    String link =
        TAP
            + "    inet 169.254.3.4/16 scope link tun0\n"
            + "    inet6 fd00::abcd/64 scope global temporary dynamic\n"
            + "    inet6 fd00::1/64 scope global dynamic mngtmpaddr\n";
    assertThat(InterfaceText.parse("tun0", link, "", "").addresses()).containsExactly("fd00::1/64");
  }

  @Test
  void ignoresRoutesWithoutAGatewayThatWeCouldBe() {
    assertThat(InterfaceText.parse("tun0", TAP, "default scope link\n", "").gateway4()).isNull();
    assertThat(InterfaceText.parse("tun0", TAP, "default via inet6 fe80::1\n", "").gateway4())
        .isNull();
    assertThat(
            InterfaceText.parse("tun0", TAP, "unicast default via 10.1.1.1 proto boot\n", "")
                .gateway4())
        .isEqualTo("10.1.1.1");
  }

  @Test
  void readsTheFlagsOfAMultiQueueDevice() {
    String link = TAP.replace("vnet_hdr off", "vnet_hdr on multi_queue numqueues 0 numdisabled 0");
    assertThat(InterfaceText.parse("tun0", link, "", "").flags())
        .isEqualTo(new TapFlags(false, true, true));
  }

  @Test
  void refusesWhatItCannotServeInOneLine() {
    String busy = TAP.replace("vnet_hdr off", "vnet_hdr on multi_queue numqueues 1");
    assertThatThrownBy(() -> InterfaceText.parse("tun0", busy, "", ""))
        .isInstanceOf(LaunchException.class)
        .hasMessageStartingWith("tun0: EBUSY (in use by another process)");
    assertThatThrownBy(
            () -> InterfaceText.parse("tun0", TAP.replace("type tap", "type tun"), "", ""))
        .hasMessageStartingWith("tun0: is a TUN device, Slipway needs a TAP");
    String veth = TAP.replaceAll("(?m)^ *tun type.*$", "    veth numtxqueues 2");
    assertThatThrownBy(() -> InterfaceText.parse("eth0", veth, "", ""))
        .hasMessageStartingWith("eth0: is not a TAP device");
  }
}
