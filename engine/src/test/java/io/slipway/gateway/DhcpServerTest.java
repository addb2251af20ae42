package io.slipway.gateway;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.udp;
import static java.nio.charset.StandardCharsets.US_ASCII;
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
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conversations of RFC 2131, from frame to frame. */
final class DhcpServerTest {

  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int DECLINE = 4;
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final int RELEASE = 7;
  private static final int INFORM = 8;
  private static final int XID = 0x1234_5678;
  private static final String ALL = "255.255.255.255";

  private Line line = new Line();
  private String gateway = "10.0.2.2";

  @AfterEach
  void close() {
    line.close();
  }

  /** What a client says; fields that a test does not set are as a client without address has. */
  private static final class Ask {
    private final ByteBuffer message = ByteBuffer.allocate(548);
    private final long mac;

    Ask(int type, long mac) {
      this.mac = mac;
      message.put(0, (byte) 1).put(1, (byte) 1).put(2, (byte) 6).putInt(4, XID);
      message.putShort(28, (short) (mac >>> 32)).putInt(30, (int) mac);
      message.putInt(236, 0x6382_5363).position(240);
      option(53, type);
    }

    Ask option(int code, int... bytes) {
      message.put((byte) code).put((byte) bytes.length);
      for (int one : bytes) {
        message.put((byte) one);
      }
      return this;
    }

    Ask address(int code, String address) {
      return option(code).patch(address);
    }

    private Ask patch(String address) {
      message.put(message.position() - 1, (byte) 4);
      message.putInt(v4(address));
      return this;
    }

    Ask ciaddr(String address) {
      message.putInt(12, v4(address));
      return this;
    }

    Ask giaddr(String address) {
      message.putInt(24, v4(address));
      return this;
    }

    Ask toBeBroadcast() {
      message.putShort(10, (short) 0x8000);
      return this;
    }

    byte[] bytes() {
      ByteBuffer whole = message.duplicate();
      whole.put((byte) 255);
      byte[] bytes = new byte[whole.position()];
      whole.flip().get(bytes);
      return bytes;
    }
  }

  private static int v4(String address) {
    return IpAddress.v4(IpAddress.parse(address).low());
  }

  private void give(Ask ask) {
    give("0.0.0.0", ALL, ask.mac, ask.bytes());
  }

  private void give(String from, String to, long mac, byte[] message) {
    long toMac = to.equals(ALL) ? 0xFFFF_FFFF_FFFFL : OUR_MAC;
    byte[] datagram = udp(from, 68, to, 67, message);
    line.give(ethernet(toMac, mac, 0x0800, ipv4(from, to, 17, datagram)));
  }

  /** The answer's options, and what matters of its fields under names. */
  private Map<String, String> answer() {
    SentFrame frame = line.sent.takeOnly();
    int at = frame.ipAt() + 28;
    Map<String, String> found = new LinkedHashMap<>();
    found.put("mac", frame.destinationMac());
    found.put("to", frame.destination());
    found.put("yiaddr", text(frame.u32(at + 16)));
    assertThat(frame.source()).isEqualTo(gateway);
    assertThat(frame.u16(frame.ipAt() + 20)).isEqualTo(67);
    assertThat(frame.u16(frame.ipAt() + 22)).isEqualTo(68);
    assertThat(frame.u8(at)).isEqualTo(2);
    assertThat(frame.u32(at + 4)).isEqualTo(XID);
    assertThat(frame.u32(at + 236)).isEqualTo(0x6382_5363);
    assertThat(frame.length() - at).isGreaterThanOrEqualTo(300);
    read(frame, at + 240, found);
    int overload = Integer.parseInt(found.getOrDefault("52", "00"), 16);
    if ((overload & 1) != 0) {
      read(frame, at + 108, found);
    }
    if ((overload & 2) != 0) {
      read(frame, at + 44, found);
    }
    return found;
  }

  private static void read(SentFrame frame, int at, Map<String, String> found) {
    for (int i = at; frame.u8(i) != 255; i += 2 + frame.u8(i + 1)) {
      byte[] value = new byte[frame.u8(i + 1)];
      for (int k = 0; k < value.length; k++) {
        value[k] = (byte) frame.u8(i + 2 + k);
      }
      assertThat(found.put("" + frame.u8(i), HexFormat.of().formatHex(value))).isNull();
    }
  }

  private static String text(int address) {
    return new IpAddress(0, IpAddress.mapV4(address)).toString();
  }

  private static String hex(int type) {
    return HexFormat.of().toHexDigits((byte) type);
  }

  private String offered(long mac) {
    give(new Ask(DISCOVER, mac));
    Map<String, String> offer = answer();
    assertThat(offer).containsEntry("53", hex(OFFER));
    return offer.get("yiaddr");
  }

  private void taken(long mac, String address) {
    give(new Ask(REQUEST, mac).address(50, address).address(54, "10.0.2.2"));
    assertThat(answer()).containsEntry("53", hex(ACK)).containsEntry("yiaddr", address);
  }

  @Test
  void anOfferHasTheWholePlan() {
    give(new Ask(DISCOVER, GUEST_MAC).option(55, 1, 3, 26));
    assertThat(answer())
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("mac", "0a:11:22:33:44:55"),
                Map.entry("to", GUEST4),
                Map.entry("yiaddr", GUEST4),
                Map.entry("53", hex(OFFER)),
                Map.entry("54", "0a000202"),
                Map.entry("51", "00015180"),
                Map.entry("58", "0000a8c0"),
                Map.entry("59", "00012750"),
                Map.entry("1", "ffffff00"),
                Map.entry("3", "0a000202"),
                Map.entry("26", "05dc"),
                Map.entry("28", "0a0002ff")));
    taken(GUEST_MAC, GUEST4);
    assertThat(line.counters.get(Count.DHCP_REPLIES)).isEqualTo(2);
    assertThat(line.counters.dropped(Drop.SOURCE_FORBIDDEN)).isZero();
  }

  @Test
  void theDomainsToSearchAreTold() {
    Lan lan = Lan.standard(Cidr.parse("10.0.2.0/24"), null, new MacAddress(OUR_MAC), 1500);
    String label = "x".repeat(60);
    List<DomainName> longest =
        List.of(
            new DomainName("example.com"),
            new DomainName(String.join(".", label, label, label, "y".repeat(57))));
    line.close();
    line = new Line(searching(lan, longest));
    give(new Ask(DISCOVER, GUEST_MAC));
    assertThat(answer().get("119")).startsWith("076578616d706c6503636f6d00").hasSize(2 * 255);
    line.close();
    line = new Line(searching(lan, List.of(longest.get(1), longest.get(1))));
    give(new Ask(DISCOVER, GUEST_MAC));
    assertThat(answer()).doesNotContainKey("119").containsEntry("yiaddr", GUEST4);
  }

  private static Lan searching(Lan lan, List<DomainName> search) {
    return new Lan(
        lan.subnet4(),
        lan.gateway4(),
        lan.dns4(),
        lan.guest4(),
        null,
        null,
        null,
        null,
        lan.mac(),
        lan.mtu(),
        search);
  }

  /** RFC 6842, in a refusal as well. */
  @Test
  void anIdentifierComesBack() {
    give(new Ask(DISCOVER, GUEST_MAC).option(61, 255, 1, 2, 3));
    assertThat(answer()).containsEntry("61", "ff010203");
    give(new Ask(REQUEST, GUEST_MAC).option(61, 255, 1, 2, 3).address(50, "192.168.1.5"));
    assertThat(answer()).containsEntry("53", hex(NAK)).containsEntry("61", "ff010203");
    give(new Ask(DISCOVER, GUEST_MAC));
    assertThat(answer()).doesNotContainKey("61");
    give(new Ask(DISCOVER, GUEST_MAC).option(61, 255));
    assertThat(answer()).doesNotContainKey("61");
  }

  /** RFC 3396 §7: in the order options, file, server, whatever stands between. */
  @Test
  void partsOfAnOptionAreJoined() {
    Ask ask = new Ask(DISCOVER, GUEST_MAC).option(61, 255, 1).option(12, 'a', 'b');
    ask.option(61, 2).option(52, 3).option(61, 3).option(12, '-', 'c');
    byte[] message = ask.bytes();
    System.arraycopy(new byte[] {61, 1, 4, 12, 1, 'd', (byte) 255}, 0, message, 108, 7);
    System.arraycopy(new byte[] {61, 1, 5, (byte) 255}, 0, message, 44, 4);
    give("0.0.0.0", ALL, GUEST_MAC, message);
    assertThat(answer())
        .containsEntry("61", "ff0102030405")
        .containsEntry("12", HexFormat.of().formatHex(new byte[] {'a', 'b', '-', 'c', 'd'}));
  }

  @Test
  void anIdentifierOfMoreThanAnOptionIsRefused() {
    int[] part = new int[128];
    Arrays.fill(part, 7);
    give(new Ask(DISCOVER, GUEST_MAC).option(61, part).option(61, Arrays.copyOf(part, 127)));
    assertThat(answer()).containsEntry("61", "07".repeat(255)).containsEntry("3", "0a000202");
    give(new Ask(DISCOVER, GUEST_MAC).option(61, part).option(61, part));
    assertThat(line.sent.take()).isEmpty();
    assertThat(line.counters.dropped(Drop.DHCP_MALFORMED)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"box, true", "box-7.example.com, true", "-x, false", "a b, false", "x;reboot, false"})
  void aNameIsConfirmedIfItIsOne(String name, boolean confirmed) {
    give(new Ask(DISCOVER, GUEST_MAC).option(12, name.chars().toArray()));
    String hex = HexFormat.of().formatHex(name.getBytes(US_ASCII));
    assertThat(answer().get("12")).isEqualTo(confirmed ? hex : null);
  }

  @Test
  void theNameServerIsToldWhereThereIsANameService() {
    Lan lan = line.shard.lan();
    line.close();
    line = new Line(lan, RouterConfig.DEFAULT.withNameService(true));
    give(new Ask(DISCOVER, GUEST_MAC));
    assertThat(answer()).containsEntry("6", "0a000203");
  }

  /** RFC 3442: a router outside the subnet needs a route of its own. */
  @Test
  void theWayToARouterElsewhereIsTold() {
    Lan lan =
        new Lan(
            Cidr.parse("10.0.2.0/24"),
            IpAddress.parse("10.9.9.1"),
            IpAddress.parse("10.0.2.3"),
            IpAddress.parse("10.0.2.100"),
            null,
            null,
            null,
            null,
            new MacAddress(OUR_MAC),
            1500);
    line.close();
    line = new Line(lan);
    gateway = "10.9.9.1";
    give(new Ask(DISCOVER, GUEST_MAC));
    assertThat(answer())
        .containsEntry("121", "200a090901" + "00000000" + "00" + "0a090901")
        .containsEntry("28", "0a0002ff");
  }

  @Test
  void whoAsksForABroadcastGetsOne() {
    give(new Ask(DISCOVER, GUEST_MAC).toBeBroadcast());
    assertThat(answer()).containsEntry("to", ALL).containsEntry("mac", "ff:ff:ff:ff:ff:ff");
  }

  @Test
  void eachClientHasItsOwnAddressAndKeepsIt() {
    taken(GUEST_MAC, offered(GUEST_MAC));
    assertThat(offered(GUEST_MAC + 1)).isEqualTo("10.0.2.101");
    taken(GUEST_MAC + 1, "10.0.2.101");
    assertThat(offered(GUEST_MAC + 2)).isEqualTo("10.0.2.102");
    assertThat(offered(GUEST_MAC)).isEqualTo(GUEST4);
    give(new Ask(DISCOVER, GUEST_MAC + 3).address(50, "10.0.2.7"));
    assertThat(answer()).containsEntry("yiaddr", "10.0.2.7");
    give(new Ask(DISCOVER, GUEST_MAC + 4).address(50, "10.0.2.3"));
    assertThat(answer()).containsEntry("yiaddr", "10.0.2.103");
  }

  /** RFC 2132 §9.14: told as identifier of type 1 or not, it is the same client. */
  @Test
  void anIdentifierMayBeTheEthernetAddress() {
    taken(GUEST_MAC, offered(GUEST_MAC));
    give(new Ask(DISCOVER, GUEST_MAC).option(61, 1, 0x0A, 0x11, 0x22, 0x33, 0x44, 0x55));
    assertThat(answer()).containsEntry("yiaddr", GUEST4);
    give(new Ask(DISCOVER, GUEST_MAC).option(61, 255, 1, 2, 3));
    assertThat(answer()).containsEntry("yiaddr", "10.0.2.101");
  }

  @ParameterizedTest
  @CsvSource({
    "192.168.1.5, 6", // of another network
    "10.0.2.2, 6", // ours
    "10.0.2.255, 6",
    "10.0.2.100, 6", // somebody has it
    "10.0.2.77, 5"
  })
  void whoComesBackWithAnAddressIsToldWhetherItIsGood(String address, int answer) {
    taken(GUEST_MAC, offered(GUEST_MAC));
    give(new Ask(REQUEST, GUEST_MAC + 1).address(50, address));
    Map<String, String> got = answer();
    assertThat(got).containsEntry("53", hex(answer));
    if (answer == NAK) {
      assertThat(got).containsEntry("to", ALL).containsEntry("yiaddr", "0.0.0.0");
    }
  }

  @Test
  void renewalsComeFromTheAddress() {
    taken(GUEST_MAC, offered(GUEST_MAC));
    give(GUEST4, "10.0.2.2", GUEST_MAC, new Ask(REQUEST, GUEST_MAC).ciaddr(GUEST4).bytes());
    assertThat(answer()).containsEntry("53", hex(ACK)).containsEntry("to", GUEST4);
    // rebinding asks everybody
    give(GUEST4, ALL, GUEST_MAC, new Ask(REQUEST, GUEST_MAC).ciaddr(GUEST4).bytes());
    assertThat(answer()).containsEntry("53", hex(ACK)).containsEntry("to", GUEST4);
  }

  @Test
  void releasedIsFreeAndDeclinedIsNot() {
    taken(GUEST_MAC, offered(GUEST_MAC));
    give(GUEST4, "10.0.2.2", GUEST_MAC, new Ask(RELEASE, GUEST_MAC).ciaddr(GUEST4).bytes());
    assertThat(line.sent.take()).isEmpty();
    taken(GUEST_MAC + 1, offered(GUEST_MAC + 1));
    give(new Ask(DECLINE, GUEST_MAC + 1).address(50, GUEST4).address(54, "10.0.2.2"));
    assertThat(line.sent.take()).isEmpty();
    assertThat(offered(GUEST_MAC + 1)).isEqualTo("10.0.2.101");
  }

  @Test
  void rapidCommitIsOneExchange() {
    give(new Ask(DISCOVER, GUEST_MAC).option(80));
    assertThat(answer()).containsEntry("53", hex(ACK)).containsEntry("80", "");
    assertThat(offered(GUEST_MAC + 1)).isEqualTo("10.0.2.101");
  }

  @Test
  void whoHasAnAddressMayAskForTheRest() {
    give("10.0.2.9", ALL, GUEST_MAC, new Ask(INFORM, GUEST_MAC).ciaddr("10.0.2.9").bytes());
    assertThat(answer())
        .containsEntry("53", hex(ACK))
        .containsEntry("to", "10.0.2.9")
        .containsEntry("yiaddr", "0.0.0.0")
        .containsEntry("3", "0a000202")
        .doesNotContainKey("51");
  }

  @Test
  void anotherServersClientIsLetGo() {
    assertThat(offered(GUEST_MAC)).isEqualTo(GUEST4);
    give(new Ask(REQUEST, GUEST_MAC).address(50, "10.0.2.9").address(54, "10.0.2.8"));
    assertThat(line.sent.take()).isEmpty();
    assertThat(line.counters.dropped(Drop.DHCP_NOT_FOR_US)).isEqualTo(1);
    assertThat(offered(GUEST_MAC + 1)).isEqualTo(GUEST4);
  }

  /** A flood of names takes no address from those who have one, and offers give way to it. */
  @Test
  void aFloodOfClientsIsBounded() {
    taken(GUEST_MAC, offered(GUEST_MAC));
    for (int i = 1; i <= 600; i++) {
      give(new Ask(DISCOVER, GUEST_MAC + i));
    }
    assertThat(line.sent.take()).hasSizeGreaterThan(200);
    assertThat(offered(GUEST_MAC)).isEqualTo(GUEST4);
    assertThat(line.counters.dropped(Drop.DHCP_NO_ADDRESS)).isPositive();
  }

  @Test
  void nonsenseIsCountedAndHarmsNobody() {
    byte[] good = new Ask(DISCOVER, GUEST_MAC).option(55, 1, 3).bytes();
    for (int length = 0; length < good.length - 5; length++) {
      give("0.0.0.0", ALL, GUEST_MAC, Arrays.copyOf(good, length));
    }
    assertThat(line.sent.take()).isEmpty();
    give(new Ask(DISCOVER, GUEST_MAC).giaddr("10.0.2.9"));
    give(new Ask(99, GUEST_MAC));
    give(new Ask(OFFER, GUEST_MAC));
    assertThat(line.sent.take()).isEmpty();
    assertThat(line.counters.dropped(Drop.DHCP_MALFORMED)).isEqualTo(good.length - 5 + 3);
    Random random = new Random(7);
    for (int i = 0; i < 2_000; i++) {
      byte[] bad = good.clone();
      for (int k = random.nextInt(6); k >= 0; k--) {
        bad[random.nextBoolean() ? random.nextInt(bad.length) : 236 + random.nextInt(12)] =
            (byte) random.nextInt();
      }
      give("0.0.0.0", ALL, GUEST_MAC, bad);
    }
    line.sent.take();
    taken(GUEST_MAC + 9, offered(GUEST_MAC + 9));
  }

  /** Only what is for the server may come from nowhere. */
  @Test
  void otherDatagramsFromNowhereAreStillRefused() {
    byte[] other = udp("0.0.0.0", 68, ALL, 69, new byte[300]);
    line.give(ethernet(0xFFFF_FFFF_FFFFL, GUEST_MAC, 0x0800, ipv4("0.0.0.0", ALL, 17, other)));
    assertThat(line.counters.dropped(Drop.SOURCE_FORBIDDEN)).isEqualTo(1);
    assertThat(line.sent.take()).isEmpty();
  }
}
