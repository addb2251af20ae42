package io.slipway.gateway;

import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.bytes;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.egress.SentFrame;
import io.slipway.pipeline.Line;
import io.slipway.route.Lan;
import io.slipway.route.RouterConfig;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.Cidr;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterAdvertiserTest {

  private static final String ALL_NODES = "ff02:0:0:0:0:0:0:1";
  private static final byte[] MAC = bytes(1, 1, 0x0A, 0x11, 0x22, 0x33, 0x44, 0x55);
  private static final byte[] NO_OPTION = new byte[0];

  private static Lan lan(String subnet6, String... search) {
    Lan plan =
        Lan.standard(
            Cidr.parse("10.0.2.0/24"), Cidr.parse("fd00::/64"), new MacAddress(OUR_MAC), 1500);
    return new Lan(
        plan.subnet4(),
        plan.gateway4(),
        plan.dns4(),
        plan.guest4(),
        Cidr.parse(subnet6),
        plan.gateway6(),
        plan.dns6(),
        IpAddress.parse("fd00::1"),
        plan.mac(),
        plan.mtu(),
        Arrays.stream(search).map(DomainName::parse).toList());
  }

  private static byte[] solicitation(String source, int hopLimit, int code, byte[] options) {
    byte[] message = icmp(source, "ff02::2", 133, code, 0, options);
    return ethernet(
        0x3333_0000_0002L, GUEST_MAC, 0x86DD, ipv6(source, "ff02::2", 58, hopLimit, message));
  }

  private static String hex(byte[] message, int from) {
    return HexFormat.of().formatHex(message, from, message.length);
  }

  /** Byte for byte as the tables of RFC 4861 and RFC 8106 have it. */
  @Test
  void theAdvertisementSaysAllThatAGuestNeeds() {
    RouterConfig named = RouterConfig.DEFAULT.withNameService(true);
    try (Line line = new Line(lan("fd00::/64", "example.com", "b.org"), named)) {
      line.give(solicitation("fe80::5", 255, 0, MAC));
      SentFrame sent = line.sent.takeOnly().checkComplete();
      assertThat(sent.destinationMac()).isEqualTo("0a:11:22:33:44:55");
      assertThat(IpAddress.parse(sent.source())).isEqualTo(lan("fd00::/64").linkLocal());
      assertThat(IpAddress.parse(sent.destination())).isEqualTo(IpAddress.parse("fe80::5"));
      assertThat(sent.hopLimit()).isEqualTo(255);
      assertThat(sent.icmpType()).isEqualTo(134);
      assertThat(hex(sent.ipPayload(), 4))
          .isEqualTo(
              "40400708"
                  + "00000000"
                  + "00000000"
                  + "010152550a000202"
                  + "05010000000005dc"
                  + "030440c0"
                  + "00015180"
                  + "00003840"
                  + "00000000"
                  + "fd000000000000000000000000000000"
                  + "19030000"
                  + "00000708"
                  + "fd000000000000000000000000000003"
                  + "1f040000"
                  + "00000708"
                  + "076578616d706c6503636f6d00"
                  + "0162036f726700"
                  + "00000000");
      assertThat(line.counters.get(Count.ROUTER_ADVERTISEMENTS)).isEqualTo(1);
    }
  }

  /** RFC 4862 §5.5.3 and Linux make addresses in a prefix of 64 bits only; others ask for one. */
  @ParameterizedTest
  @CsvSource({
    "fd00::/64, c0, 00",
    "fd00::/48, 80, c0",
    "fd00::/32, 80, c0",
    "fd00::/96, 80, c0",
    "fd00::/126, 80, c0"
  })
  void addressesAreMadeInANetworkOfTheRightSizeOnly(String subnet, String use, String flags) {
    try (Line line = new Line(lan(subnet))) {
      line.give(solicitation("fe80::5", 255, 0, MAC));
      byte[] message = line.sent.takeOnly().checkComplete().ipPayload();
      assertThat(message[5] & 0xFF).isEqualTo(Integer.parseInt(flags, 16));
      assertThat(message[16 + 8 + 8 + 3] & 0xFF).isEqualTo(Integer.parseInt(use, 16));
      assertThat(message).hasSize(16 + 8 + 8 + 32); // and no name server, because there is none
    }
  }

  @Test
  void thatThereIsMoreToKnowIsSaidWhenThereIs() {
    try (Line line = new Line(lan("fd00::/64"), RouterConfig.DEFAULT.withNameService(true))) {
      line.give(solicitation("fe80::5", 255, 0, MAC));
      assertThat(line.sent.takeOnly().checkComplete().ipPayload()[5]).isEqualTo((byte) 0x40);
    }
  }

  @Test
  void whoHasNoAddressIsToldWithEverybodyOnceInThreeSeconds() {
    try (Line line = new Line(lan("fd00::/64"))) {
      line.give(solicitation("::", 255, 0, NO_OPTION));
      SentFrame sent = line.sent.takeOnly().checkComplete();
      assertThat(sent.destination()).isEqualTo(ALL_NODES);
      assertThat(sent.destinationMac()).isEqualTo("33:33:00:00:00:01");
      line.pass(TimeUnit.SECONDS.toNanos(1));
      line.give(solicitation("::", 255, 0, NO_OPTION));
      line.give(solicitation("::", 255, 0, NO_OPTION));
      assertThat(line.sent.take()).isEmpty();
      line.pass(TimeUnit.MILLISECONDS.toNanos(1900));
      assertThat(line.sent.take()).isEmpty();
      line.pass(TimeUnit.MILLISECONDS.toNanos(200));
      assertThat(line.sent.takeOnly().destination()).isEqualTo(ALL_NODES);
      assertThat(line.counters.dropped(Drop.NDP_RATE_LIMIT)).isEqualTo(2);
    }
  }

  @Test
  void aStormIsAnsweredInPart() {
    try (Line line = new Line(lan("fd00::/64"))) {
      for (int i = 0; i < 1000; i++) {
        line.give(solicitation("fe80::" + Integer.toHexString(i + 1), 255, 0, MAC));
      }
      assertThat(line.sent.take()).hasSize(32);
      assertThat(line.counters.dropped(Drop.NDP_RATE_LIMIT)).isEqualTo(968);
      line.pass(TimeUnit.SECONDS.toNanos(3));
      line.give(solicitation("fe80::5", 255, 0, MAC));
      assertThat(line.sent.take()).hasSize(1);
    }
  }

  @Test
  void itSpeaksUnaskedEveryFewMinutes() {
    try (Line line = new Line(lan("fd00::/64"))) {
      for (int i = 0; i < 5; i++) {
        line.pass(TimeUnit.SECONDS.toNanos(199));
        assertThat(line.sent.take()).isEmpty();
        for (int second = 199; second < 600 && line.sent.all().isEmpty(); second++) {
          line.pass(TimeUnit.SECONDS.toNanos(1));
        }
        assertThat(line.sent.takeOnly().destination()).isEqualTo(ALL_NODES);
      }
    }
  }

  @Test
  void whatIsNoSolicitationIsCounted() {
    try (Line line = new Line(lan("fd00::/64"))) {
      List<byte[]> bad =
          List.of(
              solicitation("fe80::5", 254, 0, MAC),
              solicitation("fe80::5", 255, 1, MAC),
              solicitation("::", 255, 0, MAC),
              solicitation("fe80::5", 255, 0, bytes(1, 0, 0, 0, 0, 0, 0, 0)),
              solicitation("fe80::5", 255, 0, bytes(1, 2, 0, 0, 0, 0, 0, 0)),
              solicitation("fe80::5", 255, 0, bytes(1, 1, 0, 0)),
              solicitation("fe80::5", 255, 0, bytes(1, 1, 1, 0, 0, 0, 0, 1)),
              solicitation("fe80::5", 255, 0, bytes(1, 1, 0, 0, 0, 0, 0, 0)));
      bad.forEach(line::give);
      assertThat(line.counters.dropped(Drop.NDP_MALFORMED)).isEqualTo(bad.size());
      assertThat(line.sent.all()).isEmpty();
    }
  }

  @Test
  void mutatedOptionsNeverGetAWrongAnswer() {
    Random random = new Random(4861);
    byte[] options = join(MAC, bytes(5, 1, 0, 0, 0, 0, 5, 0xDC), MAC);
    for (int round = 0; round < 200; round++) {
      try (Line line = new Line(lan("fd00::/64"))) {
        for (int i = 0; i < 20; i++) {
          byte[] mutated = Arrays.copyOf(options, random.nextInt(options.length + 1));
          for (int n = random.nextInt(3); n > 0 && mutated.length > 0; n--) {
            mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
          }
          line.give(solicitation("fe80::5", 255, 0, mutated));
          long handled =
              line.counters.get(Count.ROUTER_ADVERTISEMENTS)
                  + line.counters.dropped(Drop.NDP_MALFORMED);
          assertThat(handled).isEqualTo(i + 1);
        }
        line.sent.take().forEach(SentFrame::checkComplete);
      }
    }
  }
}
