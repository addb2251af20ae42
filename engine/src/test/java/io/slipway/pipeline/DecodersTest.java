package io.slipway.pipeline;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.GUEST_MAC;
import static io.slipway.pipeline.GuestFrames.OUR_MAC;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.bytes;
import static io.slipway.pipeline.GuestFrames.ethernet;
import static io.slipway.pipeline.GuestFrames.fragment6;
import static io.slipway.pipeline.GuestFrames.frame;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.join;
import static io.slipway.pipeline.GuestFrames.mendIpv4;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.tcp;
import static io.slipway.pipeline.GuestFrames.udp;
import static io.slipway.pipeline.GuestFrames.virtio;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.egress.Offload;
import io.slipway.egress.SentFrame;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.TcpHeader;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecodersTest {

  private static final Offload EVERYTHING = new Offload(true, true, true, true, true);
  private static final int SYN = 2;

  private Line line = new Line();

  @AfterEach
  void close() {
    line.close();
  }

  private void use(Offload offload, boolean v6) {
    line.close();
    line = new Line(offload, v6);
  }

  private void dropped(Drop reason, byte[] bytes) {
    long before = line.counters.dropped(reason);
    long all = line.drops();
    line.give(bytes);
    assertThat(line.counters.dropped(reason)).as("%s", reason).isEqualTo(before + 1);
    assertThat(line.drops()).isEqualTo(all + 1);
    assertThat(line.host.connects).isEmpty();
    assertThat(line.host.datagrams).isEmpty();
  }

  private static byte[] udp4(byte[] payload) {
    return ipv4(GUEST4, REMOTE4, 17, udp(GUEST4, 4000, REMOTE4, 53, payload));
  }

  private static byte[] udp6(byte[] payload) {
    return ipv6(GUEST6, REMOTE6, 17, udp(GUEST6, 4000, REMOTE6, 53, payload));
  }

  private static byte[] syn4() {
    return ipv4(GUEST4, REMOTE4, 6, tcp(GUEST4, 4000, REMOTE4, 80, 7, SYN, new byte[0]));
  }

  private static byte[] change(byte[] packet, int at, int value) {
    byte[] changed = packet.clone();
    changed[at] = (byte) value;
    return changed;
  }

  // ---- what passes

  @Test
  void datagramsOfBothFamiliesReachTheHost() {
    line.give(frame(udp4(pattern(99))));
    line.give(frame(udp6(pattern(98))));
    assertThat(line.host.destinations).hasToString("[198.51.100.7:53, [2001:db8::7]:53]");
    assertThat(line.host.datagrams).containsExactly(pattern(99), pattern(98));
    assertThat(line.drops()).isZero();
    assertThat(line.counters.get(Count.FRAMES_IN)).isEqualTo(2);
    assertThat(line.counters.get(Count.BATCHES)).isEqualTo(2);
    assertThat(line.counters.get(Count.BYTES_IN)).isEqualTo(14 + 28 + 99 + 14 + 48 + 98);
  }

  @Test
  void synsOfBothFamiliesReachTheHost() {
    line.give(frame(syn4()));
    byte[] segment = tcp(GUEST6, 4000, REMOTE6, 80, 7, SYN, new byte[0]);
    line.give(frame(ipv6(GUEST6, REMOTE6, 6, segment)));
    assertThat(line.host.connects).hasToString("[198.51.100.7:80, [2001:db8::7]:80]");
    assertThat(line.drops()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {0xFFFF_FFFF_FFFFL, 0x0100_5E00_0001L})
  void segmentsInFramesToEverybodyAreForNobody(long destination) {
    dropped(Drop.BROADCAST, ethernet(destination, GUEST_MAC, 0x0800, syn4()));
    byte[] segment = tcp(GUEST6, 4000, REMOTE6, 80, 7, SYN, new byte[0]);
    byte[] syn6 = ipv6(GUEST6, REMOTE6, 6, segment);
    dropped(Drop.BROADCAST, ethernet(destination, GUEST_MAC, 0x86DD, syn6));
  }

  @Test
  void datagramsForOneHostInFramesToEverybodyAreForNobody() {
    byte[] datagram = udp(GUEST4, 1, REMOTE4, 2, pattern(9));
    dropped(Drop.BROADCAST, ethernet(-1, GUEST_MAC, 0x0800, ipv4(GUEST4, REMOTE4, 17, datagram)));
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void ethernetPaddingIsNotPayload() {
    line.give(join(frame(udp4(bytes(1, 2, 3))), new byte[15]));
    line.give(join(frame(udp6(bytes(1, 2, 3))), pattern(7)));
    assertThat(line.host.datagrams).containsExactly(bytes(1, 2, 3), bytes(1, 2, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 24, 40})
  void ipv4OptionsAreSkipped(int length) {
    byte[] options = new byte[length];
    Arrays.fill(options, (byte) 1);
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(20));
    line.give(frame(ipv4(GUEST4, REMOTE4, 17, 9, 0x4000, options, datagram)));
    assertThat(line.host.datagrams).containsExactly(pattern(20));
  }

  /** RFC 1122 §3.2.2.5, like Linux: the guest is told which byte of its header makes no sense. */
  @Test
  void malformedIpv4OptionsAreAnswered() {
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(20));
    byte[] options = bytes(1, 1, 1, 1, 1, 7, 40, 4);
    dropped(Drop.IPV4_BAD_OPTION, frame(ipv4(GUEST4, REMOTE4, 17, 9, 0x4000, options, datagram)));
    SentFrame error = line.sent.takeOnly().checkComplete();
    assertThat(error.icmpType()).isEqualTo(12);
    assertThat(error.u8(error.transportAt() + 4)).isEqualTo(25);
    // but not about a later fragment
    dropped(Drop.IPV4_BAD_OPTION, frame(ipv4(GUEST4, REMOTE4, 17, 9, 0x0010, options, datagram)));
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void sourceRoutesAreDroppedInSilence() {
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(20));
    byte[] options = bytes(131, 7, 4, 10, 0, 2, 2, 0);
    dropped(
        Drop.IPV4_SOURCE_ROUTED, frame(ipv4(GUEST4, REMOTE4, 17, 9, 0x4000, options, datagram)));
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void ipv6ExtensionsAreSkipped() {
    byte[] datagram = udp(GUEST6, 4000, REMOTE6, 53, pattern(20));
    byte[] hopByHop = bytes(60, 0, 1, 4, 0, 0, 0, 0);
    byte[] destination = bytes(43, 1, 0x1E, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    byte[] routing = bytes(17, 0, 0, 0, 0, 0, 0, 0);
    line.give(frame(ipv6(GUEST6, REMOTE6, 0, join(hopByHop, destination, routing, datagram))));
    assertThat(line.host.datagrams).containsExactly(pattern(20));
  }

  @Test
  void bytesBehindADatagramAreNotPartOfIt() {
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(20));
    line.give(frame(ipv4(GUEST4, REMOTE4, 17, join(datagram, pattern(5)))));
    assertThat(line.host.datagrams).containsExactly(pattern(20));
  }

  @Test
  void anIpv4DatagramWithoutChecksumIsGood() {
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 53, pattern(20));
    datagram[6] = 0;
    datagram[7] = 0;
    line.give(frame(ipv4(GUEST4, REMOTE4, 17, datagram)));
    assertThat(line.host.datagrams).hasSize(1);
    byte[] six = udp(GUEST6, 4000, REMOTE6, 53, pattern(20));
    six[6] = 0;
    six[7] = 0;
    line.give(frame(ipv6(GUEST6, REMOTE6, 17, six)));
    assertThat(line.counters.dropped(Drop.UDP_BAD_CHECKSUM)).isEqualTo(1);
  }

  // ---- Ethernet and virtio

  @Test
  void aFrameShorterThanItsHeadersIsDropped() {
    for (int length = 0; length < 34; length++) {
      dropped(Drop.FRAME_TOO_SHORT, Arrays.copyOf(frame(syn4()), length));
    }
    for (int length = 14; length < 54; length++) {
      dropped(Drop.FRAME_TOO_SHORT, Arrays.copyOf(frame(udp6(pattern(9))), length));
    }
  }

  @Test
  void taggedAndUnknownFramesAreDropped() {
    byte[] tag = bytes(0, 5, 8, 0);
    dropped(Drop.VLAN_TAGGED, ethernet(OUR_MAC, GUEST_MAC, 0x8100, join(tag, syn4())));
    dropped(Drop.VLAN_TAGGED, ethernet(OUR_MAC, GUEST_MAC, 0x88A8, join(tag, syn4())));
    dropped(Drop.UNKNOWN_ETHERTYPE, ethernet(OUR_MAC, GUEST_MAC, 0x88F8, pattern(40)));
    dropped(Drop.UNKNOWN_ETHERTYPE, ethernet(OUR_MAC, GUEST_MAC, 0x0026, pattern(40)));
  }

  @Test
  void framesOfOtherStationsAreDropped() {
    dropped(Drop.NOT_FOR_US, ethernet(0x0200_0000_0001L, GUEST_MAC, 0x0800, syn4()));
    dropped(Drop.SOURCE_MAC_INVALID, ethernet(OUR_MAC, OUR_MAC, 0x0800, syn4()));
    dropped(Drop.SOURCE_MAC_INVALID, ethernet(OUR_MAC, 0x0100_0000_0001L, 0x0800, syn4()));
  }

  @Test
  void theVirtioHeaderMayVouchForTheChecksum() {
    use(EVERYTHING, true);
    byte[] bad = change(udp4(pattern(20)), 26, 0x55);
    dropped(Drop.UDP_BAD_CHECKSUM, virtio(0, 0, 0, 0, 0, frame(bad)));
    line.give(virtio(1, 0, 0, 34, 6, frame(bad)));
    line.give(virtio(2, 0, 0, 0, 0, frame(bad)));
    assertThat(line.host.datagrams).containsExactly(pattern(20), pattern(20));
  }

  @Test
  void aVirtioHeaderThatContradictsItsFrameIsDropped() {
    use(EVERYTHING, true);
    byte[] good = frame(udp4(pattern(20)));
    dropped(Drop.VIRTIO_MALFORMED, virtio(1, 0, 0, good.length, 0, good));
    dropped(Drop.VIRTIO_MALFORMED, virtio(1, 0, 0, 0xFFFF, 0xFFFF, good));
    dropped(Drop.VIRTIO_MALFORMED, virtio(1, 1, 0, 34, 6, good));
    dropped(Drop.VIRTIO_MALFORMED, virtio(1, 77, 1, 34, 6, good));
    for (int length = 0; length < 24; length++) {
      dropped(Drop.FRAME_TOO_SHORT, Arrays.copyOf(virtio(0, 0, 0, 0, 0, good), length));
    }
  }

  @ParameterizedTest
  @CsvSource({"3000, 1000", "3001, 1000", "999, 1000", "1, 1", "5, 2"})
  void aFrameOfManyDatagramsIsTakenApart(int total, int each) {
    use(EVERYTHING, true);
    byte[] data = pattern(total);
    line.give(virtio(1, 5, each, 34, 6, frame(udp4(data))));
    assertThat(line.host.datagrams).hasSize((total + each - 1) / each);
    assertThat(join(line.host.datagrams.toArray(byte[][]::new))).isEqualTo(data);
    assertThat(line.host.datagrams.getFirst()).hasSize(Math.min(each, total));
  }

  // ---- IPv4

  @Test
  void ipv4HeadersAreChecked() {
    byte[] good = udp4(pattern(20));
    dropped(Drop.IPV4_BAD_VERSION, frame4(change(good, 0, 0x55)));
    dropped(Drop.IPV4_BAD_HEADER_LENGTH, frame4(change(good, 0, 0x44)));
    dropped(Drop.IPV4_BAD_HEADER_LENGTH, frame4(change(good, 0, 0x4F)));
    dropped(Drop.IPV4_BAD_TOTAL_LENGTH, frame4(change(good, 3, 49)));
    dropped(Drop.IPV4_BAD_TOTAL_LENGTH, frame4(change(good, 2, 0xFF)));
    dropped(Drop.IPV4_BAD_TOTAL_LENGTH, frame4(change(good, 3, 19)));
    dropped(Drop.IPV4_BAD_CHECKSUM, frame4(change(good, 8, 9)));
    dropped(Drop.IPV4_BAD_CHECKSUM, frame4(change(good, 11, good[11] + 1)));
  }

  private static byte[] frame4(byte[] ip) {
    return ethernet(OUR_MAC, GUEST_MAC, 0x0800, ip);
  }

  private static byte[] frame6(byte[] ip) {
    return ethernet(OUR_MAC, GUEST_MAC, 0x86DD, ip);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, SOURCE_FORBIDDEN",
    "0.0.0.0, SOURCE_FORBIDDEN",
    "224.0.0.1, SOURCE_FORBIDDEN",
    "255.255.255.255, SOURCE_FORBIDDEN",
    "10.0.2.2, SOURCE_FORBIDDEN",
    "10.0.2.3, SOURCE_FORBIDDEN",
    "10.0.2.0, SOURCE_NOT_GUEST",
    "10.0.2.255, SOURCE_NOT_GUEST",
    "10.0.3.1, SOURCE_NOT_GUEST",
    "8.8.8.8, SOURCE_NOT_GUEST",
  })
  void ipv4SourcesAreOfTheGuest(String source, Drop reason) {
    dropped(reason, frame(ipv4(source, REMOTE4, 17, udp(source, 1, REMOTE4, 2, pattern(9)))));
  }

  @ParameterizedTest
  @CsvSource({
    "224.0.0.251, MULTICAST",
    "239.255.255.250, MULTICAST",
    "255.255.255.255, BROADCAST",
    "10.0.2.255, BROADCAST",
  })
  void ipv4GroupsAreNotCarried(String to, Drop reason) {
    dropped(reason, frame(ipv4(GUEST4, to, 17, udp(GUEST4, 1, to, 2, pattern(9)))));
    assertThat(line.sent.all()).isEmpty();
  }

  // ---- IPv6

  @Test
  void ipv6HeadersAreChecked() {
    byte[] good = udp6(pattern(20));
    dropped(Drop.IPV6_BAD_VERSION, frame6(change(good, 0, 0x50)));
    dropped(Drop.IPV6_BAD_PAYLOAD_LENGTH, frame6(change(good, 5, 29)));
    byte[] truncated = bytes(17, 9, 0, 0, 0, 0, 0, 0);
    dropped(Drop.IPV6_BAD_EXTENSION, frame(ipv6(GUEST6, REMOTE6, 60, truncated)));
    byte[] routed = bytes(17, 0, 0, 1, 0, 0, 0, 0);
    dropped(Drop.IPV6_SOURCE_ROUTED, frame(ipv6(GUEST6, REMOTE6, 43, routed)));
  }

  /** RFC 8200 §4: told to the guest, with what is wrong and where. */
  @Test
  void ipv6ExtensionsThatMakeNoSenseAreAnswered() {
    byte[] datagram = udp(GUEST6, 4000, REMOTE6, 53, pattern(20));
    byte[] unknown = join(bytes(17, 0, 0x9E, 4, 0, 0, 0, 0), datagram);
    dropped(Drop.IPV6_BAD_EXTENSION, frame(ipv6(GUEST6, REMOTE6, 60, unknown)));
    isParameterProblem(line.sent.takeOnly(), 2, 42);
    byte[] misplaced =
        join(bytes(0, 0, 1, 4, 0, 0, 0, 0), bytes(17, 0, 1, 4, 0, 0, 0, 0), datagram);
    dropped(Drop.IPV6_BAD_EXTENSION, frame(ipv6(GUEST6, REMOTE6, 60, misplaced)));
    isParameterProblem(line.sent.takeOnly(), 1, 40);
    byte[] silent = join(bytes(17, 0, 0x5E, 4, 0, 0, 0, 0), datagram);
    dropped(Drop.IPV6_BAD_EXTENSION, frame(ipv6(GUEST6, REMOTE6, 60, silent)));
    byte[] odd = join(bytes(17, 0, 0, 1, 0, 0, 0, 9), pattern(13));
    assertThat(line.sent.all()).isEmpty();
    dropped(Drop.FRAGMENT_MALFORMED, frame(ipv6(GUEST6, REMOTE6, 44, odd)));
    isParameterProblem(line.sent.takeOnly(), 0, 4);
    byte[] beyond = join(bytes(17, 0, 0xFF, 0xF8, 0, 0, 0, 9), pattern(16));
    dropped(Drop.FRAGMENT_MALFORMED, frame(ipv6(GUEST6, REMOTE6, 44, beyond)));
    isParameterProblem(line.sent.takeOnly(), 0, 42);
  }

  private static void isParameterProblem(SentFrame frame, int code, int pointer) {
    frame.checkComplete();
    assertThat(frame.icmpType()).isEqualTo(4);
    assertThat(frame.icmpCode()).isEqualTo(code);
    assertThat(frame.u32(frame.transportAt() + 4)).isEqualTo(pointer);
  }

  @ParameterizedTest
  @CsvSource({
    "::1, SOURCE_FORBIDDEN",
    "ff02::1, SOURCE_FORBIDDEN",
    "::, SOURCE_FORBIDDEN",
    "fd00::2, SOURCE_FORBIDDEN",
    "fd00::3, SOURCE_FORBIDDEN",
    "fd01::100, SOURCE_NOT_GUEST",
    "2001:db8::1, SOURCE_NOT_GUEST",
  })
  void ipv6SourcesAreOfTheGuest(String source, Drop reason) {
    byte[] datagram = udp(source, 1, REMOTE6, 2, pattern(9));
    dropped(reason, frame(ipv6(source, REMOTE6, 17, datagram)));
  }

  @Test
  void anIpv4AddressInAnIpv6HeaderIsRefused() {
    byte[] packet = udp6(pattern(9));
    Arrays.fill(packet, 8, 18, (byte) 0);
    Arrays.fill(packet, 18, 20, (byte) 0xFF);
    System.arraycopy(bytes(10, 0, 2, 100), 0, packet, 20, 4);
    dropped(Drop.IPV6_MAPPED_ADDRESS, frame(packet));
  }

  @Test
  void ipv6IsOffWithoutASubnet() {
    use(Offload.NONE, false);
    dropped(Drop.IPV6_OFF, frame(udp6(pattern(9))));
  }

  @Test
  void ipv6GroupsAreNotCarried() {
    byte[] datagram = udp(GUEST6, 5353, "ff02::fb", 5353, pattern(9));
    dropped(Drop.MULTICAST, frame(ipv6(GUEST6, "ff02::fb", 17, datagram)));
    byte[] echo = icmp(GUEST6, "ff02::fb", 128, 0, 1, pattern(20));
    dropped(Drop.MULTICAST, frame(ipv6(GUEST6, "ff02::fb", 58, echo)));
    assertThat(line.sent.all()).isEmpty();
  }

  /** They are no mistakes, and nothing is to be said about them. */
  @Test
  void whoIsInWhichGroupIsHeardInSilence() {
    for (int type : new int[] {130, 131, 132, 143}) {
      byte[] report = icmp("fe80::9", "ff02::16", type, 0, 1, pattern(20));
      byte[] alert = bytes(58, 0, 5, 2, 0, 0, 1, 0);
      line.give(frame(ipv6("fe80::9", "ff02::16", 0, 1, join(alert, report))));
    }
    line.give(frame(ipv4(GUEST4, REMOTE4, 2, pattern(8))));
    assertThat(line.counters.get(Count.GROUP_MESSAGES)).isEqualTo(5);
    assertThat(line.drops()).isZero();
    assertThat(line.sent.all()).isEmpty();
  }

  /** RFC 4007 §9, RFC 4443 §3.1: no router passes it on. */
  @Test
  void aLinkLocalSourceDoesNotLeaveTheLink() {
    byte[] datagram = udp("fe80::9", 4000, REMOTE6, 53, pattern(20));
    dropped(Drop.SOURCE_BEYOND_SCOPE, frame(ipv6("fe80::9", REMOTE6, 17, datagram)));
    SentFrame error = line.sent.takeOnly().checkComplete();
    assertThat(error.icmpType()).isEqualTo(1);
    assertThat(error.icmpCode()).isEqualTo(2);
    assertThat(error.source()).isEqualTo("fe80:0:0:0:5055:aff:fe00:202");
    assertThat(line.host.destinations).isEmpty();
  }

  @Test
  void loopbackIsOnNoWire() {
    byte[] six = udp(GUEST6, 4000, "::1", 53, pattern(20));
    dropped(Drop.DESTINATION_LOOPBACK, frame(ipv6(GUEST6, "::1", 17, six)));
    byte[] four = udp(GUEST4, 4000, "127.0.0.1", 53, pattern(20));
    dropped(Drop.DESTINATION_LOOPBACK, frame(ipv4(GUEST4, "127.0.0.1", 17, four)));
    assertThat(line.sent.all()).isEmpty();
  }

  // ---- transport

  @Test
  void segmentsAreChecked() {
    byte[] good = syn4();
    dropped(Drop.TCP_BAD_CHECKSUM, frame(change(good, 24, 9)));
    dropped(Drop.TCP_MALFORMED, frame(change(good, 32, 0x40)));
    dropped(Drop.TCP_MALFORMED, frame(change(good, 32, 0x60)));
    for (int length = 0; length < 20; length++) {
      byte[] cut = Arrays.copyOf(tcp(GUEST4, 1, REMOTE4, 2, 3, SYN, new byte[0]), length);
      dropped(Drop.TCP_MALFORMED, frame(ipv4(GUEST4, REMOTE4, 6, cut)));
    }
  }

  /** RFC 768: who sends from port 0 wants no answer, and is heard all the same. */
  @Test
  void datagramsFromPortZeroAreCarried() {
    line.give(frame(ipv4(GUEST4, REMOTE4, 17, udp(GUEST4, 0, REMOTE4, 53, pattern(9)))));
    assertThat(line.host.datagrams).containsExactly(pattern(9));
  }

  /** Nobody listens on port 0: like Linux, it is a closed one. */
  @Test
  void portZeroIsClosed() {
    byte[] toZero = tcp(GUEST4, 4000, REMOTE4, 0, 7, SYN, new byte[0]);
    dropped(Drop.NO_FLOW, frame(ipv4(GUEST4, REMOTE4, 6, toZero)));
    SentFrame reset = line.sent.takeOnly().checkComplete();
    assertThat(reset.u8(reset.transportAt() + 13)).isEqualTo(TcpHeader.RST | TcpHeader.ACK);
    byte[] resetToZero = tcp(GUEST4, 4000, REMOTE4, 0, 7, TcpHeader.RST, new byte[0]);
    dropped(Drop.NO_FLOW, frame(ipv4(GUEST4, REMOTE4, 6, resetToZero)));
    assertThat(line.sent.all()).isEmpty();
    byte[] datagram = udp(GUEST4, 4000, REMOTE4, 0, pattern(9));
    dropped(Drop.NO_FLOW, frame(ipv4(GUEST4, REMOTE4, 17, datagram)));
    assertThat(line.sent.takeOnly().checkComplete().icmpCode()).isEqualTo(3);
  }

  @Test
  void datagramsAreChecked() {
    byte[] good = udp4(pattern(20));
    dropped(Drop.UDP_BAD_CHECKSUM, frame(change(good, 40, 0)));
    dropped(Drop.UDP_MALFORMED, frame(change(good, 25, 29)));
    dropped(Drop.UDP_MALFORMED, frame(change(good, 25, 7)));
    dropped(Drop.UDP_MALFORMED, frame(change(good, 25, 0)));
    for (int length = 0; length < 8; length++) {
      byte[] cut = Arrays.copyOf(udp(GUEST4, 1, REMOTE4, 2, pattern(9)), length);
      dropped(Drop.UDP_MALFORMED, frame(ipv4(GUEST4, REMOTE4, 17, cut)));
    }
  }

  @Test
  void unknownProtocolsAreAnsweredSo() {
    dropped(Drop.UNKNOWN_PROTOCOL, frame(ipv4(GUEST4, REMOTE4, 132, pattern(30))));
    SentFrame four = line.sent.takeOnly().checkComplete();
    assertThat(four.source()).isEqualTo(REMOTE4);
    assertThat(four.icmpType()).isEqualTo(3);
    assertThat(four.icmpCode()).isEqualTo(2);
    byte[] options = bytes(132, 0, 1, 4, 0, 0, 0, 0);
    dropped(Drop.UNKNOWN_PROTOCOL, frame(ipv6(GUEST6, REMOTE6, 60, join(options, pattern(30)))));
    SentFrame six = line.sent.takeOnly().checkComplete();
    assertThat(six.icmpType()).isEqualTo(4);
    assertThat(six.icmpCode()).isEqualTo(1);
    // RFC 4443 §3.4: the pointer names the byte that named the protocol.
    assertThat(six.u32(six.transportAt() + 4)).isEqualTo(40);
    dropped(Drop.UNKNOWN_PROTOCOL, frame(ipv6(GUEST6, REMOTE6, 59, new byte[0])));
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void nobodyForwardsWhatHasOneHopLeft() {
    byte[] probe4 = udp(GUEST4, 5000, REMOTE4, 33434, pattern(30));
    byte[] packet4 = mendIpv4(change(ipv4(GUEST4, REMOTE4, 17, probe4), 8, 1));
    dropped(Drop.HOP_LIMIT_EXCEEDED, frame(packet4));
    SentFrame four = line.sent.takeOnly().checkComplete();
    assertThat(four.source()).isEqualTo("10.0.2.2");
    assertThat(four.icmpType()).isEqualTo(11);
    assertThat(four.icmpCode()).isZero();
    byte[] probe6 = udp(GUEST6, 5000, REMOTE6, 33434, pattern(30));
    dropped(Drop.HOP_LIMIT_EXCEEDED, frame(ipv6(GUEST6, REMOTE6, 17, 1, probe6)));
    SentFrame six = line.sent.takeOnly().checkComplete();
    assertThat(six.source()).isEqualTo("fd00:0:0:0:0:0:0:2");
    assertThat(six.icmpType()).isEqualTo(3);
    assertThat(six.icmpCode()).isZero();
    // of an IPv4 packet in pieces, only the first is answered
    byte[] piece = Arrays.copyOfRange(probe4, 8, 24);
    byte[] later = mendIpv4(change(ipv4(GUEST4, REMOTE4, 17, 7, 1, new byte[0], piece), 8, 1));
    dropped(Drop.HOP_LIMIT_EXCEEDED, frame(later));
    assertThat(line.sent.all()).isEmpty();
    byte[] later6 = fragment6(17, 8, false, 7, piece);
    dropped(Drop.HOP_LIMIT_EXCEEDED, frame(ipv6(GUEST6, REMOTE6, 44, 1, later6)));
    assertThat(line.sent.takeOnly().checkComplete().icmpType()).isEqualTo(3);
    assertThat(line.host.destinations).isEmpty();
  }

  @Test
  void theLastHopIsEnoughToReachUs() {
    byte[] echo4 = icmp(GUEST4, "10.0.2.2", 8, 0, 1, pattern(8));
    line.give(frame(mendIpv4(change(ipv4(GUEST4, "10.0.2.2", 1, echo4), 8, 1))));
    assertThat(line.sent.takeOnly().checkComplete().icmpType()).isZero();
    byte[] echo6 = icmp(GUEST6, "fd00::2", 128, 0, 1, pattern(8));
    line.give(frame(ipv6(GUEST6, "fd00::2", 58, 1, echo6)));
    assertThat(line.sent.takeOnly().checkComplete().icmpType()).isEqualTo(129);
  }

  @Test
  void icmpIsChecked() {
    byte[] echo = icmp(GUEST4, "10.0.2.2", 8, 0, 0x0102_0304, pattern(10));
    byte[] packet = ipv4(GUEST4, "10.0.2.2", 1, echo);
    dropped(Drop.ICMP_BAD_CHECKSUM, frame(change(packet, 30, 0x77)));
    byte[] cut = Arrays.copyOf(echo, 7);
    dropped(Drop.ICMP_MALFORMED, frame(ipv4(GUEST4, "10.0.2.2", 1, cut)));
    byte[] six = icmp(GUEST6, "fd00::2", 128, 0, 0x0102_0304, pattern(10));
    dropped(Drop.ICMP_BAD_CHECKSUM, frame(ipv6(GUEST6, "fd00::3", 58, six)));
    byte[] timestamp = icmp(GUEST4, "10.0.2.2", 13, 0, 0, pattern(11));
    dropped(Drop.ICMP_UNSUPPORTED, frame(ipv4(GUEST4, "10.0.2.2", 1, timestamp)));
    assertThat(line.sent.all()).isEmpty();
  }

  @Test
  void echoThatTheHostMayNotSendIsAnsweredAsForbidden() {
    byte[] echo = icmp(GUEST4, REMOTE4, 8, 0, 0x0102_0304, pattern(10));
    dropped(Drop.ICMP_UNSUPPORTED, frame(ipv4(GUEST4, REMOTE4, 1, echo)));
    SentFrame four = line.sent.takeOnly().checkComplete();
    assertThat(four.source()).isEqualTo("10.0.2.2");
    assertThat(four.icmpType()).isEqualTo(3);
    assertThat(four.icmpCode()).isEqualTo(13);
    byte[] six = icmp(GUEST6, REMOTE6, 128, 0, 0x0102_0304, pattern(10));
    dropped(Drop.ICMP_UNSUPPORTED, frame(ipv6(GUEST6, REMOTE6, 58, six)));
    SentFrame answer = line.sent.takeOnly().checkComplete();
    assertThat(answer.source()).isEqualTo("fd00:0:0:0:0:0:0:2");
    assertThat(answer.icmpType()).isEqualTo(1);
    assertThat(answer.icmpCode()).isEqualTo(1);
  }

  @Test
  void aHeaderThatIsMendedIsGood() {
    byte[] packet = change(udp4(pattern(20)), 8, 2);
    line.give(frame(mendIpv4(packet)));
    assertThat(line.host.datagrams).hasSize(1);
  }
}
