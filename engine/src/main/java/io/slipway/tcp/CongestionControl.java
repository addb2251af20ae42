package io.slipway.tcp;

/**
 * How much may be in flight. Owned by one {@link SendSide}; bytes throughout. Sealed: a congestion
 * control is chosen, not plugged in.
 */
sealed interface CongestionControl permits NewReno {
  /** The congestion window. */
  int window();

  /** What the window was reduced to, or is to be reduced to. */
  int threshold();

  /** New data was acknowledged outside recovery, while the window was the limit. */
  void onAcknowledged(int bytes);

  /** A loss was found: {@code flight} bytes were out. */
  void onLoss(int flight);

  /** The retransmission timer fired: {@code flight} bytes were out. */
  void onTimeout(int flight);

  /** Recovery is over. */
  void onRecovered(int flight);

  /** The segment size changed. */
  void segmentSize(int mss);
}
