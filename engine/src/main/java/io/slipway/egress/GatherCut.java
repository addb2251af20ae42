package io.slipway.egress;

import io.slipway.wire.Gather;

/**
 * Walks along a payload and cuts consecutive stretches from it, without moving a byte. Owned by one
 * {@link Egress}; begun anew for every payload, and nothing of the payload is kept after {@link
 * #end()}.
 */
final class GatherCut {

  private final Gather stretch = new Gather();
  private Gather source = stretch;
  private int piece;
  private int taken;

  /** Starts at the first byte of {@code payload}. */
  void begin(Gather payload) {
    source = payload;
    piece = 0;
    taken = 0;
  }

  /** Returns the next {@code length} bytes, which must be there; valid until the next call. */
  Gather next(int length) {
    stretch.clear();
    int missing = length;
    while (missing > 0) {
      int available = source.length(piece) - taken;
      int part = Math.min(available, missing);
      if (part > 0) {
        stretch.add(source.buffer(piece), source.offset(piece) + taken, part);
      }
      taken += part;
      missing -= part;
      if (taken == source.length(piece)) {
        piece++;
        taken = 0;
      }
    }
    return stretch;
  }

  /** Lets go of the payload. */
  void end() {
    stretch.clear();
    source = stretch;
  }
}
