package io.slipway.bench.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.sys.Errno;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import io.slipway.sys.UdpBatch;
import io.slipway.sys.UdpSocket;

/**
 * A UDP socket and memory to receive into, many datagrams a call. One thread receives; another may
 * send through a {@link PacedSender} on the same descriptor. Closing it is for after both.
 */
final class DatagramPort implements AutoCloseable {
  private static final int SLOTS = 64;
  private static final int SLOT_SIZE = 2048;
  private static final int RECEIVE_BUFFER = 4 << 20;

  private final int fd;
  private final UdpBatch batch = new UdpBatch(SLOTS);
  private final ByteBuf slab = Unpooled.directBuffer(SLOTS * SLOT_SIZE, SLOTS * SLOT_SIZE);

  private DatagramPort(int fd) {
    this.fd = fd;
    for (int slot = 0; slot < SLOTS; slot++) {
      batch.lend(slot, address(slot), SLOT_SIZE);
    }
  }

  /** A socket of the peer's family, not bound. */
  static DatagramPort open(Peer family) {
    int fd = LinuxException.check("socket", UdpSocket.open(family.isIpv6()));
    DatagramPort port = new DatagramPort(fd);
    UdpSocket.setOption(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_RCVBUF, RECEIVE_BUFFER);
    return port;
  }

  /** A bound socket. */
  static DatagramPort bound(Peer local) {
    DatagramPort port = open(local);
    int result = UdpSocket.bind(port.fd, local.high(), local.low(), local.port());
    if (result < 0) {
      port.close();
    }
    LinuxException.check("bind", result);
    return port;
  }

  int descriptor() {
    return fd;
  }

  int localPort() {
    return UdpSocket.localPort(fd);
  }

  /** Bytes that the kernel allows to wait here: twice what was asked for, or what its limit is. */
  int receiveBuffer() {
    return UdpSocket.option(fd, UdpSocket.SOL_SOCKET, UdpSocket.SO_RCVBUF);
  }

  private long address(int slot) {
    return slab.memoryAddress() + (long) slot * SLOT_SIZE;
  }

  /** Waits at most so long for datagrams; returns how many are in slots 0 and up. */
  int receive(int timeoutMillis) {
    int count = UdpSocket.receive(fd, batch);
    if (count == -Errno.EAGAIN && Linux.pollInput(timeoutMillis, fd) > 0) {
      count = UdpSocket.receive(fd, batch);
    }
    // An ICMP error of something sent earlier is not what anybody here waits for.
    return Math.max(count, 0);
  }

  /** The kind of the datagram in a slot. */
  byte kind(int slot) {
    return batch.length(slot) < Datagram.HEADER ? 0 : slab.getByte(slot * SLOT_SIZE);
  }

  int id(int slot) {
    return slab.getInt(slot * SLOT_SIZE + Datagram.ID);
  }

  Peer source(int slot) {
    return new Peer(batch.sourceHigh(slot), batch.sourceLow(slot), batch.sourcePort(slot));
  }

  /** Sends the datagram in a slot back to where it came from, once {@link #flush} is called. */
  void sendBack(int slot) {
    batch.add(
        address(slot),
        batch.length(slot),
        0,
        batch.sourceHigh(slot),
        batch.sourceLow(slot),
        batch.sourcePort(slot));
  }

  /** Sends what was queued; what the kernel does not take is lost, as datagrams are. */
  void flush() {
    while (batch.queued() > 0) {
      if (UdpSocket.sendAll(fd, batch) < 0) {
        batch.drop();
      }
    }
  }

  /** Sends one datagram that is a header only. */
  void say(byte kind, int id, Peer peer) {
    slab.setByte(0, kind).setInt(Datagram.ID, id);
    UdpSocket.send(
        fd, batch, slab.memoryAddress(), Datagram.HEADER, peer.high(), peer.low(), peer.port());
  }

  @Override
  public void close() {
    Linux.close(fd);
    batch.close();
    slab.release();
  }
}
