package io.slipway.host;

import static io.slipway.host.HostRoom.await;
import static io.slipway.host.HostRoom.pause;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostSocketException;
import io.slipway.leaks.Garbage;
import io.slipway.route.Endpoint;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpSocket;
import io.slipway.wire.IpAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One UDP socket of the host, against real ones on the loopback. */
@Timeout(60)
final class UdpHostDatagramsTest {
  private static final int LARGEST = 65507;
  private static final String MANY =
      "99999999999999999999999999999999999999999999999999"
          + "99999999999999999999999999999999999999999999999999"
          + "99999999999999999999999999999999999999999999999999";

  private final HostRoom room = new HostRoom();
  private final DatagramLog log = new DatagramLog();
  private DatagramSocket peer;
  private HostDatagrams datagrams;
  private ByteBuf out;

  @BeforeEach
  void open() throws IOException {
    peer = new DatagramSocket(SocketAddresses.of(Endpoint.parse("127.0.0.1:0")));
    peer.setReceiveBufferSize(4 << 20);
    peer.setSoTimeout(10_000);
    datagrams = room.call(() -> room.sockets.openDatagrams(false, null, 0, log));
    out = room.allocator.directBuffer(LARGEST + 8, LARGEST + 8);
  }

  @AfterEach
  void closeAll() {
    peer.close();
    out.release();
    room.close();
  }

  private int send(byte[] payload, String address, int port, int hopLimit) {
    IpAddress to = IpAddress.parse(address);
    return room.call(() -> {
      out.setBytes(3, payload);
      int sent = datagrams.send(out, 3, payload.length, to.high(), to.low(), port, hopLimit, false);
      room.sockets.flush();
      return sent;
    });
  }

  private int send(byte[] payload, int port) {
    return send(payload, "127.0.0.1", port, 0);
  }

  private byte[] receive() throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
    peer.receive(packet);
    assertThat(packet.getPort()).isEqualTo(datagrams.local().port());
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private void answer(byte[] payload) throws IOException {
    peer.send(
        new DatagramPacket(
            payload, payload.length, InetAddress.getLoopbackAddress(), datagrams.local().port()));
  }

  @Test
  void everySizeBothWaysInOrder() throws IOException {
    room.run(datagrams::resumeReads);
    int[] sizes = {0, 1, 2, 7, 508, 1472, 1473, 9000, 32_768, 65_506, LARGEST, 0};
    for (int i = 0; i < sizes.length; i++) {
      byte[] payload = Bytes.random(i, sizes[i]);
      assertThat(send(payload, peer.getLocalPort())).isEqualTo(sizes[i]);
      assertThat(receive()).isEqualTo(payload);
      answer(payload);
      int expected = i + 1;
      await("answer", () -> log.datagrams().size() == expected);
      assertThat(ByteBufUtil.getBytes(log.datagrams().get(i).payload())).isEqualTo(payload);
      assertThat(log.datagrams().get(i).from()).isEqualTo(HostRoom.loopback(peer.getLocalPort()));
    }
    assertThat(send(new byte[LARGEST + 1], peer.getLocalPort())).isEqualTo(-Errno.EMSGSIZE);
    assertThat(datagrams.local().address()).isEqualTo(IpAddress.parse("0.0.0.0"));
    assertThat(log.failures()).isEmpty();
  }

  @Test
  void manyInOneTurnKeepTheirOrder() throws IOException {
    for (int i = 0; i < 100; i++) {
      answer(new byte[] {(byte) i, 9});
    }
    pause(20);
    assertThat(log.datagrams()).isEmpty();
    room.run(datagrams::resumeReads);
    await("all", () -> log.datagrams().size() == 100);
    for (int i = 0; i < 100; i++) {
      assertThat(ByteBufUtil.getBytes(log.datagrams().get(i).payload())).containsExactly(i, 9);
    }
  }

  @Test
  void pausedDatagramsWait() throws IOException {
    room.run(datagrams::resumeReads);
    answer(new byte[1]);
    await("first", () -> log.count() == 1);
    room.run(datagrams::pauseReads);
    answer(new byte[1]);
    pause(50);
    assertThat(log.count()).isEqualTo(1);
    room.run(datagrams::resumeReads);
    await("second", () -> log.count() == 2);
  }

  /** Lengths of one batch, each digit's datagram as long as the digit says, in hundreds. */
  @ParameterizedTest
  @ValueSource(strings = {"55555", "5553", "55535", "3555", "1", "5050", "22223333", MANY})
  void aBatchLeavesTogetherAndArrivesAsItWasSent(String lengths) throws IOException {
    IpAddress to = IpAddress.parse("127.0.0.1");
    int port = peer.getLocalPort();
    room.run(() -> {
      for (int i = 0; i < lengths.length(); i++) {
        int length = 100 * (lengths.charAt(i) - '0');
        out.setZero(0, length).setByte(0, i);
        assertThat(datagrams.send(out, 0, length, to.high(), to.low(), port, 0, false))
            .isEqualTo(length);
      }
      out.setZero(0, 1000); // what waits is a copy
      room.sockets.flush();
    });
    for (int i = 0; i < lengths.length(); i++) {
      byte[] datagram = receive();
      assertThat(datagram).hasSize(100 * (lengths.charAt(i) - '0'));
      if (datagram.length > 0) {
        assertThat(datagram[0]).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void socketsAndPeersMayTakeTurns() throws IOException {
    IpAddress to = IpAddress.parse("127.0.0.1");
    List<HostDatagrams> sockets = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      sockets.add(room.call(() -> room.sockets.openDatagrams(false, null, 0, new DatagramLog())));
    }
    try (DatagramSocket second =
        new DatagramSocket(SocketAddresses.of(Endpoint.parse("127.0.0.1:0")))) {
      second.setSoTimeout(10_000);
      room.run(() -> {
        out.setZero(0, 100);
        for (int round = 0; round < 3; round++) {
          for (HostDatagrams socket : sockets) {
            for (int port : new int[] {peer.getLocalPort(), second.getLocalPort()}) {
              out.setByte(0, round);
              assertThat(socket.send(out, 0, 100, to.high(), to.low(), port, 0, false))
                  .isEqualTo(100);
            }
          }
        }
        sockets.forEach(HostDatagrams::close); // which sends what waits
      });
      for (DatagramSocket receiver : List.of(peer, second)) {
        Map<Integer, Integer> rounds = new HashMap<>();
        for (int i = 0; i < 60; i++) {
          DatagramPacket packet = new DatagramPacket(new byte[200], 200);
          receiver.receive(packet);
          assertThat(packet.getLength()).isEqualTo(100);
          int round = rounds.merge(packet.getPort(), 1, Integer::sum);
          assertThat(packet.getData()[0]).isEqualTo((byte) (round - 1));
        }
        assertThat(rounds).hasSize(20);
      }
    }
  }

  @Test
  void aClosedPortIsReportedWithTheDatagramsDestination() throws IOException {
    int closedPort;
    try (DatagramSocket closed =
        new DatagramSocket(SocketAddresses.of(Endpoint.parse("127.0.0.5:0")))) {
      closedPort = closed.getLocalPort();
    }
    byte[] question = "anyone there?".getBytes(US_ASCII);
    assertThat(send(question, "127.0.0.5", closedPort, 0)).isEqualTo(question.length);
    await("error", () -> log.failures().size() == 1);
    DatagramLog.Failure failure = log.failures().getFirst();
    assertThat(failure.errno()).isEqualTo(Errno.ECONNREFUSED);
    assertThat(failure.type()).isEqualTo(3);
    assertThat(failure.code()).isEqualTo(3);
    assertThat(failure.offender()).isEqualTo(IpAddress.parse("127.0.0.5"));
    assertThat(failure.destination()).isEqualTo(Endpoint.parse("127.0.0.5:" + closedPort));
    assertThat(failure.quoted()).isEqualTo(new String(question, US_ASCII));
  }

  @Test
  void anotherPeersErrorSpoilsNoDatagram() throws IOException {
    room.run(datagrams::resumeReads);
    int closedPort;
    try (DatagramSocket closed =
        new DatagramSocket(SocketAddresses.of(Endpoint.parse("127.0.0.5:0")))) {
      closedPort = closed.getLocalPort();
    }
    IpAddress dead = IpAddress.parse("127.0.0.5");
    IpAddress alive = IpAddress.parse("127.0.0.1");
    int port = peer.getLocalPort();
    for (int i = 0; i < 50; i++) {
      byte id = (byte) i;
      room.run(() -> {
        out.setByte(0, id);
        // The error of the first is pending when the second is sent in the same turn.
        assertThat(datagrams.send(out, 0, 1, dead.high(), dead.low(), closedPort, 0, false))
            .isEqualTo(1);
        assertThat(datagrams.send(out, 0, 1, alive.high(), alive.low(), port, 0, false))
            .isEqualTo(1);
        room.sockets.flush();
      });
      assertThat(receive()).containsExactly(i);
    }
    await("errors", () -> log.failures().size() == 50);
    answer(new byte[] {1});
    await("answer", () -> log.count() == 1);
  }

  @Test
  void refusedDestinationsAreErrnos() {
    assertThat(send("all".getBytes(US_ASCII), "255.255.255.255", 9, 0)).isEqualTo(3);
    assertThat(log.refusals()).containsExactly(Errno.EACCES + " all");
    assertThat(send(new byte[1], "127.0.0.1", peer.getLocalPort(), 0)).isEqualTo(1);
  }

  @Test
  void theHopLimitIsSetWhenItChanges() throws IOException {
    // One hop is enough on the loopback, and the kernel refuses none of these.
    for (int hopLimit : new int[] {1, 1, 64, 255, 0}) {
      assertThat(send(new byte[] {5}, "127.0.0.1", peer.getLocalPort(), hopLimit)).isEqualTo(1);
      assertThat(receive()).containsExactly(5);
    }
  }

  @Test
  void aSourceIsBound() {
    DatagramLog own = new DatagramLog();
    IpAddress ours = IpAddress.parse("127.0.0.7");
    HostDatagrams bound = room.call(() -> room.sockets.openDatagrams(false, ours, 0, own));
    assertThat(bound.local().address()).isEqualTo(ours);
    IpAddress notOurs = IpAddress.parse("192.0.2.1");
    room.run(() ->
        assertThatThrownBy(() -> room.sockets.openDatagrams(false, notOurs, 0, own))
            .isInstanceOfSatisfying(
                HostSocketException.class,
                e -> assertThat(e.errno()).isEqualTo(Errno.EADDRNOTAVAIL)));
    room.run(bound::close);
    await("closed", () -> own.closed);
    assertThat(room.channels()).isEqualTo(1);
  }

  @Test
  void ipv6() throws IOException {
    DatagramLog own = new DatagramLog();
    HostDatagrams six = room.call(() -> room.sockets.openDatagrams(true, null, 0, own));
    IpAddress self = IpAddress.parse("::1");
    int port;
    try (DatagramSocket other = new DatagramSocket(SocketAddresses.of(Endpoint.parse("[::1]:0")))) {
      other.setSoTimeout(10_000);
      port = other.getLocalPort();
      room.run(() -> {
        six.resumeReads();
        out.setByte(0, 42);
        assertThat(six.send(out, 0, 1, self.high(), self.low(), port, 7, false)).isEqualTo(1);
        room.sockets.flush();
      });
      DatagramPacket packet = new DatagramPacket(new byte[10], 10);
      other.receive(packet);
      other.send(packet);
      await("echo", () -> own.datagrams().size() == 1);
      assertThat(own.datagrams().getFirst().from()).isEqualTo(new Endpoint(self, port));
    }
    room.run(() -> {
      six.send(out, 0, 1, self.high(), self.low(), port, 7, false);
      room.sockets.flush();
    });
    await("error", () -> own.failures().size() == 1);
    assertThat(own.failures().getFirst().type()).isEqualTo(1);
    assertThat(own.failures().getFirst().code()).isEqualTo(4);
    assertThat(own.failures().getFirst().destination()).isEqualTo(new Endpoint(self, port));
  }

  @Test
  void aPortIsHadIfItIsFree() {
    int taken = datagrams.local().port();
    HostDatagrams another =
        room.call(() -> room.sockets.openDatagrams(false, null, taken, new DatagramLog()));
    assertThat(another.local().port()).isPositive().isNotEqualTo(taken);
    room.run(datagrams::close);
    await("closed", () -> log.closed);
    HostDatagrams next =
        room.call(() -> room.sockets.openDatagrams(false, null, taken, new DatagramLog()));
    assertThat(next.local().port()).isEqualTo(taken);
  }

  @Test
  void theGroupClosesTheSocket() {
    room.children.close().syncUninterruptibly();
    await("closed", () -> log.closed);
    assertThat(send(new byte[1], peer.getLocalPort())).isEqualTo(-Errno.EBADF);
    room.run(datagrams::resumeReads);
    room.run(datagrams::close);
  }

  /** Equal ones cross together; those that grow, one by one. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void nothingIsAllocatedPerDatagram(int growth) {
    room.run(datagrams::resumeReads);
    log.onDatagram = () -> {};
    IpAddress self = IpAddress.parse("127.0.0.1");
    int port = datagrams.local().port();
    int total = 100_000;
    int perTurn = 50;
    // What remains is the test's own: a task and a future for every 50 datagrams.
    long bound = 8L * total;
    long used =
        Garbage.perPass(
            bound,
            room.call(Thread::currentThread),
            () -> {
              long before = log.count();
              for (int sent = 0; sent < total; sent += perTurn) {
                room.run(() -> {
                  for (int i = 0; i < perTurn; i++) {
                    int length = 100 + i * growth;
                    datagrams.send(out, 0, length, self.high(), self.low(), port, 64, false);
                  }
                  room.sockets.flush();
                });
                long wanted = before + sent + perTurn;
                await("a turn's worth", () -> log.count() >= wanted);
              }
            });
    assertThat(used).isLessThan(bound);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatAPeerSentTogetherArrivesTogether(boolean v6) throws HostSocketException {
    int size = 1400;
    int length = 20 * size + 700;
    HostDatagrams socket = room.call(() -> room.sockets.openDatagrams(v6, null, 0, log));
    room.run(socket::resumeReads);
    int fd = UdpSocket.open(v6);
    IpAddress loopback = v6 ? IpAddress.LOOPBACK6 : IpAddress.LOOPBACK4;
    byte[] payload = Bytes.random(20, length);
    out.setBytes(0, payload);
    try (UdpBatch batch = new UdpBatch(2)) {
      assertThat(SendOptions.setHopLimit(fd, v6, 9)).isZero();
      int port = socket.local().port();
      long at = out.memoryAddress();
      assertThat(batch.add(at, length, size, loopback.high(), loopback.low(), port)).isTrue();
      assertThat(batch.add(at, 5, 0, loopback.high(), loopback.low(), port)).isTrue();
      assertThat(UdpSocket.sendAll(fd, batch)).isEqualTo(2);
    } finally {
      Linux.close(fd);
    }
    await("both", () -> log.datagrams().size() == 2);
    DatagramLog.Datagram together = log.datagrams().getFirst();
    assertThat(ByteBufUtil.getBytes(together.payload())).isEqualTo(payload);
    assertThat(together.size()).isEqualTo(size);
    assertThat(together.hopLimit()).isEqualTo(9);
    DatagramLog.Datagram alone = log.datagrams().getLast();
    assertThat(ByteBufUtil.getBytes(alone.payload())).isEqualTo(Arrays.copyOf(payload, 5));
    assertThat(alone.size()).isZero();
    assertThat(alone.hopLimit()).isEqualTo(9);
  }
}
