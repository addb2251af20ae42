package io.slipway.bench.load;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Sends datagrams back, or counts them, as they ask for. One thread runs it; others may ask. */
final class DatagramServer implements Runnable {
  /** Who said hello last. */
  private record Greeting(int id, Peer peer) {}

  /** The trial that is on. */
  private record Count(int id, AtomicLong received) {}

  private final DatagramPort port;
  private volatile Count count = new Count(0, new AtomicLong());
  private volatile @Nullable Greeting greeting;

  DatagramServer(Peer local) {
    port = DatagramPort.bound(local);
  }

  int descriptor() {
    return port.descriptor();
  }

  int receiveBuffer() {
    return port.receiveBuffer();
  }

  /** From now on, only what bears this ID is counted. */
  void count(int id) {
    count = new Count(id, new AtomicLong());
  }

  /** How many have come with this ID; 0 when it is the turn of another. */
  long counted(int id) {
    Count current = count;
    return id == current.id() ? current.received().get() : 0;
  }

  /** Where datagrams with this ID come from, or null when nobody has said hello with it. */
  @Nullable Peer greeted(int id) {
    Greeting last = greeting;
    return last != null && last.id() == id ? last.peer() : null;
  }

  @Override
  public void run() {
    while (true) {
      int arrived = port.receive(-1);
      Count current = count;
      long mine = 0;
      for (int slot = 0; slot < arrived; slot++) {
        switch (port.kind(slot)) {
          case Datagram.DATA -> mine += port.id(slot) == current.id() ? 1 : 0;
          case Datagram.ECHO -> port.sendBack(slot);
          case Datagram.HELLO -> {
            greeting = new Greeting(port.id(slot), port.source(slot));
            port.sendBack(slot);
          }
          default -> {
            // Nobody's.
          }
        }
      }
      current.received().addAndGet(mine);
      port.flush();
    }
  }
}
