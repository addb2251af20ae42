package io.slipway.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;

/** All that the clients talk to. */
final class LoadServer {
  private static final long WARM_NANOS = 400_000_000;

  private LoadServer() {}

  /** Starts, has its own clients warm it, says that it is ready, and stays. */
  static Report run(InetSocketAddress local) throws IOException, InterruptedException {
    start(local);
    RequestClient.measure(local, WARM_NANOS, 1);
    ConnectClient.measure(local, 4, WARM_NANOS, 1);
    DatagramClient.measure(local, WARM_NANOS, 1);
    RateClient.once(local, RateClient.Direction.UP, 1400, 100_000, 1, WARM_NANOS);
    RateClient.once(local, RateClient.Direction.DOWN, 1400, 100_000, 1, WARM_NANOS);
    System.out.println(new Report("listening").with("port", local.getPort()));
    Thread.currentThread().join();
    throw new AssertionError("a thread does not outlive itself");
  }

  /** Starts on threads that do not keep the program alive. */
  static DatagramServer start(InetSocketAddress local) throws IOException {
    DatagramServer datagrams = new DatagramServer(Peer.of(local));
    InetSocketAddress control = new InetSocketAddress(local.getAddress(), local.getPort() + 1);
    Thread.ofPlatform().daemon().name("echo").start(new EchoServer(local));
    Thread.ofPlatform().daemon().name("datagrams").start(datagrams);
    Thread.ofPlatform().daemon().name("control").start(new ControlServer(control, datagrams));
    return datagrams;
  }
}
