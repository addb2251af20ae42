package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.launch.InterfaceState;
import io.slipway.route.Lan;
import io.slipway.sys.TapFlags;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanPlanTest {
  private static final InterfaceState NONE = InterfaceState.absent("tap0");

  private static Given given(String... options) {
    List<String> args = new ArrayList<>(List.of("attach"));
    args.addAll(List.of(options));
    Request request = new CommandLineParser().parse(args.toArray(new String[0]));
    return ((Request.Attach) request).given();
  }

  private static InterfaceState found(
      int mtu, @Nullable String gateway4, @Nullable String gateway6, String... addresses) {
    return new InterfaceState(
        "tun0",
        new TapFlags(false, false, false),
        mtu,
        "02:00:00:00:00:01",
        List.of(addresses),
        gateway4,
        gateway6);
  }

  private static String words(Lan lan) {
    return lan.subnet4()
        + " "
        + lan.gateway4()
        + " "
        + lan.dns4()
        + " "
        + lan.guest4()
        + " "
        + lan.subnet6()
        + " "
        + lan.gateway6()
        + " "
        + lan.dns6()
        + " "
        + lan.guest6()
        + " "
        + lan.mtu();
  }

  @Test
  void withoutOptionsItIsThePlanOfSlirp4netns() {
    assertThat(words(LanPlan.of(given(), NONE)))
        .isEqualTo(
            "10.0.2.0/24 10.0.2.2 10.0.2.3 10.0.2.100"
                + " fd00::/64 fd00::2 fd00::3 fd00::100 1500");
  }

  @Test
  void aDeviceThatExistsIsBelieved() {
    InterfaceState state =
        found(65_521, "10.0.2.2", "2001:2::2", "10.0.2.100/24", "2001:2::100/32");

    assertThat(words(LanPlan.of(given(), state)))
        .isEqualTo(
            "10.0.2.0/24 10.0.2.2 10.0.2.3 10.0.2.100"
                + " 2001:2::/32 2001:2::2 2001:2::3 2001:2::100 65521");
  }

  @Test
  void oddAddressesOnADeviceAreBelievedToo() {
    InterfaceState state = found(1_500, "192.168.7.1", null, "192.168.7.3/24");

    assertThat(words(LanPlan.of(given(), state)))
        .isEqualTo("192.168.7.0/24 192.168.7.1 192.168.7.4 192.168.7.3 null null null null 1500");
  }

  @Test
  void aLinkOfTwoHasNoRoomForANameServer() {
    InterfaceState state = found(1_500, "192.168.7.0", null, "192.168.7.1/31");

    assertThat(words(LanPlan.of(given(), state)))
        .startsWith("192.168.7.0/31 192.168.7.0 192.168.7.0 192.168.7.1");
  }

  @Test
  void aDeviceWithoutAddressesIsExpectedToGetThePlanned() {
    assertThat(words(LanPlan.of(given("--cidr", "10.9.0.0/16"), found(9_000, null, null))))
        .isEqualTo(
            "10.9.0.0/16 10.9.0.2 10.9.0.3 10.9.0.100"
                + " fd00::/64 fd00::2 fd00::3 fd00::100 9000");
  }

  @Test
  void anExplicitOptionWinsOverTheDevice() {
    InterfaceState state = found(9_000, "10.0.2.2", null, "10.0.2.100/24");

    assertThat(words(LanPlan.of(given("--mtu", "1400", "--guest", "10.0.2.9"), state)))
        .startsWith("10.0.2.0/24 10.0.2.2 10.0.2.3 10.0.2.9 ")
        .endsWith(" 1400");
  }

  @ParameterizedTest
  @CsvSource({
    "2000::/3, 2000::2, 2000::3, 2000::100",
    "2001:2::/32, 2001:2::2, 2001:2::3, 2001:2::100",
    "fd00:0:0:100::/56, fd00:0:0:100::2, fd00:0:0:100::3, fd00:0:0:100::100",
    "fd00::/65, fd00::2, fd00::3, fd00::100",
    "fd00::/119, fd00::2, fd00::3, fd00::100",
    "fd00::/120, fd00::2, fd00::3, fd00::4",
    "fd00::a0/124, fd00::a2, fd00::a3, fd00::a4",
    "fd00::/125, fd00::2, fd00::3, fd00::4",
    "fd00::/126, fd00::2, fd00::3, fd00::1"
  })
  void anIpv6NetworkMayBeOfAnyLength(String net, String gateway, String dns, String guest) {
    assertThat(words(LanPlan.of(given("--cidr6", net), NONE)))
        .endsWith(" " + net + " " + gateway + " " + dns + " " + guest + " 1500");
  }

  @ParameterizedTest
  @CsvSource({
    "--gateway, fd00::4, fd00::4 fd00::3 fd00::5",
    "--dns, fd00::4, fd00::2 fd00::4 fd00::5",
    "--dns, fd00::ff, fd00::2 fd00::ff fd00::4",
    "--guest, fd00::3, fd00::2 fd00::4 fd00::3"
  })
  void inASmallNetworkTheGuestStepsAside(String option, String address, String plan) {
    assertThat(words(LanPlan.of(given("--cidr6", "fd00::/120", option, address), NONE)))
        .endsWith(" fd00::/120 " + plan + " 1500");
  }

  @Test
  void overridesGoToTheirFamily() {
    Given given = given("--guest", "10.0.2.50", "--guest", "fd00::50", "--dns", "10.0.2.1");

    assertThat(words(LanPlan.of(given, NONE)))
        .isEqualTo(
            "10.0.2.0/24 10.0.2.2 10.0.2.1 10.0.2.50 fd00::/64 fd00::2 fd00::3 fd00::50 1500");
  }

  @Test
  void belowTheSmallestMtuThereIsNoIpv6() {
    assertThat(LanPlan.of(given("--mtu", "1279"), NONE).hasV6()).isFalse();
    assertThat(LanPlan.of(given("--mtu", "1280"), NONE).hasV6()).isTrue();
    assertThat(LanPlan.of(given("--no-ipv6"), NONE).hasV6()).isFalse();
  }

  @Test
  void contradictionsAreUsageErrors() {
    assertRefused("--cidr: '10.0.0.0/28' has no address number 100", "--cidr", "10.0.0.0/28");
    assertRefused("--cidr6: 'fd00::/127' is too small for", "--cidr6", "fd00::/127");
    assertRefused("--cidr6: 'fd00::1/128' is too small for", "--cidr6", "fd00::1");
    assertRefused("--cidr6: '::/0' overlaps ::/80,", "--cidr6", "::/0");
    assertRefused("--cidr6: '::/96' overlaps ::/80,", "--cidr6", "::/96");
    assertRefused("--cidr6: 'fe80::/64' overlaps fe80::/10,", "--cidr6", "fe80::/64");
    assertRefused("--cidr6: 'ff02::/120' overlaps ff00::/8,", "--cidr6", "ff02::/120");
    assertRefused("--guest: 'fd01::1' is not an address for", "--guest", "fd01::1");
    assertRefused("--guest: '10.1.1.1' is not an address for", "--guest", "10.1.1.1");
    assertRefused("--guest: '10.0.2.255' is not an address for", "--guest", "10.0.2.255");
    assertRefused("--dns: '10.0.2.4' is the second", "--dns", "10.0.2.3", "--dns", "10.0.2.4");
    assertRefused("--guest: '10.0.2.7' is the address", "--guest", "10.0.2.7", "--dns", "10.0.2.7");
  }

  private static void assertRefused(String message, String... options) {
    assertThatThrownBy(() -> LanPlan.of(given(options), NONE))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(message);
  }
}
