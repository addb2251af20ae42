package io.slipway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class EventQueueTest {
  /** A sink that can be held up, and that remembers. */
  private static final class SlowSink implements EventSink {
    final List<String> written = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch busy = new CountDownLatch(1);
    final CountDownLatch gate = new CountDownLatch(1);
    volatile boolean closed;

    @Override
    public void open() {}

    @Override
    public void write(Event event) throws IOException {
      busy.countDown();
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      if (event.level() == EventLevel.ERROR) {
        throw new IOException("disk full");
      }
      written.add(EventFormat.TEXT.line(event).split(" ", 3)[2]);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      closed = true;
    }
  }

  private static Event message(String text) {
    return Event.message(0, EventLevel.INFO, text);
  }

  @Test
  void aFullQueueDropsAndCountsAndNeverWaits() throws Exception {
    SlowSink sink = new SlowSink();
    EventQueue queue = new EventQueue("test", 2, sink);
    assertThat(queue.offer(message("in the sink"))).isTrue();
    sink.busy.await();

    assertThat(queue.offer(message("one"))).isTrue();
    assertThat(queue.offer(message("two"))).isTrue();
    assertThat(queue.offer(message("three"))).isFalse();
    assertThat(queue.dropped()).isEqualTo(1);

    sink.gate.countDown();
    queue.close(5_000);
    assertThat(sink.written).containsExactly("in the sink", "one", "two");
    assertThat(sink.closed).isTrue();
  }

  @Test
  void closingWritesWhatWaitsAndRefusesTheRest() {
    SlowSink sink = new SlowSink();
    sink.gate.countDown();
    EventQueue queue = new EventQueue("test", 100, sink);
    for (int i = 0; i < 50; i++) {
      queue.offer(message("line " + i));
    }
    queue.close(5_000);

    assertThat(sink.written).hasSize(50).endsWith("line 49");
    assertThat(queue.offer(message("too late"))).isFalse();
    assertThat(queue.dropped()).isEqualTo(1);
  }

  @Test
  void anErrorOfTheSinkIsCountedAndTheNextEventIsWritten() {
    SlowSink sink = new SlowSink();
    sink.gate.countDown();
    EventQueue queue = new EventQueue("test", 100, sink);
    queue.offer(Event.message(0, EventLevel.ERROR, "lost"));
    queue.offer(message("kept"));
    queue.close(5_000);

    assertThat(queue.lost()).isEqualTo(1);
    assertThat(sink.written).containsExactly("kept");
  }

  @Test
  void aSinkThatHangsDoesNotHoldUpTheEnd() {
    SlowSink sink = new SlowSink();
    EventQueue queue = new EventQueue("test", 1, sink);
    queue.offer(message("hangs"));

    long began = System.currentTimeMillis();
    queue.close(50);

    assertThat(System.currentTimeMillis() - began).isLessThan(2_000);
    sink.gate.countDown();
  }
}
