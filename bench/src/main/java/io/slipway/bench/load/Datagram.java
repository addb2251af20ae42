package io.slipway.bench.load;

/** What the first bytes of a datagram say; the rest is padding. */
final class Datagram {
  /** Is sent back as it came. */
  static final byte ECHO = 'e';

  /** Is sent back, and its sender becomes the target of a source with this ID. */
  static final byte HELLO = 'h';

  /** Is counted. */
  static final byte DATA = 'd';

  /** Where the 32-bit ID of the trial begins. */
  static final int ID = 4;

  /** The least that has a kind and an ID. */
  static final int HEADER = 8;

  private Datagram() {}
}
