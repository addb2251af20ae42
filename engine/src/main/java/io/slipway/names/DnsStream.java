package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.slipway.clock.Timer;
import io.slipway.flow.HostStream;
import io.slipway.route.Endpoint;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.IpAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A conversation over TCP: messages behind their lengths (RFC 1035 §4.2.2, RFC 7766). One resolver
 * at a time is connected to; when it breaks off or is silent, the next gets what is unanswered.
 * Questions beyond a number stay in the guest's window; answers that the guest does not take stay
 * in the resolver's.
 */
final class DnsStream implements HostStream {
  private static final int LENGTH = 2;
  private static final int ROUNDS = 2;
  private static final int MOST_QUESTIONS = 64;
  private static final int MOST_ANSWERS_BYTES = 256 * 1024;
  private static final int PIECE = 16 * 1024;
  private static final int WANTED = 64 * 1024;
  private static final int ERRNO_RESET = 104;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LAST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** RFC 7766 §6.2.3: an idle connection is worth a few seconds. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final DnsService service;
  private final Events events;
  private final ByteBuf input;
  private final List<byte[]> unanswered = new ArrayList<>(2);
  private final Deque<ByteBuf> answers = new ArrayDeque<>(2);
  private final Timer timer =
      new Timer() {
        @Override
        protected void expire(long nowNanos) {
          onTimer();
        }
      };
  private int unansweredBytes;
  private int answersBytes;
  private List<IpAddress> servers = List.of();
  private int tries;
  private String trouble = "timeout";
  private @Nullable Upstream upstream;
  private boolean reading;
  private boolean delivering;
  private boolean inputEnded;
  private boolean idle;
  private boolean eofTold;
  private boolean gone;

  DnsStream(DnsService service, Events events) {
    this.service = service;
    this.events = events;
    input = service.parts.allocator().buffer();
    later(events::onConnected);
    rearm(IDLE_NANOS);
  }

  /** Events have turns of their own. */
  private void later(Runnable event) {
    service
        .parts
        .executor()
        .execute(() -> {
          if (!gone) {
            event.run();
          }
        });
  }

  private void rearm(long nanos) {
    service.parts.timers().arm(timer, service.now() + nanos);
  }

  // ---- the guest's side ---------------------------------------------------------------------

  @Override
  public void write(ByteBuf data) {
    try {
      if (!gone) {
        input.discardSomeReadBytes();
        input.writeBytes(data);
      }
    } finally {
      data.release();
    }
  }

  @Override
  public void flush() {
    if (gone) {
      return;
    }
    if (eofTold && input.isReadable()) {
      later(this::breakOff); // nothing can be said any more: as of any server that has closed
      return;
    }
    while (unanswered.size() < MOST_QUESTIONS && input.readableBytes() >= LENGTH) {
      int length = input.getUnsignedShort(input.readerIndex());
      if (input.readableBytes() < LENGTH + length) {
        break;
      }
      DnsMessage query = new DnsMessage(input, input.readerIndex() + LENGTH, length);
      if (!query.hasHeader() || query.isResponse()) {
        service.parts.counters().drop(Drop.DNS_MALFORMED);
        later(this::breakOff);
        return;
      }
      if (!take(query)) {
        break;
      }
      input.skipBytes(LENGTH + length);
    }
  }

  /** Deals with a query; false when there is no room for it now. */
  private boolean take(DnsMessage query) {
    ByteBuf out = service.parts.allocator().buffer().writeZero(LENGTH);
    if (service.zone.answer(query, out)) {
      service.parts.counters().count(Count.DNS_QUERIES);
      own(out);
      return true;
    }
    if (servers.isEmpty() || unanswered.isEmpty()) {
      servers =
          service.resolvers.order(service.now()).stream()
              .filter(service.parts.router()::mayAskNames)
              .toList();
      tries = 0;
    }
    if (servers.isEmpty()) {
      service.parts.listener().unanswered(query.printableName(), null, "policy");
      refuse(query, DnsMessage.REFUSED, out);
      return true;
    }
    out.release();
    if (!service.take()) {
      rearm(PATIENCE_NANOS);
      return false;
    }
    service.parts.counters().count(Count.DNS_QUERIES);
    byte[] framed = new byte[LENGTH + query.length()];
    query.data().getBytes(query.at() - LENGTH, framed);
    unanswered.add(framed);
    unansweredBytes += framed.length;
    idle = false;
    Upstream to = upstream;
    if (to == null) {
      connectNext();
    } else {
      to.ask(framed);
      to.flush();
      rearm(patience());
    }
    return true;
  }

  private void refuse(DnsMessage query, int code, ByteBuf out) {
    query.beginResponse(out, code, 0, false);
    query.endResponse(out);
    own(out);
  }

  private void own(ByteBuf framed) {
    framed.setShort(0, framed.readableBytes() - LENGTH);
    answer(framed);
  }

  private void answer(ByteBuf framed) {
    answers.add(framed);
    answersBytes += framed.readableBytes();
    deliverLater();
  }

  private void deliverLater() {
    if (!delivering) {
      delivering = true;
      later(this::deliver);
    }
  }

  private void deliver() {
    delivering = false;
    boolean some = false;
    while (reading && !answers.isEmpty() && events.wanted() > 0) {
      ByteBuf one = answers.remove();
      answersBytes -= one.readableBytes();
      some = true;
      events.onData(one);
    }
    if (some) {
      events.onReadBatchEnd();
    }
    Upstream from = upstream;
    if (from != null && answersBytes < MOST_ANSWERS_BYTES) {
      from.resume();
    }
    boolean done = (inputEnded || idle) && unanswered.isEmpty() && answers.isEmpty();
    if (reading && done && !eofTold) {
      eofTold = true;
      events.onEof();
    }
  }

  @Override
  public int pendingBytes() {
    return gone ? 0 : input.readableBytes() + unansweredBytes;
  }

  @Override
  public void shutdownOutput() {
    inputEnded = true;
    flush();
    deliverLater();
  }

  @Override
  public void pauseReads() {
    reading = false;
  }

  @Override
  public void resumeReads() {
    reading = true;
    deliverLater();
  }

  @Override
  public void close() {
    end();
  }

  @Override
  public void abort() {
    end();
  }

  @Override
  public @Nullable Endpoint local() {
    return null;
  }

  private void breakOff() {
    gone = true;
    release();
    events.onFailed(ERRNO_RESET);
    events.onClosed();
  }

  private void end() {
    if (!gone) {
      gone = true;
      release();
      service.parts.executor().execute(events::onClosed);
    }
  }

  private void release() {
    service.parts.timers().cancel(timer);
    input.release();
    answers.forEach(ByteBuf::release);
    answers.clear();
    service.giveBack(unanswered.size());
    unanswered.clear();
    dropUpstream();
  }

  // ---- the resolver's side ------------------------------------------------------------------

  private long patience() {
    return tries < servers.size() ? PATIENCE_NANOS : LAST_PATIENCE_NANOS;
  }

  private void dropUpstream() {
    Upstream old = upstream;
    upstream = null;
    if (old != null) {
      old.drop();
    }
  }

  private void connectNext() {
    if (tries >= ROUNDS * servers.size()) {
      giveUp();
      return;
    }
    Upstream made = new Upstream(servers.get(tries % servers.size()));
    tries++;
    upstream = made;
    made.connect();
    unanswered.forEach(made::ask);
    made.flush();
    rearm(patience());
  }

  private void giveUp() {
    for (byte[] framed : unanswered) {
      ByteBuf query = service.parts.allocator().buffer().writeBytes(framed);
      ByteBuf out = service.parts.allocator().buffer().writeZero(LENGTH);
      service.parts.counters().drop(Drop.DNS_UNANSWERED);
      DnsMessage message = new DnsMessage(query, LENGTH, framed.length - LENGTH);
      IpAddress last = servers.get((tries - 1) % servers.size());
      service.parts.listener().unanswered(message.printableName(), last, trouble);
      refuse(message, DnsMessage.SERVER_FAILURE, out);
      query.release();
    }
    service.giveBack(unanswered.size());
    unanswered.clear();
    unansweredBytes = 0;
    rearm(IDLE_NANOS);
    later(events::onDrained);
  }

  private void onTimer() {
    if (unanswered.isEmpty()) {
      if (input.readableBytes() > LENGTH && !idle) {
        flush(); // there was no room for it
      }
      idle = idle || unanswered.isEmpty();
      deliverLater();
      return;
    }
    Upstream silent = upstream;
    if (silent != null) {
      service.resolvers.silent(silent.server, service.now());
      trouble = "timeout";
      dropUpstream();
    }
    connectNext();
  }

  /** It broke off: whoever has an answer outstanding asks the next. */
  private void lost(Upstream which, boolean atOnce) {
    if (which != upstream) {
      return;
    }
    upstream = null;
    which.drop();
    trouble = atOnce ? "unreachable" : "closed";
    if (atOnce) {
      service.resolvers.silent(which.server, service.now());
    } else if (which.answered && tries > 0) {
      tries--; // it may well answer the next one, too
    }
    if (!unanswered.isEmpty()) {
      connectNext();
    }
  }

  private void answered(Upstream from, ByteBuf framed) {
    DnsMessage answer = new DnsMessage(framed, LENGTH, framed.readableBytes() - LENGTH);
    if (!answer.hasHeader() || !answer.isResponse()) {
      framed.release();
      return;
    }
    service.resolvers.answered(from.server);
    from.answered = true;
    @Nullable String unable = DnsMessage.inability(answer.code());
    if (unable != null) {
      service.parts.listener().unanswered(answer.printableName(), from.server, unable);
    }
    for (int i = 0; i < unanswered.size(); i++) {
      byte[] query = unanswered.get(i);
      if (query[LENGTH] == framed.getByte(LENGTH)
          && query[LENGTH + 1] == framed.getByte(LENGTH + 1)) {
        unanswered.remove(i);
        unansweredBytes -= query.length;
        service.giveBack(1);
        later(events::onDrained);
        break;
      }
    }
    rearm(unanswered.isEmpty() ? IDLE_NANOS : patience());
    answer(framed);
    if (answersBytes >= MOST_ANSWERS_BYTES) {
      from.pause();
    }
    flush();
  }

  /** The connection to one resolver. */
  private final class Upstream implements Events {
    private final IpAddress server;
    private final ByteBuf received = service.parts.allocator().buffer();
    private @Nullable HostStream stream;
    private boolean answered;
    private boolean dropped;

    Upstream(IpAddress server) {
      this.server = server;
    }

    void connect() {
      HostStream made =
          service
              .parts
              .sockets()
              .connect(new Endpoint(server, DnsService.PORT), service.source(server), 0, this);
      stream = made;
      made.resumeReads();
    }

    void ask(byte[] framed) {
      HostStream to = stream;
      if (to != null) {
        to.write(service.parts.allocator().directBuffer(framed.length).writeBytes(framed));
      }
    }

    void flush() {
      HostStream to = stream;
      if (to != null) {
        to.flush();
      }
    }

    void pause() {
      HostStream from = stream;
      if (from != null) {
        from.pauseReads();
      }
    }

    void resume() {
      HostStream from = stream;
      if (from != null) {
        from.resumeReads();
      }
    }

    void drop() {
      if (!dropped) {
        dropped = true;
        received.release();
        HostStream old = stream;
        if (old != null) {
          old.abort();
        }
      }
    }

    @Override
    public void onConnected() {}

    @Override
    public void onConnectFailed(int errno) {
      lost(this, true);
    }

    @Override
    public void onConnectRejected(int type, int code, long offenderHigh, long offenderLow) {
      lost(this, true);
    }

    @Override
    public int wanted() {
      return WANTED;
    }

    @Override
    public int piece() {
      return PIECE;
    }

    @Override
    public void onData(ByteBuf data) {
      try {
        if (!dropped) {
          received.discardSomeReadBytes();
          received.writeBytes(data);
        }
      } finally {
        data.release();
      }
      while (!dropped && received.readableBytes() >= LENGTH) {
        int framed = LENGTH + received.getUnsignedShort(received.readerIndex());
        if (received.readableBytes() < framed) {
          break;
        }
        ByteBuf message = service.parts.allocator().directBuffer(framed);
        received.readBytes(message, framed);
        answered(this, message);
      }
    }

    @Override
    public void onReadBatchEnd() {}

    @Override
    public void onDrained() {}

    @Override
    public void onEof() {
      lost(this, false);
    }

    @Override
    public void onFailed(int errno) {
      lost(this, false);
    }

    @Override
    public void onClosed() {
      lost(this, false);
    }
  }
}
