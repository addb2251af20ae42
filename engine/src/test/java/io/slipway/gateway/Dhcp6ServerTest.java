package io.slipway.gateway;

import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.udp;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations of RFC 8415, from frame to frame; messages are written in hexadecimal. */
final class Dhcp6ServerTest {

  private static final String SOLICIT = "01";
  private static final String ADVERTISE = "02";
  private static final String REQUEST = "03";
  private static final String CONFIRM = "04";
  private static final String RENEW = "05";
  private static final String REBIND = "06";
  private static final String REPLY = "07";
  private static final String RELEASE = "08";
  private static final String DECLINE = "09";
  private static final String INFORMATION = "0b";
  private static final String XID = "abcdef";

  private static final String GROUP = "ff02::1:2";
  private static final String CLIENT = option(1, "000300010a1122334455");
  private static final String SERVER = option(2, "0003000152550a000202");
  private static final String OTHER = option(2, "0003000152550a000999");
  private static final String RAPID = option(14, "");
  private static final String TIMES = "0000a8c0" + "00010e00";
  private static final String DAY = "00015180";
  private static final String FIRST = "fd00::100";

  private static final byte[] IAID = {0, 0, 0, 7};

  private Line line = new Line();

  @AfterEach
  void close() {
    line.close();
  }

  private static String option(int code, String value) {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits((short) code) + hex.toHexDigits((short) (value.length() / 2)) + value;
  }

  private static String hex(String address) {
    IpAddress parsed = IpAddress.parse(address);
    return HexFormat.of().toHexDigits(parsed.high()) + HexFormat.of().toHexDigits(parsed.low());
  }

  /** An association of addresses; a client says nothing about times. */
  private static String wanted(String... addresses) {
    StringBuilder inner = new StringBuilder("00000007" + "00000000" + "00000000");
    for (String address : addresses) {
      inner.append(option(5, hex(address) + "00000000" + "00000000"));
    }
    return option(3, inner.toString());
  }

  private static String leased(String address) {
    return option(3, "00000007" + TIMES + option(5, hex(address) + DAY + DAY));
  }

  private static String refused(String address) {
    return option(5, hex(address) + "00000000" + "00000000");
  }

  private static String status(int status) {
    return option(13, HexFormat.of().toHexDigits((short) status));
  }

  private static String without(int status) {
    return option(3, "00000007" + "00000000" + "00000000" + status(status));
  }

  private static String client(int number) {
    return option(1, "000300010a11223344" + HexFormat.of().toHexDigits((byte) number));
  }

  private void give(String destination, byte[] message) {
    byte[] datagram = udp("fe80::5", 546, destination, 547, message);
    long mac = destination.equals(GROUP) ? 0x3333_0001_0002L : OUR_MAC;
    line.give(ethernet(mac, GUEST_MAC, 0x86DD, ipv6("fe80::5", destination, 17, 1, datagram)));
  }

  private void give(String message) {
    give(GROUP, HexFormat.of().parseHex(message));
  }

  /** What is answered to this type of message with these options, without the client's number. */
  private String answer(String type, String... options) {
    give(type + XID + String.join("", options));
    return answer();
  }

  private String answer() {
    SentFrame frame = line.sent.takeOnly().checkComplete();
    assertThat(frame.destinationMac()).isEqualTo("0a:11:22:33:44:55");
    assertThat(IpAddress.parse(frame.source())).isEqualTo(line.shard.lan().linkLocal());
    assertThat(IpAddress.parse(frame.destination())).isEqualTo(IpAddress.parse("fe80::5"));
    String datagram = HexFormat.of().formatHex(frame.ipPayload());
    assertThat(datagram).startsWith("02230222");
    String message = datagram.substring(16);
    assertThat(message.substring(2)).startsWith(XID);
    return message.substring(0, 2) + " " + message.substring(8);
  }

  private static String answered(String type, String... options) {
    return type + " " + CLIENT + SERVER + String.join("", options);
  }

  private void taken(String client, String address) {
    assertThat(answer(REQUEST, client, SERVER, wanted(address)))
        .isEqualTo(REPLY + " " + client + SERVER + leased(address));
  }

  /** Meanwhile the router has advertised itself. */
  private void later(long nanos) {
    line.pass(nanos);
    line.sent.take();
  }

  private void isSilence(String type, Drop reason, String... options) {
    long before = line.counters.dropped(reason);
    give(type + XID + String.join("", options));
    assertThat(line.sent.take()).isEmpty();
    assertThat(line.counters.dropped(reason)).isEqualTo(before + 1);
  }

  private static Lan lan(String subnet6, String guest6, String... search) {
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
        IpAddress.parse(guest6),
        plan.mac(),
        plan.mtu(),
        Arrays.stream(search).map(DomainName::parse).toList());
  }

  private void serve(Lan lan, RouterConfig config) {
    line.close();
    line = new Line(lan, config);
  }

  @Test
  void fourMessagesGiveAnAddress() {
    assertThat(answer(SOLICIT, CLIENT, wanted()))
        .isEqualTo(answered(ADVERTISE, option(7, "ff"), leased(FIRST)));
    taken(CLIENT, FIRST);
    assertThat(line.counters.get(Count.DHCP_REPLIES)).isEqualTo(2);
    assertThat(line.counters.dropped(Drop.MULTICAST)).isZero();
  }

  @Test
  void rapidCommitIsOneExchange() {
    assertThat(answer(SOLICIT, CLIENT, RAPID, wanted()))
        .isEqualTo(answered(REPLY, RAPID, leased(FIRST)));
    assertThat(answer(RENEW, client(1), SERVER, wanted(FIRST))).contains(refused(FIRST));
  }

  @Test
  void eachClientHasItsOwnAddressAndKeepsIt() {
    taken(CLIENT, FIRST);
    assertThat(answer(SOLICIT, client(1), wanted())).endsWith(leased("fd00::101"));
    taken(client(1), "fd00::101");
    assertThat(answer(SOLICIT, client(2), wanted(FIRST))).endsWith(leased("fd00::102"));
    assertThat(answer(SOLICIT, client(3), wanted("fd00::77"))).endsWith(leased("fd00::77"));
    assertThat(answer(SOLICIT, client(4), wanted("fd00::3"))).endsWith(leased("fd00::103"));
    assertThat(answer(SOLICIT, CLIENT, wanted("fd00::88"))).endsWith(leased(FIRST));
    // another association of the same client is another lease
    assertThat(answer(SOLICIT, CLIENT, option(3, "00000008" + "0".repeat(16))))
        .endsWith(option(5, hex("fd00::104") + DAY + DAY));
  }

  @Test
  void whatIsKnownOfTheNetworkIsToldToWhoAsks() {
    serve(
        lan("fd00::/64", FIRST, "example.com", "b.org"),
        RouterConfig.DEFAULT.withNameService(true));
    String names = option(23, hex("fd00::3"));
    String search = option(24, "076578616d706c6503636f6d00" + "0162036f726700");
    assertThat(answer(INFORMATION, CLIENT, option(6, "00170018")))
        .isEqualTo(answered(REPLY, names, search));
    assertThat(answer(INFORMATION, CLIENT, option(6, "0018"))).isEqualTo(answered(REPLY, search));
    assertThat(answer(INFORMATION, option(6, "0017"))).isEqualTo(REPLY + " " + SERVER + names);
    assertThat(answer(INFORMATION, CLIENT, SERVER)).isEqualTo(answered(REPLY, names, search));
    for (String type : List.of(REQUEST, RENEW)) {
      assertThat(answer(type, CLIENT, SERVER, wanted(FIRST))).endsWith(names + search);
    }
    assertThat(answer(SOLICIT, CLIENT, wanted())).endsWith(names + search);
    assertThat(answer(CONFIRM, CLIENT, wanted(FIRST))).isEqualTo(answered(REPLY, status(0)));
  }

  @Test
  void aNameServiceThatIsNotThereIsNotNamed() {
    assertThat(answer(INFORMATION, CLIENT, option(6, "00170018"))).isEqualTo(answered(REPLY));
  }

  @ParameterizedTest
  @ValueSource(strings = {RENEW, REBIND})
  void anAddressIsKeptForLonger(String type) {
    taken(CLIENT, FIRST);
    later(TimeUnit.HOURS.toNanos(23));
    String server = type.equals(RENEW) ? SERVER : "";
    assertThat(answer(type, CLIENT, server, wanted(FIRST)))
        .isEqualTo(answered(REPLY, leased(FIRST)));
    later(TimeUnit.HOURS.toNanos(23));
    assertThat(answer(SOLICIT, client(1), wanted(FIRST))).endsWith(leased("fd00::101"));
    later(TimeUnit.HOURS.toNanos(2));
    assertThat(answer(SOLICIT, client(2), wanted(FIRST))).endsWith(leased(FIRST));
  }

  @ParameterizedTest
  @ValueSource(strings = {RENEW, REBIND})
  void whoIsForgottenKeepsAnAddressThatNobodyHas(String type) {
    String server = type.equals(RENEW) ? SERVER : "";
    assertThat(answer(type, CLIENT, server, wanted("fd00::42"))).endsWith(leased("fd00::42"));
    assertThat(answer(type, client(1), server, wanted("fd00::42", "fd01::1")))
        .endsWith(option(3, "00000007" + TIMES + refused("fd00::42") + refused("fd01::1")));
    assertThat(answer(type, client(1), server, wanted())).endsWith(without(3));
  }

  @ParameterizedTest
  @CsvSource({
    "fd00::100, 0",
    "fd00::9999, 0",
    "fd01::1, 4",
    "fd00::2, 4",
    "fd00::3, 4",
    "fd00::, 4",
    "fe80::5, 4",
    "::ffff:10.0.2.100, 4",
    "ff02::1, 4"
  })
  void addressesAreRightForTheLinkOrNot(String address, int status) {
    assertThat(answer(CONFIRM, CLIENT, wanted(address))).isEqualTo(answered(REPLY, status(status)));
    assertThat(answer(REQUEST, CLIENT, SERVER, wanted(address)))
        .isEqualTo(answered(REPLY, status == 0 ? leased(address) : without(4)));
  }

  @Test
  void releasedIsFreeAndDeclinedIsNot() {
    taken(CLIENT, FIRST);
    assertThat(answer(RELEASE, client(1), SERVER, wanted(FIRST)))
        .isEqualTo(REPLY + " " + client(1) + SERVER + status(0) + without(3));
    assertThat(answer(RELEASE, CLIENT, SERVER, wanted(FIRST)))
        .isEqualTo(answered(REPLY, status(0)));
    taken(client(1), FIRST);
    assertThat(answer(DECLINE, CLIENT, SERVER, wanted(FIRST))).endsWith(without(3));
    assertThat(answer(DECLINE, client(1), SERVER, wanted(FIRST))).endsWith(status(0));
    assertThat(answer(SOLICIT, CLIENT, wanted(FIRST))).endsWith(leased("fd00::101"));
    later(TimeUnit.MINUTES.toNanos(11));
    assertThat(answer(SOLICIT, CLIENT, wanted(FIRST))).endsWith(leased(FIRST));
  }

  @Test
  void otherAssociationsGetNothing() {
    String temporary = option(4, "00000009");
    String prefix = option(25, "0000000a" + "00000000" + "00000000");
    String noTemporary = option(4, "00000009" + status(2));
    String noPrefix = option(25, "0000000a" + "00000000" + "00000000" + status(6));
    assertThat(answer(SOLICIT, CLIENT, temporary, wanted(), prefix))
        .isEqualTo(answered(ADVERTISE, option(7, "ff"), noTemporary, leased(FIRST), noPrefix));
    assertThat(answer(REQUEST, CLIENT, SERVER, prefix)).isEqualTo(answered(REPLY, noPrefix));
    assertThat(answer(RENEW, CLIENT, SERVER, prefix)).endsWith(status(3));
    assertThat(answer(RELEASE, CLIENT, SERVER, temporary)).endsWith(status(3));
  }

  /** A network of four addresses, of which one is left for a guest. */
  @Test
  void theLastAddressIsTheLast() {
    serve(lan("fd00::/126", "fd00::1"), RouterConfig.DEFAULT);
    taken(CLIENT, "fd00::1");
    assertThat(answer(SOLICIT, client(1), wanted())).endsWith(without(2));
    assertThat(answer(REQUEST, client(1), SERVER, wanted("fd00::1"))).endsWith(without(2));
    assertThat(line.counters.dropped(Drop.DHCP_NO_ADDRESS)).isEqualTo(2);
  }

  /** A flood of names takes no address from those who have one, and offers give way to it. */
  @Test
  void aFloodOfClientsIsBounded() {
    taken(CLIENT, FIRST);
    for (int i = 0; i < 600; i++) {
      String client = option(1, "0002" + HexFormat.of().toHexDigits(i));
      give(REQUEST + XID + client + SERVER + wanted());
    }
    List<SentFrame> sent = line.sent.take();
    assertThat(sent).hasSize(600);
    assertThat(line.counters.dropped(Drop.DHCP_NO_ADDRESS)).isEqualTo(600 - 255);
    assertThat(answer(SOLICIT, CLIENT, wanted())).endsWith(leased(FIRST));
  }

  @Test
  void aMessageOfManyAssociationsIsAnsweredInPart() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      many.append(
          option(
              3,
              HexFormat.of().toHexDigits(i)
                  + "0".repeat(16)
                  + refused("fd01::1")
                  + refused("fd01::2")
                  + refused("fd01::3")));
    }
    String client = option(1, "0002" + "ab".repeat(128));
    give(RENEW + XID + client + SERVER + many);
    SentFrame frame = line.sent.takeOnly().checkComplete();
    assertThat(frame.length()).isLessThan(1280);
    String text = HexFormat.of().formatHex(frame.ipPayload());
    assertThat(text.split(hex("fd01::1"), -1)).hasSize(9);
    assertThat(text).doesNotContain(hex("fd01::3"));
  }

  /** RFC 8415 §16: what must be there and what must not. */
  @Test
  void incompleteMessagesAreSilentlyCounted() {
    isSilence(SOLICIT, Drop.DHCP_MALFORMED, wanted());
    isSilence(SOLICIT, Drop.DHCP_MALFORMED, CLIENT, SERVER, wanted());
    for (String type : List.of(REQUEST, RENEW, RELEASE, DECLINE)) {
      isSilence(type, Drop.DHCP_MALFORMED, CLIENT, wanted(FIRST));
      isSilence(type, Drop.DHCP_MALFORMED, SERVER, wanted(FIRST));
      isSilence(type, Drop.DHCP_NOT_FOR_US, CLIENT, OTHER, wanted(FIRST));
    }
    for (String type : List.of(CONFIRM, REBIND)) {
      isSilence(type, Drop.DHCP_MALFORMED, CLIENT, SERVER, wanted(FIRST));
      isSilence(type, Drop.DHCP_MALFORMED, wanted(FIRST));
    }
    isSilence(CONFIRM, Drop.DHCP_MALFORMED, CLIENT, wanted());
    isSilence(INFORMATION, Drop.DHCP_MALFORMED, CLIENT, wanted());
    isSilence(INFORMATION, Drop.DHCP_NOT_FOR_US, CLIENT, OTHER);
    for (String type : List.of("00", ADVERTISE, REPLY, "0a", "0c", "0d", "ff")) {
      isSilence(type, Drop.DHCP_MALFORMED, CLIENT, SERVER, wanted(FIRST));
    }
    // a relay's message that holds a good one
    give("0c00" + "0".repeat(64) + option(9, SOLICIT + XID + CLIENT + wanted()));
    assertThat(line.sent.take()).isEmpty();
  }

  @Test
  void whoSpeaksToUsAloneIsToldToSpeakToAll() {
    for (String type : List.of(REQUEST, RENEW, RELEASE, DECLINE)) {
      give("fd00::2", HexFormat.of().parseHex(type + XID + CLIENT + SERVER + wanted(FIRST)));
      assertThat(answer()).isEqualTo(answered(REPLY, status(5)));
    }
    for (String type : List.of(SOLICIT, CONFIRM, REBIND, INFORMATION)) {
      give("fd00::2", HexFormat.of().parseHex(type + XID + CLIENT));
      assertThat(line.sent.take()).isEmpty();
    }
    assertThat(line.counters.dropped(Drop.DHCP_MALFORMED)).isEqualTo(4);
  }

  @Test
  void onlyTheServersPortIsListenedTo() {
    for (int port : new int[] {546, 548, 53}) {
      byte[] datagram = udp("fe80::5", 546, GROUP, port, IAID);
      line.give(
          ethernet(0x3333_0001_0002L, GUEST_MAC, 0x86DD, ipv6("fe80::5", GROUP, 17, 1, datagram)));
    }
    byte[] other = udp("fe80::5", 546, "ff02::1", 547, IAID);
    line.give(
        ethernet(0x3333_0000_0001L, GUEST_MAC, 0x86DD, ipv6("fe80::5", "ff02::1", 17, 1, other)));
    byte[] nobody = udp("::", 546, GROUP, 547, IAID);
    line.give(ethernet(0x3333_0001_0002L, GUEST_MAC, 0x86DD, ipv6("::", GROUP, 17, 1, nobody)));
    assertThat(line.counters.dropped(Drop.MULTICAST)).isEqualTo(4);
    assertThat(line.counters.dropped(Drop.SOURCE_FORBIDDEN)).isEqualTo(1);
    assertThat(line.sent.take()).isEmpty();
  }

  @Test
  void nonsenseIsCountedAndHarmsNobody() {
    byte[] good =
        HexFormat.of().parseHex(SOLICIT + XID + option(6, "00170018") + wanted("fd00::9") + CLIENT);
    for (int length = 0; length < good.length; length++) {
      give(GROUP, Arrays.copyOf(good, length));
    }
    assertThat(line.sent.take()).isEmpty();
    assertThat(line.counters.dropped(Drop.DHCP_MALFORMED)).isEqualTo(good.length);
    Random random = new Random(8415);
    for (int i = 0; i < 5_000; i++) {
      byte[] bad = good.clone();
      for (int k = random.nextInt(5); k >= 0; k--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      long handled = handled();
      give(GROUP, bad);
      assertThat(handled()).isEqualTo(handled + 1);
    }
    line.sent.take().forEach(SentFrame::checkComplete);
    assertThat(answer(SOLICIT, client(99), wanted())).startsWith(ADVERTISE);
  }

  private long handled() {
    return line.counters.get(Count.DHCP_REPLIES)
        + line.counters.dropped(Drop.DHCP_MALFORMED)
        + line.counters.dropped(Drop.DHCP_NOT_FOR_US);
  }
}
