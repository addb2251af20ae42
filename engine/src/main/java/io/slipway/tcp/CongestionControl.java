package io.slipway.tcp;

/**
 * How much may be in flight. Owned by one {@link SendSide}; bytes throughout. Sealed: a congestion
 * control is chosen, not plugged in.
 */
sealed interface CongestionControl permits NewReno {
  /** The congestion window. */
  int window();

  /** New data was acknowledged outside recovery, while the window was the limit. */
  void onAcknowledged(int bytes);

  /** Three duplicate ACKs: {@code flight} bytes were out. */
  void onLoss(int flight);

  /** The retransmission timer fired: {@code flight} bytes were out. */
  void onTimeout(int flight);

  /** A duplicate ACK in recovery: one more segment has left the network. */
  void onDuplicateAck();

  /** RFC 6582 3.2 step 3: a partial ACK deflates the window by what it acknowledged. */
  void onPartialAck(int bytes);

  /** Recovery is over. */
  void onRecovered(int flight);

  /** The segment size changed. */
  void segmentSize(int mss);
}
