package io.slipway.icmp;

import static io.slipway.pipeline.GuestFrames.GUEST4;
import static io.slipway.pipeline.GuestFrames.GUEST6;
import static io.slipway.pipeline.GuestFrames.REMOTE4;
import static io.slipway.pipeline.GuestFrames.REMOTE6;
import static io.slipway.pipeline.GuestFrames.icmp;
import static io.slipway.pipeline.GuestFrames.ipv4;
import static io.slipway.pipeline.GuestFrames.ipv6;
import static io.slipway.pipeline.GuestFrames.pattern;
import static io.slipway.pipeline.GuestFrames.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.egress.Egress;
import io.slipway.egress.Neighbors;
import io.slipway.egress.Offload;
import io.slipway.egress.SentFrame;
import io.slipway.egress.SentFrames;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import io.slipway.wire.Packet;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IcmpErrorsTest {

  private static final long SECOND = 1_000_000_000L;

  private final Lan lan =
      Lan.standard(
          Cidr.parse("10.0.2.0/24"),
          Cidr.parse("fd00::/64"),
          MacAddress.parse("52:55:0a:00:02:02"),
          1500);
  private final Counters counters = new Counters();
  private final SentFrames sent = new SentFrames(Offload.NONE);
  private final Egress egress = new Egress(lan, sent, new Neighbors(), counters, 1500);
  private final IcmpErrors errors = new IcmpErrors(egress, lan, counters);
  private long nowNanos = 5 * SECOND;

  @AfterEach
  void close() {
    errors.close();
    egress.close();
  }

  /** Shows an IP packet, as the decoders would. */
  private static Packet show(byte[] ip, long destinationMac) {
    boolean v6 = ip[0] >>> 4 == 6;
    int header = v6 ? 40 : (ip[0] & 15) * 4;
    ByteBuf frame = Unpooled.wrappedBuffer(new byte[14], ip);
    Packet packet = new Packet();
    packet.reset(frame, frame.writerIndex());
    packet.ethernet(1, destinationMac, v6 ? 0x86DD : 0x0800, 14);
    packet.ip(v6, 14, header, ip.length);
    IpAddress source = address(ip, v6 ? 8 : 12, v6 ? 16 : 4);
    IpAddress destination = address(ip, v6 ? 24 : 16, v6 ? 16 : 4);
    packet.source(source.high(), source.low());
    packet.destination(destination.high(), destination.low());
    packet.transport(ip[v6 ? 6 : 9], 14 + header, ip.length - header);
    return packet;
  }

  private static IpAddress address(byte[] ip, int at, int length) {
    return IpAddress.ofBytes(Arrays.copyOfRange(ip, at, at + length));
  }

  private static byte[] datagram(boolean v6, int size) {
    return v6
        ? ipv6(GUEST6, REMOTE6, 17, udp(GUEST6, 4000, REMOTE6, 53, pattern(size)))
        : ipv4(GUEST4, REMOTE4, 17, udp(GUEST4, 4000, REMOTE4, 53, pattern(size)));
  }

  private boolean send(byte[] ip) {
    return errors.send(IcmpError.PORT_UNREACHABLE, 0, show(ip, 2), nowNanos);
  }

  @ParameterizedTest
  @CsvSource({
    "NET_UNREACHABLE, 3, 0, 1, 0, true",
    "HOST_UNREACHABLE, 3, 1, 1, 3, true",
    "PROTOCOL_UNREACHABLE, 3, 2, 4, 1, false",
    "PORT_UNREACHABLE, 3, 3, 1, 4, false",
    "FRAGMENTATION_NEEDED, 3, 4, 2, 0, true",
    "ADMIN_PROHIBITED, 3, 13, 1, 1, true",
    "TTL_EXCEEDED, 11, 0, 3, 0, true",
    "REASSEMBLY_TIMEOUT, 11, 1, 3, 1, false",
    "PARAMETER_PROBLEM, 12, 0, 4, 0, false",
    "UNKNOWN_OPTION, 12, 0, 4, 2, false",
    "HEADERS_INCOMPLETE, 12, 0, 4, 3, false",
    "BEYOND_SCOPE, 3, 13, 1, 2, true",
  })
  void everyErrorHasItsNumbersAndItsSender(
      IcmpError error, int type4, int code4, int type6, int code6, boolean router) {
    // of a protocol that nobody speaks, IPv6 says where it was named
    boolean named = error == IcmpError.PROTOCOL_UNREACHABLE;
    int detail = named ? 0 : 1400;
    assertThat(errors.send(error, detail, show(datagram(false, 30), 2), nowNanos)).isTrue();
    SentFrame four = sent.takeOnly().checkComplete();
    assertThat(four.icmpType()).isEqualTo(type4);
    assertThat(four.icmpCode()).isEqualTo(code4);
    assertThat(four.source()).isEqualTo(router ? "10.0.2.2" : REMOTE4);
    assertThat(four.destination()).isEqualTo(GUEST4);
    assertThat(four.u32(four.transportAt() + 4)).isEqualTo(detail);
    assertThat(four.quoted()).isEqualTo(datagram(false, 30));
    assertThat(errors.send(error, detail, show(datagram(true, 30), 2), nowNanos)).isTrue();
    SentFrame six = sent.takeOnly().checkComplete();
    assertThat(six.icmpType()).isEqualTo(type6);
    assertThat(six.icmpCode()).isEqualTo(code6);
    assertThat(six.source()).isEqualTo(router ? "fd00:0:0:0:0:0:0:2" : "2001:db8:0:0:0:0:0:7");
    assertThat(six.u32(six.transportAt() + 4)).isEqualTo(named ? 6 : detail);
    assertThat(six.quoted()).isEqualTo(datagram(true, 30));
    assertThat(counters.get(Count.ICMP_ERRORS_OUT)).isEqualTo(2);
  }

  /** What concerns the host's own packet, or asks for other behaviour, is nothing for a guest. */
  @ParameterizedTest
  @CsvSource({
    "false, 3, 10, 0, 0, true",
    "false, 3, 4, 1400, 1400, true",
    "false, 11, 0, 0, 0, true",
    "false, 4, 0, 0, 0, false",
    "false, 5, 1, 0, 0, false",
    "false, 12, 0, 0, 0, false",
    "true, 1, 5, 0, 0, true",
    "true, 2, 0, 1400, 1400, true",
    "true, 3, 0, 0, 0, true",
    "true, 4, 1, 0, 6, true",
    "true, 4, 0, 0, 0, false",
  })
  void whatTheHostsNetworkSaysKeepsItsNumbersAndItsSender(
      boolean v6, int type, int code, int mtu, int rest, boolean concernsGuest) {
    IpAddress router = IpAddress.parse(v6 ? "2001:db8:5::1" : "203.0.113.5");
    IpAddress guest = IpAddress.parse(v6 ? GUEST6 : GUEST4);
    IpAddress remote = IpAddress.parse(v6 ? REMOTE6 : REMOTE4);
    byte[] request =
        icmp(v6 ? GUEST6 : GUEST4, v6 ? REMOTE6 : REMOTE4, v6 ? 128 : 8, 0, 7, pattern(30));
    boolean told =
        errors.forwardEcho(
            type,
            code,
            mtu,
            router.high(),
            router.low(),
            guest.high(),
            guest.low(),
            remote.high(),
            remote.low(),
            Unpooled.wrappedBuffer(request),
            0,
            request.length,
            nowNanos);
    assertThat(told).isEqualTo(concernsGuest);
    if (told) {
      SentFrame frame = sent.takeOnly().checkComplete();
      assertThat(IpAddress.parse(frame.source())).isEqualTo(router);
      assertThat(frame.icmpType()).isEqualTo(type);
      assertThat(frame.icmpCode()).isEqualTo(code);
      assertThat(frame.u32(frame.transportAt() + 4)).isEqualTo(rest);
      byte[] quoted = frame.quoted();
      assertThat(Arrays.copyOfRange(quoted, v6 ? 40 : 20, quoted.length)).isEqualTo(request);
      new SentFrame(withEthernet(quoted, v6), 0).checkComplete();
    }
  }

  @ParameterizedTest
  @EnumSource(IcmpError.class)
  void theNumbersOfTheTwoFamiliesDiffer(IcmpError error) {
    assertThat(error.type(true)).isLessThan(128);
    assertThat(error.type(false)).isGreaterThanOrEqualTo(3);
  }

  @Test
  void aLongPacketIsQuotedAsFarAsItMay() {
    byte[] ip = datagram(false, 1400);
    send(ip);
    SentFrame four = sent.takeOnly().checkComplete();
    assertThat(four.length()).isEqualTo(14 + 576);
    assertThat(four.quoted()).isEqualTo(Arrays.copyOf(ip, 548));
    byte[] six = datagram(true, 1400);
    send(six);
    SentFrame long6 = sent.takeOnly().checkComplete();
    assertThat(long6.length()).isEqualTo(14 + 1280);
    assertThat(long6.quoted()).isEqualTo(Arrays.copyOf(six, 1232));
  }

  @Test
  void errorsAreNotAnswered() {
    for (int type : new int[] {3, 4, 5, 11, 12}) {
      byte[] error = icmp(GUEST4, REMOTE4, type, 0, 0, datagram(false, 9));
      assertThat(send(ipv4(GUEST4, REMOTE4, 1, error))).as("type %d", type).isFalse();
    }
    for (int type : new int[] {1, 2, 3, 4, 100, 127, 137}) {
      byte[] error = icmp(GUEST6, REMOTE6, type, 0, 0, datagram(true, 9));
      assertThat(send(ipv6(GUEST6, REMOTE6, 58, error))).as("type %d", type).isFalse();
    }
    assertThat(send(ipv4(GUEST4, REMOTE4, 1, new byte[0]))).isFalse();
    assertThat(send(ipv4(GUEST4, REMOTE4, 1, icmp(GUEST4, REMOTE4, 8, 0, 0, new byte[0]))))
        .isTrue();
    assertThat(send(ipv4(GUEST4, REMOTE4, 58, new byte[] {3, 3, 3, 3}))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"224.0.0.1", "255.255.255.255"})
  void packetsToGroupsAreNotAnswered(String to) {
    assertThat(send(ipv4(GUEST4, to, 17, udp(GUEST4, 1, to, 2, pattern(9))))).isFalse();
  }

  @Test
  void packetsOfNobodyAndInGroupFramesAreNotAnswered() {
    byte[] six = ipv6("::", REMOTE6, 17, udp("::", 1, REMOTE6, 2, pattern(9)));
    assertThat(send(six)).isFalse();
    Packet broadcast = show(datagram(false, 9), MacAddress.BROADCAST);
    assertThat(errors.send(IcmpError.PORT_UNREACHABLE, 0, broadcast, nowNanos)).isFalse();
    assertThat(sent.all()).isEmpty();
  }

  @Test
  void severalLoopsTogetherTellNoMoreThanOne() {
    IcmpErrors quarter = new IcmpErrors(egress, lan, counters, 4);
    Packet offender = show(datagram(false, 9), 2);
    int burst = 0;
    while (quarter.send(IcmpError.PORT_UNREACHABLE, 0, offender, nowNanos)) {
      burst++;
    }
    assertThat(burst).isEqualTo(50);
    quarter.close();
  }

  @Test
  void aGuestIsToldOnlySoOften() {
    int told = 0;
    for (int i = 0; i < 10_000; i++) {
      nowNanos += SECOND / 1000;
      told += send(datagram(false, 9)) ? 1 : 0;
    }
    // 200 at once and 100 a second for ten seconds.
    assertThat(told).isBetween(1190, 1200);
    assertThat(counters.dropped(Drop.ICMP_RATE_LIMIT)).isEqualTo(10_000 - told);
    byte[] other = udp("10.0.2.9", 1, REMOTE4, 2, pattern(9));
    assertThat(send(ipv4("10.0.2.9", REMOTE4, 17, other))).isTrue();
    nowNanos += 100 * SECOND;
    int burst = 0;
    while (send(datagram(false, 9))) {
      burst++;
    }
    assertThat(burst).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPacketThatIsGoneIsWrittenAnew(boolean v6) {
    IpAddress guest = IpAddress.parse(v6 ? GUEST6 : GUEST4);
    IpAddress remote = IpAddress.parse(v6 ? REMOTE6 : REMOTE4);
    ByteBuf data = Unpooled.wrappedBuffer(pattern(3000));
    for (int protocol : new int[] {6, 17}) {
      assertThat(
              errors.sendQuoting(
                  IcmpError.FRAGMENTATION_NEEDED,
                  1280,
                  remote.high(),
                  remote.low(),
                  guest.high(),
                  guest.low(),
                  4000,
                  remote.high(),
                  remote.low(),
                  53,
                  protocol,
                  protocol == 6 ? null : data,
                  10,
                  2000,
                  0x0102_0304,
                  nowNanos))
          .isTrue();
      SentFrame frame = sent.takeOnly().checkComplete();
      assertThat(frame.source()).isEqualTo(frame.isV6() ? "2001:db8:0:0:0:0:0:7" : REMOTE4);
      assertThat(frame.u32(frame.transportAt() + 4)).isEqualTo(1280);
      byte[] quoted = frame.quoted();
      int header = v6 ? 40 : 20;
      assertThat(quoted).hasSize(protocol == 6 ? header + 20 : v6 ? 1232 : 548);
      int length = protocol == 6 ? 20 : 2008;
      byte[] whole = Arrays.copyOf(quoted, header + length);
      SentFrame original = new SentFrame(withEthernet(whole, v6), 0).checkIp();
      assertThat(original.protocol()).isEqualTo(protocol);
      assertThat(original.source()).isEqualTo(frame.destination());
      assertThat(original.destination()).isEqualTo(frame.source());
      assertThat(original.sourcePort()).isEqualTo(4000);
      assertThat(original.destinationPort()).isEqualTo(53);
      if (protocol == 6) {
        assertThat(original.seq()).isEqualTo(0x0102_0304);
      } else {
        assertThat(original.u16(original.transportAt() + 4)).isEqualTo(2008);
        assertThat(Arrays.copyOfRange(quoted, header + 8, header + 500))
            .isEqualTo(Arrays.copyOfRange(pattern(3000), 10, 502));
      }
    }
  }

  /** What the guest sent, byte by byte, but for the identification that its kernel chose. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aShortDatagramIsQuotedAsItWasSent(boolean v6) {
    byte[] original = datagram(v6, 31);
    int header = v6 ? 40 : 20;
    ByteBuf payload = Unpooled.wrappedBuffer(original, header + 8, 31);
    SentFrame read = new SentFrame(withEthernet(original, v6), 0);
    IpAddress guest = IpAddress.parse(v6 ? GUEST6 : GUEST4);
    IpAddress remote = IpAddress.parse(v6 ? REMOTE6 : REMOTE4);
    errors.sendQuoting(
        IcmpError.PORT_UNREACHABLE,
        0,
        remote.high(),
        remote.low(),
        guest.high(),
        guest.low(),
        read.sourcePort(),
        remote.high(),
        remote.low(),
        read.destinationPort(),
        17,
        payload,
        0,
        31,
        0,
        nowNanos);
    SentFrame error = sent.takeOnly().checkComplete();
    assertThat(error.trafficClass()).isEqualTo(v6 ? 0 : 0xC0);
    byte[] quoted = error.quoted();
    new SentFrame(withEthernet(quoted, v6), 0).checkComplete();
    assertThat(Arrays.copyOfRange(quoted, header, quoted.length))
        .isEqualTo(Arrays.copyOfRange(original, header, original.length));
  }

  private static byte[] withEthernet(byte[] ip, boolean v6) {
    byte[] frame = new byte[14 + ip.length];
    frame[12] = (byte) (v6 ? 0x86 : 8);
    frame[13] = (byte) (v6 ? 0xDD : 0);
    System.arraycopy(ip, 0, frame, 14, ip.length);
    return frame;
  }

  @Test
  void aClosedSenderRefuses() {
    errors.close();
    errors.close();
    assertThat(send(datagram(false, 9))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "101, NET_UNREACHABLE",
    "100, NET_UNREACHABLE",
    "113, HOST_UNREACHABLE",
    "112, HOST_UNREACHABLE",
    "111, PORT_UNREACHABLE",
    "92, PROTOCOL_UNREACHABLE",
    "13, ADMIN_PROHIBITED",
    "1, ADMIN_PROHIBITED",
    "90, FRAGMENTATION_NEEDED",
  })
  void errnosOfANetworkHaveAnError(int errno, IcmpError error) {
    assertThat(IcmpError.ofErrno(errno)).isEqualTo(error);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 11, 24, 105, 110})
  void errnosOfTheHostHaveNone(int errno) {
    assertThat(IcmpError.ofErrno(errno)).isNull();
  }
}
