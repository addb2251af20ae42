package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.flow.HostDatagrams;
import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Notes what a datagram socket tells. */
final class DatagramLog implements HostDatagrams.Events {
  record Datagram(ByteBuf payload, int size, Endpoint from, int hopLimit) {}

  record Failure(
      int errno, int type, int code, IpAddress offender, Endpoint destination, String quoted) {}

  /** Set in place of the lists where the test counts what is allocated. */
  @Nullable Runnable onDatagram;

  private final AtomicLong count = new AtomicLong();
  volatile boolean closed;
  private final List<Datagram> datagrams = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();

  synchronized List<String> refusals() {
    return List.copyOf(refusals);
  }

  /** Datagrams so far. */
  long count() {
    return count.get();
  }

  synchronized List<Datagram> datagrams() {
    return List.copyOf(datagrams);
  }

  synchronized List<Failure> failures() {
    return List.copyOf(failures);
  }

  @Override
  public void onDatagrams(
      ByteBuf slab,
      int offset,
      int length,
      int size,
      long srcHigh,
      long srcLow,
      int srcPort,
      int hopLimit) {
    count.addAndGet(size == 0 ? 1 : (length + size - 1) / size);
    if (onDatagram != null) {
      onDatagram.run();
      return;
    }
    Datagram datagram =
        new Datagram(
            Unpooled.copiedBuffer(slab.slice(offset, length)),
            size,
            new Endpoint(new IpAddress(srcHigh, srcLow), srcPort),
            hopLimit);
    synchronized (this) {
      datagrams.add(datagram);
    }
  }

  @Override
  public void onReadBatchEnd() {}

  @Override
  public synchronized void onRefused(
      int errno, long dstHigh, long dstLow, int dstPort, ByteBuf data, int offset, int length) {
    refusals.add(errno + " " + data.toString(offset, length, StandardCharsets.US_ASCII));
  }

  @Override
  public synchronized void onError(
      int errno,
      int icmpType,
      int icmpCode,
      int mtu,
      long offenderHigh,
      long offenderLow,
      long dstHigh,
      long dstLow,
      int dstPort,
      ByteBuf quoted,
      int off,
      int len) {
    failures.add(
        new Failure(
            errno,
            icmpType,
            icmpCode,
            new IpAddress(offenderHigh, offenderLow),
            new Endpoint(new IpAddress(dstHigh, dstLow), dstPort),
            quoted.toString(off, len, StandardCharsets.US_ASCII)));
  }

  @Override
  public void onClosed() {
    if (closed) {
      throw new AssertionError("told twice");
    }
    closed = true;
  }
}
