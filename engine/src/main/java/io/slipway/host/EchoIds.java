package io.slipway.host;

import java.util.BitSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The identifiers that the raw sockets of one event loop ping with. Owned by {@link
 * NettyHostSockets}. Nobody hands them out on a host, so they are drawn at random, and none that is
 * in use here is given twice.
 */
final class EchoIds {
  private static final int ALL = 1 << 16;

  private final BitSet used = new BitSet(ALL);

  /** An identifier that no other socket of this loop has, or -1 when there is none. */
  int take() {
    int start = ThreadLocalRandom.current().nextInt(ALL);
    int id = used.nextClearBit(start);
    if (id >= ALL) {
      id = used.nextClearBit(0);
    }
    if (id >= ALL) {
      return -1;
    }
    used.set(id);
    return id;
  }

  /** The identifier is free again. */
  void giveBack(int id) {
    used.clear(id);
  }
}
