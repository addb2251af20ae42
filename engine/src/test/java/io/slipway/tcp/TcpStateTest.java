package io.slipway.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.tcp.TcpState.Event;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** RFC 9293 figure 5, arrow by arrow; every arrow that is not there is refused. */
final class TcpStateTest {
  private static final Map<TcpState, Map<Event, TcpState>> ARROWS =
      Map.ofEntries(
          Map.entry(
              TcpState.CLOSED,
              Map.of(Event.SYN_HELD, TcpState.HELD, Event.SYN_SENT, TcpState.SYN_SENT)),
          Map.entry(TcpState.HELD, Map.of(Event.SYN_ACK_SENT, TcpState.SYN_RECEIVED)),
          Map.entry(
              TcpState.SYN_SENT,
              Map.of(
                  Event.SYN_ACK_SENT,
                  TcpState.SYN_RECEIVED,
                  Event.SYN_ACKED,
                  TcpState.ESTABLISHED)),
          Map.entry(
              TcpState.SYN_RECEIVED,
              Map.of(Event.SYN_ACKED, TcpState.ESTABLISHED, Event.FIN_SENT, TcpState.FIN_WAIT_1)),
          Map.entry(
              TcpState.ESTABLISHED,
              Map.of(Event.FIN_SENT, TcpState.FIN_WAIT_1, Event.FIN_RECEIVED, TcpState.CLOSE_WAIT)),
          Map.entry(
              TcpState.FIN_WAIT_1,
              Map.of(Event.FIN_ACKED, TcpState.FIN_WAIT_2, Event.FIN_RECEIVED, TcpState.CLOSING)),
          Map.entry(TcpState.FIN_WAIT_2, Map.of(Event.FIN_RECEIVED, TcpState.TIME_WAIT)),
          Map.entry(TcpState.CLOSE_WAIT, Map.of(Event.FIN_SENT, TcpState.LAST_ACK)),
          Map.entry(TcpState.CLOSING, Map.of(Event.FIN_ACKED, TcpState.TIME_WAIT)),
          Map.entry(TcpState.LAST_ACK, Map.of(Event.FIN_ACKED, TcpState.CLOSED)),
          Map.entry(TcpState.TIME_WAIT, Map.of()));

  @Test
  void arrowsOfTheFigureAndNoOthers() {
    for (TcpState state : TcpState.values()) {
      for (Event event : Event.values()) {
        TcpState next = event == Event.END ? TcpState.CLOSED : ARROWS.get(state).get(event);
        if (next != null) {
          assertThat(state.next(event)).as(state + " " + event).isEqualTo(next);
        } else {
          assertThatThrownBy(() -> state.next(event))
              .as(state + " " + event)
              .isInstanceOf(AssertionError.class);
        }
      }
    }
  }
}
