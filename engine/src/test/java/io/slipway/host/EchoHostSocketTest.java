package io.slipway.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.slipway.flow.HostEcho;
import io.slipway.wire.IcmpHeader;
import io.slipway.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A socket that pings the loopback: of the kind that whoever runs this may have, a ping socket of
 * the kernel's or, for root where those are closed, a raw one.
 */
@Timeout(60)
final class EchoHostSocketTest implements HostEcho.Events {
  private static final int GUEST_ID = 0x4711;

  private final HostRoom room = new HostRoom();
  private final List<String> replies = new ArrayList<>();
  private final AtomicInteger closed = new AtomicInteger();

  @AfterEach
  void close() {
    room.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void requestsAreAnsweredWithTheHostsIdentifier(String address) {
    HostEcho echo = open(address);
    assertThat(send(echo, address, 1, "first", 64)).isEqualTo(8 + 5);
    assertThat(send(echo, address, 2, "second", 7)).isEqualTo(8 + 6);
    HostRoom.await("both replies", () -> replies().size() == 2);
    assertThat(replies())
        .containsExactly(
            address + " id " + echo.id() + " seq 1 first, hops 64",
            address + " id " + echo.id() + " seq 2 second, hops 64");
    room.run(echo::close);
    HostRoom.await("closed", () -> closed.get() == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void socketsOfOneIdentifierDoNotHearEachOther(String address) {
    HostEcho one = open(address);
    HostEcho other = open(address);
    assertThat(one.id()).isNotEqualTo(other.id());
    send(one, address, 1, "one", 64);
    send(other, address, 2, "other", 64);
    HostRoom.await("both replies", () -> replies().size() == 2);
    HostRoom.pause(50);
    assertThat(replies())
        .containsExactlyInAnyOrder(
            address + " id " + one.id() + " seq 1 one, hops 64",
            address + " id " + other.id() + " seq 2 other, hops 64");
  }

  @Test
  void whatTheKernelRefusesIsReturned() {
    HostEcho echo = open("127.0.0.1");
    int noBroadcast = 13; // EACCES
    assertThat(send(echo, "255.255.255.255", 1, "", 64)).isEqualTo(-noBroadcast);
  }

  @Test
  void identifiersAreGivenOnceAndGivenBack() {
    EchoIds ids = new EchoIds();
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < 1 << 16; i++) {
      taken.add(ids.take());
    }
    assertThat(taken).hasSize(1 << 16).doesNotContain(-1);
    assertThat(ids.take()).isEqualTo(-1);
    ids.giveBack(99);
    assertThat(ids.take()).isEqualTo(99);
  }

  private HostEcho open(String address) {
    boolean v6 = !IpAddress.parse(address).isV4();
    return room.call(() -> room.sockets.openEcho(v6, null, GUEST_ID, this));
  }

  /** Sends a request and sees to it that the message is left as it was. */
  private int send(HostEcho echo, String address, int seq, String payload, int hopLimit) {
    IpAddress to = IpAddress.parse(address);
    int type = to.isV4() ? IcmpHeader.ECHO_REQUEST : IcmpHeader.ECHO_REQUEST_V6;
    return room.call(() -> {
      ByteBuf message = room.allocator.directBuffer(64);
      message.writeZero(IcmpHeader.LENGTH).writeCharSequence(payload, StandardCharsets.US_ASCII);
      IcmpHeader.set(message, 0, type, 0, GUEST_ID << 16 | seq);
      ByteBuf before = message.copy();
      int length = message.readableBytes();
      int sent = echo.send(message, 0, length, to.high(), to.low(), hopLimit, true);
      assertThat(message).isEqualTo(before);
      before.release();
      message.release();
      return sent;
    });
  }

  private List<String> replies() {
    synchronized (replies) {
      return List.copyOf(replies);
    }
  }

  @Override
  public void onReply(
      ByteBuf slab, int offset, int length, long srcHigh, long srcLow, int hopLimit) {
    int body = offset + IcmpHeader.LENGTH;
    synchronized (replies) {
      replies.add(
          new IpAddress(srcHigh, srcLow)
              + " id "
              + IcmpHeader.id(slab, offset)
              + " seq "
              + IcmpHeader.seq(slab, offset)
              + " "
              + slab.toString(body, length - IcmpHeader.LENGTH, StandardCharsets.US_ASCII)
              + ", hops "
              + hopLimit);
    }
  }

  @Override
  public void onError(
      int icmpType,
      int icmpCode,
      int mtu,
      long offenderHigh,
      long offenderLow,
      long dstHigh,
      long dstLow,
      ByteBuf quoted,
      int off,
      int len) {
    throw new AssertionError("ICMP error " + icmpType + "/" + icmpCode);
  }

  @Override
  public void onClosed() {
    closed.incrementAndGet();
  }
}
