package io.slipway.flow;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.bench.EngineBenchmark;
import io.slipway.bench.GuestLine;
import io.slipway.route.Protocol;
import io.slipway.wire.IpAddress;
import io.slipway.wire.Packet;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Finding a TCP flow among so many, in an order that no cache foresees. The flows are whole ones,
 * connection included, so that they lie as far apart as they do in an engine. Allocates nothing.
 */
public class FlowTableBenchmark extends EngineBenchmark {
  private static final long GUEST = IpAddress.mapV4(0x0A00_0264);
  private static final long REMOTE = IpAddress.mapV4(0xC633_6400);
  private static final int PORTS = 50_000;
  private static final int REMOTE_PORT = 443;
  private static final int PROTOCOL_TCP = 6;

  /** A prime that divides no number of flows, and strides over any cache. */
  private static final int STRIDE = 611_953;

  /** Flows in the table. */
  @Param({"10", "10000", "1000000"})
  public int flows = 10;

  private final GuestLine line = new GuestLine(true);
  private FlowTable table = new FlowTable(1);
  private int turn;

  /** Makes the flows; a million takes a second and a gigabyte. */
  @Setup
  public void fill() {
    table = new FlowTable(0x5EED_5EED_5EED_5EEDL);
    ByteBuf none = Unpooled.directBuffer(64).writeZero(64);
    Packet packet = new Packet();
    packet.reset(none, 64);
    packet.transport(PROTOCOL_TCP, 0, 20);
    packet.source(0, GUEST);
    for (int i = 0; i < flows; i++) {
      packet.destination(0, remote(i));
      packet.ports(port(i), REMOTE_PORT);
      table.add(new TcpFlow(line.flows(), i, packet, null, 0));
    }
    none.release();
  }

  /** Checks that every flow is found, and closes the line. */
  @TearDown
  public void close() {
    for (int i = 0; i < flows; i++) {
      Flow flow = find(i, REMOTE_PORT);
      if (flow == null || flow.id != i) {
        throw new IllegalStateException("flow " + i + " is not found");
      }
    }
    line.close();
  }

  private static int port(int flow) {
    return 10_000 + flow % PORTS;
  }

  private static long remote(int flow) {
    return REMOTE + flow / PORTS;
  }

  private @Nullable Flow find(int flow, int remotePort) {
    return table.find(Protocol.TCP, 0, GUEST, port(flow), 0, remote(flow), remotePort);
  }

  private int next() {
    turn = (int) ((turn + (long) STRIDE) % flows);
    return turn;
  }

  /** One that is there. */
  @Benchmark
  public @Nullable Object hit() {
    return find(next(), REMOTE_PORT);
  }

  /** One that is not: what every SYN asks first. */
  @Benchmark
  public @Nullable Object miss() {
    return find(next(), REMOTE_PORT + 1);
  }
}
