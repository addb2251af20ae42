package io.slipway.host;

import io.netty.buffer.ByteBuf;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Notes what a stream tells, and can react to data as a flow would. */
final class StreamLog implements HostStream.Events {
  /** What to do with data besides counting it. */
  interface OnData {
    void data(HostStream stream, int length);
  }

  HostStream stream = new RefusedStream(0, this);
  @Nullable Endpoint local;
  volatile int largestRead;
  int wanted = StreamMemory.READ_SIZE;
  int piece = StreamMemory.READ_SIZE;
  @Nullable OnData onData;
  @Nullable Runnable onDrained;
  private final AtomicLong received = new AtomicLong();
  private final CRC32 crc = new CRC32();
  private final List<String> events = new ArrayList<>();

  /** The events other than data, in order; a run of drained or batch is one entry. */
  synchronized List<String> events() {
    return List.copyOf(events);
  }

  synchronized boolean has(String event) {
    return events.contains(event);
  }

  long received() {
    return received.get();
  }

  synchronized long checksum() {
    return crc.getValue();
  }

  private synchronized void note(String event) {
    if (events.isEmpty() || !events.getLast().equals(event) || !event.equals("drained")) {
      events.add(event);
    }
  }

  @Override
  public void onConnected() {
    local = stream.local();
    note("connected");
  }

  @Override
  public void onConnectFailed(int errno) {
    note("connectFailed " + errno);
  }

  @Override
  public void onConnectRejected(int icmpType, int icmpCode, long offenderHigh, long offenderLow) {
    IpAddress offender = new IpAddress(offenderHigh, offenderLow);
    note("connectRejected " + icmpType + "/" + icmpCode + " " + offender);
  }

  @Override
  public int wanted() {
    return wanted;
  }

  @Override
  public int piece() {
    return piece;
  }

  @Override
  public void onData(ByteBuf data) {
    int length = data.readableBytes();
    largestRead = Math.max(largestRead, length);
    synchronized (this) {
      crc.update(data.nioBuffer());
    }
    data.release();
    received.addAndGet(length);
    if (onData != null) {
      onData.data(stream, length);
    }
  }

  @Override
  public void onReadBatchEnd() {}

  @Override
  public void onDrained() {
    note("drained");
    if (onDrained != null) {
      onDrained.run();
    }
  }

  @Override
  public void onEof() {
    note("eof");
  }

  @Override
  public void onFailed(int errno) {
    note("failed " + errno);
  }

  @Override
  public void onClosed() {
    note("closed");
  }
}
