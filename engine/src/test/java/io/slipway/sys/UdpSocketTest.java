package io.slipway.sys;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.leaks.Garbage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UdpSocketTest {
  private static final long LOOPBACK4 = 0x0000ffff_7f000001L;
  private static final int SLOT_SIZE = 2048;

  private final Arena arena = Arena.ofShared();
  private final UdpBatch batch = new UdpBatch(8);
  private final UdpError error = new UdpError();
  private final MemorySegment memory = arena.allocate(70_000);
  private int here;
  private int there;

  @BeforeEach
  void open() {
    openSockets(false);
  }

  @AfterEach
  void close() {
    Linux.close(here);
    Linux.close(there);
    error.close();
    batch.close();
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void deliversADatagramWithItsSource(boolean ipv6) {
    reopen(ipv6);
    assertThat(sendText("hello", ipv6, UdpSocket.localPort(there))).isEqualTo(5);

    lendSlots();
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(1);

    assertThat(text(0)).isEqualTo("hello");
    assertThat(batch.truncated(0)).isFalse();
    assertThat(batch.segmentSize(0)).isZero();
    assertThat(batch.sourceHigh(0)).isZero();
    assertThat(batch.sourceLow(0)).isEqualTo(ipv6 ? 1 : LOOPBACK4);
    assertThat(batch.sourcePort(0)).isEqualTo(UdpSocket.localPort(here));
  }

  @Test
  void reportsAnEmptySocketAsEagain() {
    lendSlots();
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void sendsAndReceivesABatchInOrder() {
    int port = UdpSocket.localPort(there);
    for (int i = 0; i < 8; i++) {
      MemorySegment payload = arena.allocateFrom("datagram " + i);
      assertThat(batch.add(payload.address(), 10, 0, 0, LOOPBACK4, port)).isTrue();
    }
    assertThat(batch.add(memory.address(), 1, 0, 0, LOOPBACK4, port)).isFalse();
    assertThat(UdpSocket.sendAll(here, batch)).isEqualTo(8);
    assertThat(batch.queued()).isZero();
    assertThat(UdpSocket.sendAll(here, batch)).isZero();

    lendSlots();
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(8);
    for (int i = 0; i < 8; i++) {
      assertThat(text(i)).isEqualTo("datagram " + i);
    }
  }

  @Test
  void keepsTheUnsentRestOfABatch() {
    int port = UdpSocket.localPort(there);
    batch.add(memory.address(), 1, 0, 0, LOOPBACK4, port);
    batch.add(memory.address(), 65_508, 0, 0, LOOPBACK4, port);
    batch.add(memory.address(), 3, 0, 0, LOOPBACK4, port);

    assertThat(UdpSocket.sendAll(here, batch)).isEqualTo(1);
    assertThat(UdpSocket.sendAll(here, batch)).isEqualTo(-Errno.EMSGSIZE);
    batch.drop();
    assertThat(UdpSocket.sendAll(here, batch)).isEqualTo(1);

    lendSlots();
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(2);
    assertThat(batch.length(0)).isEqualTo(1);
    assertThat(batch.length(1)).isEqualTo(3);
  }

  @Test
  void carriesTheLargestDatagramWhole() {
    memory.set(ValueLayout.JAVA_BYTE, 65_506, (byte) 42);
    int port = UdpSocket.localPort(there);
    assertThat(UdpSocket.send(here, batch, memory.address(), 65_507, 0, LOOPBACK4, port))
        .isEqualTo(65_507);
    memory.fill((byte) 0);

    batch.lend(0, memory.address(), 65_507);
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(1);
    assertThat(batch.length(0)).isEqualTo(65_507);
    assertThat(batch.truncated(0)).isFalse();
    assertThat(memory.get(ValueLayout.JAVA_BYTE, 65_506)).isEqualTo((byte) 42);
  }

  @Test
  void saysThatADatagramWasCut() {
    sendText("0123456789", false, UdpSocket.localPort(there));
    batch.lend(0, memory.address(), 4);
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(1);
    assertThat(batch.length(0)).isEqualTo(4);
    assertThat(batch.truncated(0)).isTrue();
  }

  @Test
  void receivesZeroBytesAsADatagram() {
    sendText("", false, UdpSocket.localPort(there));
    lendSlots();
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(1);
    assertThat(batch.length(0)).isZero();
  }

  @Test
  void segmentsOnSendAndGluesOnReceive() {
    int port = UdpSocket.localPort(there);
    assertThat(UdpSocket.setOption(there, UdpSocket.SOL_UDP, UdpSocket.UDP_GRO, 1)).isZero();
    batch.add(memory.address(), 3000, 1400, 0, LOOPBACK4, port);
    assertThat(UdpSocket.sendAll(here, batch)).isEqualTo(1);

    batch.lend(0, memory.address(), 65_507);
    assertThat(UdpSocket.receive(there, batch)).isEqualTo(1);
    assertThat(batch.length(0)).isEqualTo(3000);
    assertThat(batch.segmentSize(0)).isEqualTo(1400);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void namesTheDestinationOfARefusedDatagram(boolean ipv6) {
    reopen(ipv6);
    int port = UdpSocket.localPort(there);
    Linux.close(there);
    assertThat(sendText("refuse me", ipv6, port)).isEqualTo(9);

    assertThat(Linux.pollInput(2000, here)).isEqualTo(1);
    assertThat(UdpSocket.readError(here, error)).isEqualTo(1);

    assertThat(error.errno()).isEqualTo(Errno.ECONNREFUSED);
    assertThat(error.origin()).isEqualTo(ipv6 ? UdpError.ORIGIN_ICMPV6 : UdpError.ORIGIN_ICMP);
    assertThat(error.type()).isEqualTo(ipv6 ? 1 : 3);
    assertThat(error.code()).isEqualTo(ipv6 ? 4 : 3);
    assertThat(error.offenderHigh()).isZero();
    assertThat(error.offenderLow()).isEqualTo(ipv6 ? 1 : LOOPBACK4);
    assertThat(error.destinationHigh()).isZero();
    assertThat(error.destinationLow()).isEqualTo(ipv6 ? 1 : LOOPBACK4);
    assertThat(error.destinationPort()).isEqualTo(port);
    assertThat(payloadText()).isEqualTo("refuse me");

    assertThat(UdpSocket.readError(here, error)).isZero();
    there = UdpSocket.open(ipv6);
  }

  @Test
  void refusesADatagramLongerThanIpv4Carries() {
    int port = UdpSocket.localPort(there);
    assertThat(UdpSocket.send(here, batch, memory.address(), 65_508, 0, LOOPBACK4, port))
        .isEqualTo(-Errno.EMSGSIZE);
  }

  @Test
  void allocatesNothingPerDatagram() {
    int port = UdpSocket.localPort(there);
    lendSlots();
    exchange(20_000, port);
    long allocated = Garbage.perPass(5_000, () -> exchange(5_000, port));
    // The measurement itself and a compilation's leftovers: far less than a byte per datagram.
    assertThat(allocated).isLessThan(5_000);
  }

  private void exchange(int times, int port) {
    long address = memory.address();
    int wrong = 0;
    for (int i = 0; i < times; i++) {
      wrong += UdpSocket.send(here, batch, address, 100, 0, LOOPBACK4, port) == 100 ? 0 : 1;
      wrong += batch.add(address, 100, 0, 0, LOOPBACK4, port) ? 0 : 1;
      wrong += UdpSocket.sendAll(here, batch) == 1 ? 0 : 1;
      wrong += UdpSocket.receive(there, batch) == 2 ? 0 : 1;
      wrong += batch.sourceLow(1) == LOOPBACK4 && batch.length(1) == 100 ? 0 : 1;
      wrong += UdpSocket.readError(here, error) == 0 ? 0 : 1;
    }
    assertThat(wrong).isZero();
  }

  @Test
  void givesAnErrnoForAPortInUse() {
    int port = UdpSocket.localPort(there);
    assertThat(UdpSocket.bind(here, 0, LOOPBACK4, port)).isNegative();
    int other = UdpSocket.open(false);
    assertThat(UdpSocket.bind(other, 0, LOOPBACK4, port)).isEqualTo(-Errno.EADDRINUSE);
    assertThat(UdpSocket.option(other, UdpSocket.SOL_SOCKET, UdpSocket.SO_ERROR)).isZero();
    Linux.close(other);
  }

  private void openSockets(boolean ipv6) {
    here = LinuxException.check("socket", UdpSocket.open(ipv6));
    there = LinuxException.check("socket", UdpSocket.open(ipv6));
    assertThat(UdpSocket.reportErrors(here, ipv6)).isZero();
    assertThat(UdpSocket.bind(here, 0, ipv6 ? 1 : LOOPBACK4, 0)).isZero();
    assertThat(UdpSocket.bind(there, 0, ipv6 ? 1 : LOOPBACK4, 0)).isZero();
  }

  private void reopen(boolean ipv6) {
    Linux.close(here);
    Linux.close(there);
    openSockets(ipv6);
  }

  private void lendSlots() {
    for (int i = 0; i < batch.capacity(); i++) {
      batch.lend(i, memory.address() + (long) i * SLOT_SIZE, SLOT_SIZE);
    }
  }

  private int sendText(String text, boolean ipv6, int port) {
    MemorySegment payload = arena.allocateFrom(text);
    int length = text.length();
    return UdpSocket.send(here, batch, payload.address(), length, 0, ipv6 ? 1 : LOOPBACK4, port);
  }

  private String text(int slot) {
    byte[] bytes = new byte[batch.length(slot)];
    MemorySegment.copy(
        memory, ValueLayout.JAVA_BYTE, (long) slot * SLOT_SIZE, bytes, 0, bytes.length);
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  @SuppressWarnings("restricted")
  private String payloadText() {
    return new String(
        MemorySegment.ofAddress(error.payloadAddress())
            .reinterpret(error.payloadLength())
            .toArray(ValueLayout.JAVA_BYTE),
        StandardCharsets.US_ASCII);
  }
}
