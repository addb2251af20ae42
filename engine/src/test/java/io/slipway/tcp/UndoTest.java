package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.wire.TcpOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 3522, RFC 3708: recoveries for nothing, and those that were not. */
final class UndoTest {
  private static final byte[] SACK_ONLY = {2, 4, 5, (byte) 180, 1, 1, 4, 2};
  private static final int FLIGHT = 14_600;

  private final Undo undo = new Undo();

  private static TcpOptions echo(int stamp) {
    ByteBuf option = Unpooled.buffer();
    option.writeByte(1).writeByte(1).writeByte(8).writeByte(10).writeInt(5).writeInt(stamp);
    TcpOptions options = new TcpOptions();
    options.parse(option, 0, option.readableBytes());
    return options;
  }

  @Test
  void anEchoFromBeforeTheFirstRepetitionIsForTheOriginal() {
    undo.begin();
    assertThat(undo.isForOriginal(echo(99))).as("nothing was repeated").isFalse();
    undo.onRepeated(1000, true, 100);
    undo.onRepeated(1000, true, 105);
    assertThat(undo.isForOriginal(echo(99))).isTrue();
    assertThat(undo.isForOriginal(echo(100))).isFalse();
    assertThat(undo.isForOriginal(echo(103))).isFalse();
    assertThat(undo.isForOriginal(new TcpOptions())).as("no timestamp").isFalse();
    undo.end();
    assertThat(undo.isForOriginal(echo(99))).as("given back already").isFalse();
  }

  @Test
  void withoutTimestampsNoEchoCounts() {
    undo.begin();
    undo.onRepeated(1000, false, 0);
    assertThat(undo.isForOriginal(echo(-1))).isFalse();
  }

  @Test
  void whenAllThatWasRepeatedCameTwiceTheRecoveryWasForNothing() {
    undo.begin();
    assertThat(undo.isAllNeedless(1000)).as("nothing was repeated").isFalse();
    undo.onRepeated(2000, false, 0);
    assertThat(undo.isAllNeedless(1000)).isFalse();
    assertThat(undo.isAllNeedless(1000)).isTrue();
    undo.begin();
    undo.onRepeated(2000, false, 0);
    undo.end();
    assertThat(undo.isAllNeedless(2000)).isFalse();
  }

  /** Ten segments leave, the first seems lost and is repeated; then all is acknowledged. */
  private static int flightAfterRepair(int... report) {
    try (TcpScript script = new TcpScript()) {
      script.hold(SACK_ONLY);
      script.connection.accept(script.now);
      script.expect("SA", 0, 1);
      script.guest("A", 1, 1, "");
      script.expectEvent("established");
      script.host(TcpScript.text(100_000));
      assertThat(script.drain()).hasSize(1);
      script.pass(10);
      script.guestSack(1, 1461, FLIGHT + 1);
      script.pass(30);
      assertThat(script.drain()).extracting(TcpScript.Segment::seq).contains(1);
      script.guestSack(FLIGHT + 1, report);
      script.pass(3);
      List<TcpScript.Segment> after = script.drain();
      return after.stream().mapToInt(s -> s.payload().length()).sum();
    }
  }

  @Test
  void aWindowTakenForNothingIsGivenBack() {
    assertThat(flightAfterRepair(1, 1461)).isGreaterThanOrEqualTo(FLIGHT - 3 * 1460);
    assertThat(flightAfterRepair(1461, 1461)).isLessThan(FLIGHT - 3 * 1460);
  }
}
