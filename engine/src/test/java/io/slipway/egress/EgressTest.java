package io.slipway.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import io.slipway.leaks.Garbage;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.wire.Cidr;
import io.slipway.wire.EthernetHeader;
import io.slipway.wire.Gather;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import io.slipway.wire.TcpHeader;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EgressTest {

  private static final Offload EVERYTHING = new Offload(true, true, true, true, true);
  private static final Offload HEADER_ONLY = new Offload(true, false, false, false, false);
  private static final long GUEST_MAC = 0x0A11_2233_4455L;
  private static final IpAddress GUEST4 = IpAddress.parse("10.0.2.100");
  private static final IpAddress REMOTE4 = IpAddress.parse("198.51.100.7");
  private static final IpAddress GUEST6 = IpAddress.parse("fd00::100");
  private static final IpAddress REMOTE6 = IpAddress.parse("2001:db8::7");
  private static final int ACK_PSH_FIN = TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN;

  private final Counters counters = new Counters();
  private final Neighbors neighbors = new Neighbors();
  private final Gather payload = new Gather();
  private final ByteBuf options = Unpooled.directBuffer(40).writeLong(0x0101_080A_1122_3344L);
  private SentFrames sent = new SentFrames(Offload.NONE);
  private Egress egress = egress(Offload.NONE, 1500);

  private Egress egress(Offload offload, int mtu) {
    sent = new SentFrames(offload);
    Lan lan =
        Lan.standard(
            Cidr.parse("10.0.2.0/24"),
            Cidr.parse("fd00::/64"),
            MacAddress.parse("52:55:0a:00:02:02"),
            mtu);
    return new Egress(lan, sent, neighbors, counters, mtu);
  }

  private void use(Offload offload, int mtu) {
    egress.close();
    egress = egress(offload, mtu);
  }

  @AfterEach
  void free() {
    egress.close();
    options.release();
  }

  private boolean tcp(boolean v6, int flags, int optionsLength, int mss) {
    return tcp(v6, flags, options, optionsLength, mss);
  }

  private boolean tcp(boolean v6, int flags, ByteBuf chosenOptions, int optionsLength, int mss) {
    IpAddress from = v6 ? REMOTE6 : REMOTE4;
    IpAddress to = v6 ? GUEST6 : GUEST4;
    return egress.tcp(
        from.high(),
        from.low(),
        443,
        to.high(),
        to.low(),
        40_000,
        0xFFFF_FF00,
        0x0102_0304,
        flags,
        0xABCD,
        chosenOptions,
        optionsLength,
        payload.total() == 0 ? null : payload,
        mss,
        0x2E);
  }

  private boolean udp(boolean v6, ByteBuf data, int offset, int length) {
    IpAddress from = v6 ? REMOTE6 : REMOTE4;
    IpAddress to = v6 ? GUEST6 : GUEST4;
    return egress.udp(
        from.high(), from.low(), 53, to.high(), to.low(), 5353, data, offset, length, 61, 0x11);
  }

  private static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private byte[] fill(int... lengths) {
    payload.clear();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Random random = new Random(7);
    for (int length : lengths) {
      byte[] piece = new byte[length];
      random.nextBytes(piece);
      payload.add(Unpooled.wrappedBuffer(new byte[3], piece), 3, length);
      all.writeBytes(piece);
    }
    return all.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSegmentHasEveryFieldInItsPlace(boolean v6) {
    IpAddress guest = v6 ? GUEST6 : GUEST4;
    neighbors.learn(guest.high(), guest.low(), GUEST_MAC);
    byte[] data = fill(5, 2);
    assertThat(tcp(v6, TcpHeader.ACK | TcpHeader.PSH, 8, 1000)).isTrue();
    SentFrame frame = sent.takeOnly().checkComplete();
    assertThat(frame.destinationMac()).isEqualTo("0a:11:22:33:44:55");
    assertThat(frame.sourceMac()).isEqualTo("52:55:0a:00:02:02");
    assertThat(frame.source()).isEqualTo(v6 ? "2001:db8:0:0:0:0:0:7" : "198.51.100.7");
    assertThat(frame.destination()).isEqualTo(v6 ? "fd00:0:0:0:0:0:0:100" : "10.0.2.100");
    assertThat(frame.protocol()).isEqualTo(6);
    assertThat(frame.hopLimit()).isEqualTo(64);
    assertThat(frame.trafficClass()).isEqualTo(0x2E);
    assertThat(frame.sourcePort()).isEqualTo(443);
    assertThat(frame.destinationPort()).isEqualTo(40_000);
    assertThat(frame.seq()).isEqualTo(0xFFFF_FF00);
    assertThat(frame.ack()).isEqualTo(0x0102_0304);
    assertThat(frame.flags()).isEqualTo(TcpHeader.ACK | TcpHeader.PSH);
    assertThat(frame.window()).isEqualTo(0xABCD);
    assertThat(frame.u32(frame.transportAt() + 20)).isEqualTo(0x0101_080A);
    assertThat(frame.tcpPayload()).isEqualTo(data);
    assertThat(v6 || frame.dontFragment()).isTrue();
    assertThat(counters.get(Count.FRAMES_OUT)).isEqualTo(1);
    assertThat(counters.get(Count.BYTES_OUT)).isEqualTo(14 + (v6 ? 40 : 20) + 28 + 7);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void segmentationIsLeftToTheDevice(boolean v6) {
    use(EVERYTHING, 1500);
    byte[] data = fill(1, 30_001, 29_999);
    assertThat(tcp(v6, ACK_PSH_FIN | TcpHeader.CWR, 8, 1448)).isTrue();
    SentFrame frame = sent.takeOnly().checkPartial();
    assertThat(frame.gsoType()).isEqualTo((v6 ? 4 : 1) | 0x80);
    assertThat(frame.gsoSize()).isEqualTo(1448);
    assertThat(frame.virtioHeaderLength()).isEqualTo(14 + (v6 ? 40 : 20) + 28);
    assertThat(frame.flags()).isEqualTo(ACK_PSH_FIN | TcpHeader.CWR);
    assertThat(frame.tcpPayload()).isEqualTo(data);
  }

  @Test
  void aSingleSegmentAsksForNoSegmentation() {
    use(EVERYTHING, 1500);
    fill(1448);
    assertThat(tcp(false, TcpHeader.ACK, 0, 1448)).isTrue();
    SentFrame frame = sent.takeOnly().checkPartial();
    assertThat(frame.gsoType()).isZero();
    assertThat(frame.gsoSize()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void segmentationIsDoneHereWithoutTheDevice(boolean v6) {
    use(HEADER_ONLY, 1500);
    byte[] data = fill(1, 1447, 3, 4000, 700);
    assertThat(tcp(v6, ACK_PSH_FIN | TcpHeader.CWR, 8, 1000)).isTrue();
    List<SentFrame> frames = sent.take();
    assertThat(frames).hasSize(7);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < 7; i++) {
      SentFrame frame = frames.get(i).checkComplete();
      assertThat(frame.seq()).isEqualTo(0xFFFF_FF00 + i * 1000);
      int expected = TcpHeader.ACK | (i == 0 ? TcpHeader.CWR : 0) | (i == 6 ? ACK_PSH_FIN : 0);
      assertThat(frame.flags()).isEqualTo(expected);
      assertThat(frame.tcpPayload()).hasSize(i == 6 ? 151 : 1000);
      all.writeBytes(frame.tcpPayload());
    }
    assertThat(all.toByteArray()).isEqualTo(data);
    if (!v6) {
      assertThat(frames.stream().map(SentFrame::id).distinct()).hasSize(7);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void checksumsAreRightForEveryLengthAndAlignment(boolean v6) {
    for (int first = 0; first < 40; first++) {
      fill(first, 39 - first, first);
      assertThat(tcp(v6, TcpHeader.ACK, first % 2 * 4, 500)).isTrue();
      sent.takeOnly().checkComplete();
      ByteBuf data = Unpooled.wrappedBuffer(fill(first + 3));
      assertThat(udp(v6, data, 2, first)).isTrue();
      sent.takeOnly().checkComplete();
    }
  }

  @Test
  void theLargestPayloadIsWholeSegmentsThatFit() {
    assertThat(Egress.maxTcpPayload(false, 12, 1448)).isEqualTo(45 * 1448).isLessThan(65_484);
    assertThat(Egress.maxTcpPayload(true, 12, 1428)).isEqualTo(45 * 1428);
    assertThat(Egress.maxTcpPayload(false, 0, 65_495)).isEqualTo(65_495);
    assertThat(Egress.maxTcpPayload(false, 0, 70_000)).isEqualTo(70_000);
  }

  @Test
  void theLargestPayloadFitsAFrame() {
    use(EVERYTHING, 1500);
    for (boolean v6 : new boolean[] {false, true}) {
      fill(Egress.maxTcpPayload(v6, 8, 1));
      assertThat(tcp(v6, TcpHeader.ACK, 8, 1)).isTrue();
      assertThat(sent.takeOnly().checkPartial().length()).isEqualTo(14 + 65_535);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDatagramLeavesWhole(boolean v6) {
    use(EVERYTHING, 1500);
    ByteBuf data = Unpooled.wrappedBuffer(fill(1000));
    assertThat(udp(v6, data, 10, 900)).isTrue();
    SentFrame frame = sent.takeOnly().checkPartial();
    assertThat(frame.protocol()).isEqualTo(17);
    assertThat(frame.hopLimit()).isEqualTo(61);
    assertThat(frame.trafficClass()).isEqualTo(0x11);
    assertThat(frame.sourcePort()).isEqualTo(53);
    assertThat(frame.destinationPort()).isEqualTo(5353);
    assertThat(frame.u16(frame.transportAt() + 4)).isEqualTo(908);
    assertThat(frame.udpPayload()).isEqualTo(Arrays.copyOfRange(data.array(), 10, 910));
  }

  private boolean datagrams(boolean v6, ByteBuf data, int length, int size) {
    IpAddress from = v6 ? REMOTE6 : REMOTE4;
    IpAddress to = v6 ? GUEST6 : GUEST4;
    return egress.datagrams(
        from.high(), from.low(), 53, to.high(), to.low(), 5353, data, 2, length, size, 61, 0x11);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void equalDatagramsLeaveInOneFrame(boolean v6) {
    use(EVERYTHING, 1500);
    ByteBuf data = Unpooled.wrappedBuffer(randomBytes(65_000));
    assertThat(datagrams(v6, data, 40 * 1400 + 700, 1400)).isTrue();
    SentFrame frame = sent.takeOnly().checkPartial();
    assertThat(frame.gsoType()).isEqualTo(5);
    assertThat(frame.gsoSize()).isEqualTo(1400);
    assertThat(frame.virtioHeaderLength()).isEqualTo(14 + (v6 ? 40 : 20) + 8);
    assertThat(frame.hopLimit()).isEqualTo(61);
    assertThat(frame.udpPayload()).isEqualTo(Arrays.copyOfRange(data.array(), 2, 2 + 56_700));
    assertThat(datagrams(v6, data, 65 * 10 + 1, 10)).as("more than Linux cuts").isTrue();
    List<SentFrame> two = sent.take();
    assertThat(two).hasSize(2);
    assertThat(two.getFirst().checkPartial().udpPayload()).hasSize(640);
    assertThat(two.getLast().checkPartial().udpPayload()).hasSize(11);
    assertThat(two.getLast().gsoSize()).isEqualTo(10);
    assertThat(datagrams(v6, data, 64 * 10 + 3, 10)).as("one is left").isTrue();
    assertThat(sent.take().getLast().checkPartial().gsoType()).isZero();
    assertThat(datagrams(v6, data, 700, 0)).as("only one").isTrue();
    assertThat(sent.takeOnly().checkPartial().gsoType()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void equalDatagramsLeaveOneByOneWithoutTheDevice(boolean v6) {
    use(HEADER_ONLY, 1500);
    ByteBuf data = Unpooled.wrappedBuffer(randomBytes(5_000));
    assertThat(datagrams(v6, data, 3 * 1400 + 1, 1400)).isTrue();
    List<SentFrame> frames = sent.take();
    assertThat(frames).hasSize(4);
    for (int i = 0; i < 4; i++) {
      int from = 2 + 1400 * i;
      int to = Math.min(from + 1400, 2 + 3 * 1400 + 1);
      byte[] expected = Arrays.copyOfRange(data.array(), from, to);
      assertThat(frames.get(i).checkComplete().udpPayload()).isEqualTo(expected);
    }
    use(EVERYTHING, 1280);
    assertThat(datagrams(v6, data, 2 * 1400, 1400)).as("above the MTU").isTrue();
    assertThat(sent.take()).hasSize(4).allMatch(frame -> frame.gsoType() == 0);
    assertThat(datagrams(v6, data, 0, 0)).as("an empty one").isTrue();
    assertThat(sent.takeOnly().checkPartial().udpPayload()).isEmpty();
  }

  @Test
  void anEmptyDatagramIsADatagram() {
    assertThat(udp(false, Unpooled.EMPTY_BUFFER, 0, 0)).isTrue();
    assertThat(sent.takeOnly().checkComplete().udpPayload()).isEmpty();
  }

  @Test
  void aZeroUdpChecksumIsSentAsOnes() {
    ByteBuf data = Unpooled.buffer(2).writeZero(2);
    assertThat(udp(false, data, 0, 2)).isTrue();
    SentFrame plain = sent.takeOnly();
    data.setShort(0, plain.u16(plain.transportAt() + 6));
    assertThat(udp(false, data, 0, 2)).isTrue();
    SentFrame ones = sent.takeOnly().checkComplete();
    assertThat(ones.u16(ones.transportAt() + 6)).isEqualTo(0xFFFF);
  }

  @ParameterizedTest
  @ValueSource(ints = {576, 1280, 1500, 9000, 65_520})
  void aLargeDatagramLeavesInFragments(int mtu) {
    for (boolean v6 : new boolean[] {false, true}) {
      for (Offload offload : List.of(Offload.NONE, EVERYTHING)) {
        use(offload, mtu);
        byte[] data = fill(65_507);
        assertThat(udp(v6, Unpooled.wrappedBuffer(data), 0, data.length)).isTrue();
        SentFrame whole = reassemble(sent.take(), mtu).checkComplete();
        assertThat(whole.udpPayload()).isEqualTo(data);
      }
    }
  }

  /** Puts fragments together and checks that each of them is as it should be. */
  private static SentFrame reassemble(List<SentFrame> frames, int mtu) {
    SentFrame first = frames.getFirst();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(Arrays.copyOf(first.from(first.ipAt() - 14), 14 + (first.isV6() ? 40 : 20)));
    int offset = 0;
    for (SentFrame frame : frames) {
      frame.checkIp();
      byte[] part = frame.isV6() ? frame.from(frame.transportAt() + 8) : frame.ipPayload();
      assertThat(frame.length() - 14).isLessThanOrEqualTo(mtu);
      assertThat(frame.fragmentOffset()).isEqualTo(offset);
      assertThat(frame.moreFragments()).isEqualTo(frame != frames.getLast());
      assertThat(frame.dontFragment() && !frame.isV6()).isFalse();
      assertThat(frame.id()).isEqualTo(frame.isV6() ? frame.id() : first.id());
      all.writeBytes(part);
      offset += part.length;
    }
    byte[] bytes = all.toByteArray();
    int length = bytes.length - 14;
    if (first.isV6()) {
      bytes[14 + 6] = (byte) first.u8(first.transportAt());
      set16(bytes, 14 + 4, length - 40);
    } else {
      int sum = first.u16(first.ipAt() + 10);
      set16(bytes, 14 + 2, length);
      set16(bytes, 14 + 6, 0);
      // RFC 1624 eqn. 3, for the length and the fragment word.
      long mended = (~sum & 0xFFFFL) + (~first.u16(first.ipAt() + 2) & 0xFFFF) + length;
      mended += ~first.u16(first.ipAt() + 6) & 0xFFFF;
      while (mended > 0xFFFF) {
        mended = (mended & 0xFFFF) + (mended >>> 16);
      }
      set16(bytes, 14 + 10, (int) ~mended & 0xFFFF);
    }
    return new SentFrame(bytes, 0);
  }

  private static void set16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }

  @Test
  void icmpGetsTheChecksumOfItsFamily() {
    ByteBuf message = Unpooled.wrappedBuffer(new byte[] {0, 0, 9, 9, 1, 2, 3, 4, 5});
    assertThat(
            egress.icmp(
                0, REMOTE4.low(), 0, GUEST4.low(), message, 0, message.capacity(), 64, 0x1C))
        .isTrue();
    SentFrame four = sent.takeOnly().checkComplete();
    assertThat(four.protocol()).isEqualTo(1);
    assertThat(four.trafficClass()).isEqualTo(0x1C);
    assertThat(four.dontFragment()).isFalse(); // nobody tells about ICMP that it was too big
    message.setByte(0, 129);
    egress.icmp(REMOTE6.high(), REMOTE6.low(), GUEST6.high(), GUEST6.low(), message, 0, 9, 255, 0);
    SentFrame frame = sent.takeOnly().checkComplete();
    assertThat(frame.protocol()).isEqualTo(58);
    assertThat(frame.hopLimit()).isEqualTo(255);
  }

  @Test
  void aLargeIcmpMessageLeavesInFragments() {
    ByteBuf message = Unpooled.wrappedBuffer(fill(5001));
    egress.icmp(0, REMOTE4.low(), 0, GUEST4.low(), message, 1, 5000, 64, 0);
    SentFrame whole = reassemble(sent.take(), 1500).checkComplete();
    assertThat(whole.ipPayload()).hasSize(5000);
    assertThat(counters.get(Count.FRAGMENTS_OUT)).isEqualTo(4);
  }

  @Test
  void anIpv6GroupHasItsOwnEthernetAddress() {
    ByteBuf message = Unpooled.wrappedBuffer(new byte[8]);
    egress.icmp(REMOTE6.high(), REMOTE6.low(), 0xFF02_0000_0000_0000L, 1, message, 0, 8, 255, 0);
    assertThat(sent.takeOnly().destinationMac()).isEqualTo("33:33:00:00:00:01");
  }

  @Test
  void arpComesFromOurEthernetAddress() {
    use(EVERYTHING, 1500);
    assertThat(egress.arp(2, GUEST_MAC, 0x0A00_0202, GUEST_MAC, 0x0A00_0264)).isTrue();
    SentFrame frame = sent.takeOnly();
    assertThat(frame.etherType()).isEqualTo(0x0806);
    assertThat(frame.virtioFlags()).isZero();
    assertThat(frame.from(frame.ipAt()))
        .inHexadecimal()
        .containsExactly(
            0, 1, 8, 0, 6, 4, 0, 2, 0x52, 0x55, 0x0A, 0, 2, 2, 0x0A, 0, 2, 2, 0x0A, 0x11, 0x22,
            0x33, 0x44, 0x55, 0x0A, 0, 2, 0x64);
  }

  @Test
  void aRefusedFrameIsReportedAndNotCounted() {
    sent.refuse();
    fill(3000);
    assertThat(tcp(false, TcpHeader.ACK, 0, 1000)).isFalse();
    assertThat(udp(false, Unpooled.wrappedBuffer(new byte[9]), 0, 9)).isFalse();
    assertThat(counters.get(Count.FRAMES_OUT)).isZero();
  }

  @Test
  void aClosedDoorRefuses() {
    egress.close();
    egress.close();
    assertThat(tcp(false, TcpHeader.ACK, 0, 1000)).isFalse();
    assertThat(udp(false, Unpooled.EMPTY_BUFFER, 0, 0)).isFalse();
    assertThat(egress.arp(2, 1, 1, 1, 1)).isFalse();
    assertThat(egress.icmp(0, 1, 0, 1, Unpooled.EMPTY_BUFFER, 0, 0, 1, 0)).isFalse();
    assertThat(sent.all()).isEmpty();
  }

  @Test
  void queuesOfADeviceShareNoIdentification() {
    int queues = 3;
    int[] owner = new int[1 << 16];
    Arrays.fill(owner, -1);
    payload.clear();
    Discarding last = new Discarding();
    // The leak detector notes every access to a buffer that it watches: here a million.
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    for (int own = 0; own < queues; own++) {
      egress.close();
      egress = new Egress(lan(), last, neighbors, counters, 1500, queues, own);
      // More than there are, so that they wrap.
      for (int i = 0; i < 20_000; i++) {
        tcp(false, TcpHeader.ACK, 0, 1000);
        int id = last.identification;
        assertThat(owner[id] == -1 || owner[id] == own).isTrue();
        owner[id] = own;
      }
    }
    ResourceLeakDetector.setLevel(level);
    assertThat(Arrays.stream(owner).filter(one -> one == 2).count()).isEqualTo(1 << 14);
  }

  @Test
  void nothingIsAllocatedPerFrame() {
    egress.close();
    // The leak detector notes every access to a buffer that it watches, and allocates for that.
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    egress = new Egress(lan(), new Discarding(), neighbors, counters, 1500);
    ByteBuf data = Unpooled.directBuffer(70_000).writeZero(70_000);
    ByteBuf quietOptions = Unpooled.directBuffer(40).writeZero(40);
    ResourceLeakDetector.setLevel(level);
    payload.clear();
    payload.add(data, 0, 20_000);
    long bytes =
        Garbage.perPass(
            10_000,
            () -> {
              for (int i = 0; i < 3000; i++) {
                everyKindOfFrame(data, quietOptions);
              }
            });
    data.release();
    quietOptions.release();
    // Thousands of frames; what remains is the measuring itself.
    assertThat(bytes).isLessThan(10_000);
  }

  private static Lan lan() {
    return Lan.standard(
        Cidr.parse("10.0.2.0/24"),
        Cidr.parse("fd00::/64"),
        MacAddress.parse("52:55:0a:00:02:02"),
        1500);
  }

  private void everyKindOfFrame(ByteBuf data, ByteBuf quietOptions) {
    tcp(false, TcpHeader.ACK, quietOptions, 8, 1448);
    tcp(true, TcpHeader.ACK, quietOptions, 8, 20_000);
    udp(true, data, 0, 100);
    udp(false, data, 0, 4000);
    datagrams(true, data, 4000, 1400);
  }

  private static final class Discarding implements FrameSink {
    /** Of the last packet, if it was IPv4. */
    int identification;

    @Override
    public boolean emit(ByteBuf header, int headerLength, Gather payload) {
      identification = header.getUnsignedShort(EthernetHeader.LENGTH + 4);
      return true;
    }

    @Override
    public int virtioHeaderLength() {
      return 0;
    }

    @Override
    public Offload offload() {
      return Offload.NONE;
    }
  }
}
