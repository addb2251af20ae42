package io.slipway.gateway;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.arp;
import static io.slipway.pipeline.GuestFrames.bytes;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.join;
import static io.slipway.pipeline.GuestFrames.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.SentFrame;
import io.slipway.pipeline.Line;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.Checksum;
import io.slipway.wire.IpAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayTest {

  private static final long OTHER_MAC = 0x0A99_8877_6655L;
  private static final String OUR_MAC_TEXT = "52:55:0a:00:02:02";
  private static final String OUR_LINK_LOCAL = "fe80::5055:aff:fe00:202";

  private final Line line = new Line();

  @AfterEach
  void close() {
    line.close();
  }

  private long lookup(String address) {
    IpAddress ip = IpAddress.parse(address);
    return line.shard.neighbors().lookup(ip.high(), ip.low());
  }

  private void ask(String sender, String target) {
    line.give(ethernet(-1, GUEST_MAC, 0x0806, arp(1, GUEST_MAC, sender, 0, target)));
  }

  // ---- ARP

  @ParameterizedTest
  @ValueSource(strings = {"10.0.2.2", "10.0.2.3"})
  void arpIsAnsweredForOurAddresses(String target) {
    ask(GUEST4, target);
    SentFrame reply = line.sent.takeOnly();
    assertThat(reply.destinationMac()).isEqualTo("0a:11:22:33:44:55");
    assertThat(reply.sourceMac()).isEqualTo(OUR_MAC_TEXT);
    assertThat(reply.from(reply.ipAt())).isEqualTo(arp(2, OUR_MAC, target, GUEST_MAC, GUEST4));
    assertThat(line.counters.get(Count.ARP_REPLIES)).isEqualTo(1);
    assertThat(lookup(GUEST4)).isEqualTo(GUEST_MAC);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.2.100, 10.0.2.100",
    "0.0.0.0, 10.0.2.100",
    "0.0.0.0, 10.0.2.77",
    "10.0.2.100, 10.0.2.1",
    "10.0.2.100, 10.0.2.255",
    "10.0.2.100, 8.8.8.8",
  })
  void arpIsNotAnsweredForOthers(String sender, String target) {
    ask(sender, target);
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.ARP_NOT_FOR_US)).isEqualTo(1);
  }

  @Test
  void aProbeForOurAddressIsAnswered() {
    ask("0.0.0.0", "10.0.2.2");
    assertThat(line.sent.takeOnly().destinationMac()).isEqualTo("0a:11:22:33:44:55");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.2.2", "10.0.2.3", "10.0.2.255", "255.255.255.255", "224.0.0.1", "127.0.0.1"})
  void arpIsNotAnsweredForNobody(String sender) {
    ask(sender, "10.0.2.2");
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.SOURCE_FORBIDDEN)).isEqualTo(1);
  }

  @Test
  void arpTeachesOnlyAddressesOfTheGuest() {
    ask("10.0.2.50", "10.0.2.2");
    long other = OTHER_MAC;
    line.give(ethernet(-1, other, 0x0806, arp(2, other, "10.0.2.2", GUEST_MAC, GUEST4)));
    line.give(ethernet(-1, other, 0x0806, arp(2, other, "8.8.8.8", GUEST_MAC, GUEST4)));
    assertThat(lookup("10.0.2.2")).isEqualTo(GUEST_MAC);
    assertThat(lookup("8.8.8.8")).isEqualTo(GUEST_MAC);
    line.give(ethernet(-1, other, 0x0806, arp(2, other, "10.0.2.51", GUEST_MAC, GUEST4)));
    assertThat(lookup("10.0.2.51")).isEqualTo(other);
    assertThat(lookup("10.0.2.50")).isEqualTo(GUEST_MAC);
  }

  @Test
  void arpOfIeee802IsAnsweredAsOfEthernet() {
    byte[] request = arp(1, GUEST_MAC, GUEST4, 0, "10.0.2.2");
    request[1] = 6;
    line.give(ethernet(-1, GUEST_MAC, 0x0806, request));
    assertThat(line.sent.all()).hasSize(1);
    assertThat(line.counters.get(Count.ARP_REPLIES)).isEqualTo(1);
  }

  @Test
  void malformedArpIsDropped() {
    byte[] good = arp(1, GUEST_MAC, GUEST4, 0, "10.0.2.2");
    for (int length = 0; length < 28; length++) {
      line.give(ethernet(-1, GUEST_MAC, 0x0806, Arrays.copyOf(good, length)));
    }
    for (int at = 0; at < 6; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 2;
      line.give(ethernet(-1, GUEST_MAC, 0x0806, bad));
    }
    line.give(ethernet(-1, GUEST_MAC, 0x0806, arp(1, -1, GUEST4, 0, "10.0.2.2")));
    assertThat(line.counters.dropped(Drop.ARP_MALFORMED)).isEqualTo(28 + 6 + 1);
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void anAddressThatAForwardListensOnIsOurs() {
    IpAddress address = IpAddress.parse("10.0.2.20");
    line.shard.gateway().ownAddresses().add(address);
    ask(GUEST4, "10.0.2.20");
    assertThat(line.sent.take()).hasSize(1);
    line.shard.gateway().ownAddresses().remove(address);
    ask(GUEST4, "10.0.2.20");
    assertThat(line.sent.take()).isEmpty();
  }

  @Test
  void theGuestsAddressNeverBecomesOurs() {
    OwnAddresses own = line.shard.gateway().ownAddresses();
    assertThatIllegalArgumentException().isThrownBy(() -> own.add(IpAddress.parse(GUEST4)));
    assertThatIllegalArgumentException().isThrownBy(() -> own.add(IpAddress.parse(GUEST6)));
    assertThatIllegalArgumentException().isThrownBy(() -> own.add(IpAddress.parse("9.9.9.9")));
  }

  // ---- neighbour discovery

  private static byte[] target(String address) {
    return IpAddress.parse(address).bytes();
  }

  private static byte[] sourceOption(long mac) {
    return bytes(
        1,
        1,
        (int) (mac >> 40),
        (int) (mac >> 32),
        (int) (mac >> 24),
        (int) (mac >> 16),
        (int) (mac >> 8),
        (int) mac);
  }

  private void solicit(String source, String to, int hopLimit, int code, byte[] body) {
    byte[] message = icmp(source, to, 135, code, 0, body);
    line.give(frame(ipv6(source, to, 58, hopLimit, message)));
  }

  @ParameterizedTest
  @CsvSource({
    "fd00::2, ff02::1:ff00:2, E0000000",
    "fd00::2, fd00::2, C0000000",
    "fd00::3, ff02::1, 60000000",
    "fd00::3, fd00::3, 40000000",
  })
  void solicitationsAreAnsweredForOurAddresses(String ours, String to, String flags) {
    solicit("fe80::5", to, 255, 0, join(target(ours), sourceOption(OTHER_MAC)));
    SentFrame reply = line.sent.takeOnly().checkComplete();
    assertThat(reply.destinationMac()).isEqualTo("0a:99:88:77:66:55");
    assertThat(reply.hopLimit()).isEqualTo(255);
    assertThat(IpAddress.parse(reply.source())).isEqualTo(IpAddress.parse(ours));
    assertThat(reply.icmpType()).isEqualTo(136);
    assertThat(reply.u32(reply.transportAt() + 4)).isEqualTo(Integer.parseUnsignedInt(flags, 16));
    byte[] rest = Arrays.copyOfRange(reply.ipPayload(), 8, reply.ipPayload().length);
    byte[] where = bytes(2, 1, 0x52, 0x55, 0x0A, 0, 2, 2);
    // who asked us alone knows where we are
    assertThat(rest).isEqualTo(to.equals(ours) ? target(ours) : join(target(ours), where));
    assertThat(lookup("fe80::5")).isEqualTo(OTHER_MAC);
    assertThat(line.counters.get(Count.NDP_REPLIES)).isEqualTo(1);
  }

  @Test
  void ourLinkLocalAddressIsOurs() {
    solicit(GUEST6, OUR_LINK_LOCAL, 255, 0, target(OUR_LINK_LOCAL));
    assertThat(line.sent.takeOnly().checkComplete().icmpType()).isEqualTo(136);
    byte[] echo = icmp(GUEST6, OUR_LINK_LOCAL, 128, 0, 3, pattern(8));
    line.give(frame(ipv6(GUEST6, OUR_LINK_LOCAL, 58, echo)));
    assertThat(line.sent.takeOnly().checkComplete().icmpType()).isEqualTo(129);
  }

  @Test
  void aProbeForOurAddressIsAnsweredToAll() {
    solicit("::", "ff02::1:ff00:2", 255, 0, target("fd00::2"));
    SentFrame reply = line.sent.takeOnly().checkComplete();
    assertThat(reply.destinationMac()).isEqualTo("33:33:00:00:00:01");
    assertThat(reply.destination()).isEqualTo("ff02:0:0:0:0:0:0:1");
    assertThat(reply.u32(reply.transportAt() + 4)).isEqualTo(0xA000_0000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fd00::100", "fd00::77", "2001:db8::1"})
  void neighboursAreNotAnsweredFor(String other) {
    solicit("::", "ff02::1:ff00:100", 255, 0, target(other));
    solicit(GUEST6, "ff02::1:ff00:100", 255, 0, target(other));
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.NDP_NOT_FOR_US)).isEqualTo(2);
  }

  /** As if the group had been filtered before us. */
  @ParameterizedTest
  @ValueSource(strings = {"ff02::1:ff00:99", "ff02::5", "2001:db8::1"})
  void solicitationsToOthersAreNotHeard(String to) {
    solicit(GUEST6, to, 255, 0, join(target("fd00::2"), sourceOption(GUEST_MAC)));
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.NDP_NOT_FOR_US)).isEqualTo(1);
  }

  /** RFC 6980 §5. */
  @Test
  void solicitationsInFragmentsAreIgnored() {
    byte[] message = icmp(GUEST6, "fd00::2", 135, 0, 0, target("fd00::2"));
    byte[] atomic = fragment6(58, 0, false, 7, message);
    line.give(frame(ipv6(GUEST6, "fd00::2", 44, 255, atomic)));
    byte[] first = fragment6(58, 0, true, 8, Arrays.copyOf(message, 16));
    line.give(frame(ipv6(GUEST6, "fd00::2", 44, 255, first)));
    byte[] rest = Arrays.copyOfRange(message, 16, message.length);
    line.give(frame(ipv6(GUEST6, "fd00::2", 44, 255, fragment6(58, 16, false, 8, rest))));
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.NDP_MALFORMED)).isEqualTo(2);
  }

  private void advertise(String to, int flags, byte[] body) {
    byte[] message = icmp("fe80::5", to, 136, 0, flags, body);
    line.give(frame(ipv6("fe80::5", to, 58, 255, message)));
  }

  private static byte[] targetOption(long mac) {
    byte[] option = sourceOption(mac);
    option[0] = 2;
    return option;
  }

  /** RFC 4861 §7.2.6: so a guest says that an address of its has moved. */
  @Test
  void whatTheGuestSaysUnaskedIsBelieved() {
    byte[] moved = join(target("fd00::99"), targetOption(OTHER_MAC));
    advertise("ff02::1", 0, moved);
    assertThat(lookup("fd00::99")).isEqualTo(GUEST_MAC); // where somebody was heard last
    advertise("ff02::1", 0x2000_0000, moved);
    assertThat(lookup("fd00::99")).isEqualTo(OTHER_MAC);
    assertThat(line.counters.get(Count.NDP_LEARNED)).isEqualTo(1);
    assertThat(line.counters.dropped(Drop.NDP_NOT_FOR_US)).isEqualTo(1);
  }

  @Test
  void whatTheGuestSaysOfOthersIsNot() {
    for (String target : new String[] {"fd00::2", OUR_LINK_LOCAL, "2001:db8::1", "fd00::98"}) {
      byte[] where = target.equals("fd00::98") ? bytes() : targetOption(OTHER_MAC);
      advertise("ff02::1", 0x2000_0000, join(target(target), where));
    }
    assertThat(line.counters.dropped(Drop.NDP_NOT_FOR_US)).isEqualTo(4);
    byte[] good = join(target("fd00::99"), targetOption(OTHER_MAC));
    advertise("ff02::1", 0x6000_0000, good); // nobody asks everybody
    advertise("ff02::1", 0x2000_0000, join(target("ff02::9"), targetOption(OTHER_MAC)));
    advertise("ff02::1", 0x2000_0000, join(target("fd00::99"), targetOption(-1)));
    advertise("ff02::1", 0x2000_0000, Arrays.copyOf(good, 20));
    assertThat(line.counters.dropped(Drop.NDP_MALFORMED)).isEqualTo(4);
    assertThat(lookup("fd00::99")).isEqualTo(GUEST_MAC);
    assertThat(line.counters.get(Count.NDP_LEARNED)).isZero();
    assertThat(line.sent.all()).isEmpty();
  }

  /** RFC 4861 §6.1.2, §8.1: only routers say these, and we are the only one. */
  @ParameterizedTest
  @ValueSource(ints = {134, 137})
  void redirectsAndAdvertisementsOfTheGuestAreIgnored(int type) {
    byte[] body = join(target("fd00::99"), target("fd00::98"), targetOption(OTHER_MAC));
    byte[] message = icmp("fe80::5", "ff02::1", type, 0, 0, body);
    line.give(frame(ipv6("fe80::5", "ff02::1", 58, 255, message)));
    assertThat(line.counters.dropped(Drop.NDP_NOT_FOR_US)).isEqualTo(1);
    assertThat(lookup("fd00::99")).isEqualTo(GUEST_MAC);
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void malformedSolicitationsAreDropped() {
    byte[] body = target("fd00::2");
    solicit(GUEST6, "fd00::2", 254, 0, body);
    solicit(GUEST6, "fd00::2", 255, 1, body);
    solicit(GUEST6, "fd00::2", 255, 0, Arrays.copyOf(body, 15));
    solicit(GUEST6, "fd00::2", 255, 0, join(body, bytes(1, 0, 0, 0, 0, 0, 0, 0)));
    solicit(GUEST6, "fd00::2", 255, 0, join(body, bytes(1, 2, 0, 0, 0, 0, 0, 0)));
    solicit(GUEST6, "fd00::2", 255, 0, target("ff02::1"));
    solicit("::", "fd00::2", 255, 0, body);
    solicit("::", "ff02::1:ff00:2", 255, 0, join(body, sourceOption(GUEST_MAC)));
    solicit(GUEST6, "fd00::2", 255, 0, join(body, sourceOption(-1)));
    byte[] longOption = join(sourceOption(GUEST_MAC), new byte[8]);
    longOption[1] = 2;
    solicit(GUEST6, "fd00::2", 255, 0, join(body, longOption));
    assertThat(line.counters.dropped(Drop.NDP_MALFORMED)).isEqualTo(10);
    assertThat(line.sent.all()).isEmpty();
  }

  // ---- echo

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 56, 1400, 4000, 30_000})
  void echoToUsComesBack(int size) {
    byte[] data = pattern(size);
    line.give(
        frame(ipv4(GUEST4, "10.0.2.2", 1, icmp(GUEST4, "10.0.2.2", 8, 0, 0x1234_0007, data))));
    line.give(
        frame(ipv6(GUEST6, "fd00::3", 58, icmp(GUEST6, "fd00::3", 128, 0, 0x1234_0007, data))));
    if (size > 1400) {
      assertThat(line.sent.take().size())
          .isEqualTo((size + 8 + 1479) / 1480 + (size + 8 + 1447) / 1448);
      return;
    }
    SentFrame four = line.sent.all().getFirst().checkComplete();
    assertThat(four.source()).isEqualTo("10.0.2.2");
    assertThat(four.destination()).isEqualTo(GUEST4);
    assertThat(four.destinationMac()).isEqualTo("0a:11:22:33:44:55");
    assertThat(four.icmpType()).isZero();
    assertThat(four.u32(four.transportAt() + 4)).isEqualTo(0x1234_0007);
    assertThat(four.quoted()).isEqualTo(data);
    SentFrame six = line.sent.all().getLast().checkComplete();
    assertThat(six.source()).isEqualTo("fd00:0:0:0:0:0:0:3");
    assertThat(six.icmpType()).isEqualTo(129);
    assertThat(six.quoted()).isEqualTo(data);
    assertThat(line.counters.get(Count.ICMP_OUT)).isEqualTo(2);
  }

  /** RFC 4443 §4.2: what was for several is answered by one of them, in its own name. */
  @ParameterizedTest
  @ValueSource(strings = {"ff02::1", "ff02::2", "ff02::1:ff00:2", "ff02::1:ff00:3", "fd00::"})
  void echoToUsAmongOthersIsAnsweredInOurName(String group) {
    line.give(frame(ipv6(GUEST6, group, 58, icmp(GUEST6, group, 128, 0, 1, pattern(8)))));
    SentFrame near = line.sent.takeOnly().checkComplete();
    assertThat(near.icmpType()).isEqualTo(129);
    assertThat(near.source()).isEqualTo("fd00:0:0:0:0:0:0:2");
    line.give(frame(ipv6("fe80::9", group, 58, icmp("fe80::9", group, 128, 0, 1, pattern(8)))));
    SentFrame linkLocal = line.sent.takeOnly().checkComplete();
    assertThat(linkLocal.source()).isEqualTo("fe80:0:0:0:5055:aff:fe00:202");
    assertThat(linkLocal.destination()).isEqualTo("fe80:0:0:0:0:0:0:9");
    line.give(frame(ipv6("::", group, 58, icmp("::", group, 128, 0, 1, pattern(8)))));
    assertThat(line.sent.all()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ff02::1:ff00:99", "ff02::5", "ff05::1", "ff01::1"})
  void echoToGroupsOfOthersIsNotOurs(String group) {
    line.give(frame(ipv6(GUEST6, group, 58, icmp(GUEST6, group, 128, 0, 1, pattern(8)))));
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.MULTICAST)).isEqualTo(1);
  }

  /** And with the bits in which the path marks congestion, as Linux has it. */
  @Test
  void anEchoReplyIsOfTheRequestsTypeOfService() {
    byte[] request = ipv4(GUEST4, "10.0.2.2", 1, icmp(GUEST4, "10.0.2.2", 8, 0, 1, pattern(9)));
    request[1] = 0x1F;
    request[10] = 0;
    request[11] = 0;
    ByteBuf header = Unpooled.wrappedBuffer(request);
    header.setShort(10, Checksum.ipv4Header(header, 0, 20));
    line.give(frame(request));
    assertThat(line.sent.takeOnly().checkComplete().trafficClass()).isEqualTo(0x1F);
  }

  /** RFC 792; that the clock tells no time of day is said by the highest bit. */
  @Test
  void aTimestampComesBackWithOurs() {
    byte[] asked = pattern(16); // more than it needs
    byte[] message = icmp(GUEST4, "10.0.2.2", 13, 0, 0x0102_0304, asked);
    line.give(frame(ipv4(GUEST4, "10.0.2.2", 1, message)));
    SentFrame reply = line.sent.takeOnly().checkComplete();
    assertThat(reply.icmpType()).isEqualTo(14);
    assertThat(reply.ipPayload()).hasSize(20);
    assertThat(reply.u32(reply.transportAt() + 4)).isEqualTo(0x0102_0304);
    assertThat(Arrays.copyOfRange(reply.ipPayload(), 8, 12)).isEqualTo(Arrays.copyOf(asked, 4));
    int received = reply.u32(reply.transportAt() + 12);
    assertThat(received).isNegative().isEqualTo(reply.u32(reply.transportAt() + 16));
  }

  @Test
  void anEchoReplyIsNotAnswered() {
    line.give(frame(ipv4(GUEST4, "10.0.2.2", 1, icmp(GUEST4, "10.0.2.2", 0, 0, 1, pattern(9)))));
    assertThat(line.sent.all()).isEmpty();
    assertThat(line.counters.dropped(Drop.ICMP_UNSUPPORTED)).isEqualTo(1);
  }
}
