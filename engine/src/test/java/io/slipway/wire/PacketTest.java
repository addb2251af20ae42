package io.slipway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class PacketTest {

  @Test
  void showsWhatTheDecodersSaid() {
    ByteBuf frame = Unpooled.buffer(8);
    Packet packet = new Packet();
    packet.reset(frame, 1);
    packet.offload(true, 2, 3);
    packet.ethernet(4, 5, 6, 7);
    assertThat(packet.ipAt()).isEqualTo(7);
    packet.ip(true, 8, 9, 10);
    packet.handling(11, 12);
    packet.source(13, 14);
    packet.destination(15, 16);
    packet.transport(17, 18, 19);
    packet.ports(20, 21);
    assertThat(packet.frame()).isSameAs(frame);
    assertThat(packet.end()).isEqualTo(1);
    assertThat(packet.checksumTrusted()).isTrue();
    assertThat(packet.gsoType()).isEqualTo(2);
    assertThat(packet.gsoSize()).isEqualTo(3);
    assertThat(packet.sourceMac()).isEqualTo(4);
    assertThat(packet.destinationMac()).isEqualTo(5);
    assertThat(packet.etherType()).isEqualTo(6);
    assertThat(packet.isV6()).isTrue();
    assertThat(packet.ipAt()).isEqualTo(8);
    assertThat(packet.ipHeaderLength()).isEqualTo(9);
    assertThat(packet.ipLength()).isEqualTo(10);
    assertThat(packet.hopLimit()).isEqualTo(11);
    assertThat(packet.trafficClass()).isEqualTo(12);
    assertThat(packet.sourceAddress()).isEqualTo(new IpAddress(13, 14));
    assertThat(packet.sourceHigh()).isEqualTo(13);
    assertThat(packet.sourceLow()).isEqualTo(14);
    assertThat(packet.destinationAddress()).isEqualTo(new IpAddress(15, 16));
    assertThat(packet.destinationHigh()).isEqualTo(15);
    assertThat(packet.destinationLow()).isEqualTo(16);
    assertThat(packet.protocol()).isEqualTo(17);
    assertThat(packet.transportAt()).isEqualTo(18);
    assertThat(packet.transportLength()).isEqualTo(19);
    assertThat(packet.sourcePort()).isEqualTo(20);
    assertThat(packet.destinationPort()).isEqualTo(21);
  }

  @Test
  void aNewFrameHasNoOffloadAndNoPortsOfTheLastOne() {
    Packet packet = new Packet();
    packet.offload(true, 1, 1460);
    packet.ports(80, 81);
    packet.reset(Unpooled.buffer(1), 1);
    assertThat(packet.checksumTrusted()).isFalse();
    assertThat(packet.gsoType()).isZero();
    assertThat(packet.gsoSize()).isZero();
    assertThat(packet.sourcePort()).isZero();
    assertThat(packet.destinationPort()).isZero();
    packet.clear();
    assertThat(packet.frame()).isSameAs(Unpooled.EMPTY_BUFFER);
  }

  @Test
  void aGatherGrowsAndForgets() {
    Gather gather = new Gather();
    ByteBuf[] buffers = new ByteBuf[50];
    int total = 0;
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = Unpooled.buffer(1);
      gather.add(buffers[i], i, 2 * i);
      total += 2 * i;
    }
    assertThat(gather.count()).isEqualTo(50);
    assertThat(gather.total()).isEqualTo(total);
    for (int i = 0; i < buffers.length; i++) {
      assertThat(gather.buffer(i)).isSameAs(buffers[i]);
      assertThat(gather.offset(i)).isEqualTo(i);
      assertThat(gather.length(i)).isEqualTo(2 * i);
      assertThat(buffers[i].refCnt()).isEqualTo(1);
    }
    gather.clear();
    assertThat(gather.count()).isZero();
    assertThat(gather.total()).isZero();
    assertThat(gather.buffer(49)).isSameAs(Unpooled.EMPTY_BUFFER);
  }
}
