package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.tcp.ModelReceiver.Ack;
import io.slipway.tcp.ModelReceiver.Block;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The simulated path and its receiver are themselves to be trusted. */
final class PathSimulationTest {
  private static final int START = 0xffff_f000;
  private static final int MSS = 1000;
  private static final long MILLIS = 1_000_000;

  private final List<Ack> acks = new ArrayList<>();
  private final ModelReceiver receiver = new ModelReceiver(acks::add, START, MSS, true, false);

  @Test
  void firstSegmentsAreAcknowledgedAtOnceLaterOnesInPairs() {
    for (int i = 0; i < 16; i++) {
      arrives(i);
      expect(i + 1);
    }
    arrives(16);
    assertThat(acks).isEmpty();
    assertThat(receiver.deadlineNanos()).isEqualTo(40 * MILLIS);
    arrives(17);
    expect(18);
    assertThat(receiver.deadlineNanos()).isEqualTo(Long.MAX_VALUE);
    arrives(18);
    receiver.onDelay();
    expect(19);
    assertThat(receiver.delivered()).isEqualTo(19 * MSS);
  }

  /** RFC 2018 4: the newest block first; joined ones are one. */
  @Test
  void gapsAreReportedAtOnce() {
    arrives(0);
    expect(1);
    arrives(2);
    expect(1, 2, 3);
    arrives(5);
    expect(1, 5, 6, 2, 3);
    arrives(3);
    expect(1, 2, 4, 5, 6);
    arrives(1);
    expect(4, 5, 6);
    arrives(4);
    expect(6);
  }

  /** RFC 2883 4: what came twice is the first block. */
  @Test
  void repetitionsAreReported() {
    arrives(0);
    expect(1);
    arrives(0);
    expect(1, 0, 1);
    arrives(2);
    expect(1, 2, 3);
    arrives(2);
    expect(1, 2, 3, 2, 3);
  }

  @Test
  void fourBlocksFit() {
    for (int i = 0; i < 12; i += 2) {
      arrives(i + 1);
    }
    assertThat(acks.getLast().blocks())
        .containsExactly(block(11, 12), block(9, 10), block(7, 8), block(5, 6));
  }

  @Test
  void theSameSeedGivesTheSameResult() {
    PathSetup path =
        PathSetup.of(20, 0.01, 7).duplicate(0.02).reorder(0.05, 5 * MILLIS).ackLoss(0.05);
    long first = PathSimulation.goodput(path, TcpConfig.DEFAULT, 5000);
    assertThat(PathSimulation.goodput(path, TcpConfig.DEFAULT, 5000)).isEqualTo(first);
    assertThat(first).isPositive();
  }

  /** The share of packets that is lost is the one asked for, and whatever is missing was lost. */
  @Test
  void lossIsWhatWasAskedFor() {
    try (PathSimulation simulation =
        new PathSimulation(PathSetup.of(1, 0.02, 3).queue(16 << 20), TcpConfig.DEFAULT)) {
      long delivered = simulation.run(20_000);
      assertThat(simulation.isOver()).isFalse();
      assertThat(simulation.dropped()).isZero();
      assertThat((double) simulation.lost() / simulation.packets()).isBetween(0.018, 0.022);
      assertThat(simulation.packets() - simulation.lost()).isGreaterThan(delivered / 1460);
      assertThat(simulation.retransmits()).isGreaterThanOrEqualTo(simulation.lost() - 100);
    }
  }

  /** Lost acknowledgements, repetitions and lateness slow a stream, and do not stop it. */
  @Test
  void whateverHappensTheStreamGoesOn() {
    PathSetup clean = PathSetup.of(20, 0, 5);
    PathSetup[] paths = {
      clean.ackLoss(0.3),
      clean.duplicate(0.3),
      clean.reorder(0.1, 30 * MILLIS),
      PathSetup.of(20, 0.05, 5).ackLoss(0.1).duplicate(0.1).reorder(0.1, 30 * MILLIS),
      clean.offers(false, false),
      clean.offers(true, false),
      PathSetup.of(20, 0.02, 5).offers(false, true)
    };
    for (PathSetup path : paths) {
      assertThat(PathSimulation.goodput(path, TcpConfig.DEFAULT, 10_000))
          .as("%s", path)
          .isBetween(50_000L, 12_500_000L);
    }
  }

  private void arrives(int segment) {
    receiver.onSegment(START + segment * MSS, MSS, 0, 0);
  }

  /**
   * The one acknowledgement since the last; numbers are segments, blocks left and right in turn.
   */
  private void expect(int ack, int... edges) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < edges.length; i += 2) {
      blocks.add(block(edges[i], edges[i + 1]));
    }
    assertThat(acks).containsExactly(new Ack(START + ack * MSS, blocks, 0));
    acks.clear();
  }

  private static Block block(int left, int right) {
    return new Block(START + left * MSS, START + right * MSS);
  }
}
