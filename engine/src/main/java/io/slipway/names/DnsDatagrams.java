package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.clock.Timer;
import io.slipway.flow.HostDatagrams;
import io.slipway.flow.HostSocketException;
import io.slipway.flow.NameService;
import io.slipway.stats.Count;
import io.slipway.stats.Drop;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The questions that one guest endpoint asks over UDP. To the resolvers it has sockets of its own,
 * at most one for each family and source, so that nobody can guess their ports from another's.
 */
final class DnsDatagrams implements NameService.Questions {
  /** No question is larger: they carry a name and a few options. */
  static final int LARGEST = 4096;

  /** So long one resolver has before the next is asked. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** The same where there is nobody else, and in the second round. */
  private static final long LAST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** From the question to our saying that there is no answer: a little more than a resolver's. */
  private static final long LIFE_NANOS = TimeUnit.SECONDS.toNanos(6);

  private static final int ROUNDS = 2;

  /** Of one endpoint at a time. */
  private static final int MOST_QUESTIONS = 64;

  private final DnsService service;
  private final NameService.Answers answers;
  private final List<Question> open = new ArrayList<>(2);
  private final List<Upstream> upstreams = new ArrayList<>(1);
  private boolean closed;

  DnsDatagrams(DnsService service, NameService.Answers answers) {
    this.service = service;
    this.answers = answers;
  }

  @Override
  public void ask(ByteBuf data, int offset, int length) {
    DnsMessage query = new DnsMessage(data, offset, length);
    if (closed || length > LARGEST || !query.hasHeader() || query.isResponse()) {
      service.parts.counters().drop(Drop.DNS_MALFORMED);
      return;
    }
    service.parts.counters().count(Count.DNS_QUERIES);
    ByteBuf out = service.scratch.clear();
    if (service.zone.answer(query, out)) {
      tell(out);
    } else if (find(query, true) == null) { // otherwise it is asked already
      begin(query);
    }
  }

  private void begin(DnsMessage query) {
    long now = service.now();
    List<IpAddress> servers =
        service.resolvers.order(now).stream().filter(service.parts.router()::mayAskNames).toList();
    if (servers.isEmpty()) {
      service.parts.listener().unanswered(query.printableName(), null, "policy");
      fail(query, DnsMessage.REFUSED);
    } else if (open.size() == MOST_QUESTIONS || !service.take()) {
      service.parts.counters().drop(Drop.DNS_LIMIT);
    } else {
      Question question = new Question(query, servers, now);
      open.add(question);
      question.askNext(now);
      question.probe(service.resolvers.overdue(now));
    }
  }

  private void fail(DnsMessage query, int code) {
    ByteBuf out = service.scratch.clear();
    query.beginResponse(out, code, 0, false);
    query.endResponse(out);
    tell(out);
  }

  private void tell(ByteBuf message) {
    answers.onAnswer(message, 0, message.readableBytes());
  }

  private @Nullable Question find(DnsMessage message, boolean exactly) {
    for (Question one : open) {
      if (one.message.id() == message.id()
          && (one.message.asksAs(message) || (!exactly && message.questionEnd() == 0))) {
        return one;
      }
    }
    return null;
  }

  /** One question until it is answered. */
  private final class Question extends Timer {
    private final DnsMessage message;
    private final List<IpAddress> servers;
    private final long end;
    private @Nullable IpAddress probed;
    private String trouble = "timeout";
    private int tries;

    Question(DnsMessage query, List<IpAddress> servers, long nowNanos) {
      byte[] copy = new byte[query.length()];
      query.data().getBytes(query.at(), copy);
      message = new DnsMessage(Unpooled.wrappedBuffer(copy), 0, copy.length);
      this.servers = servers;
      end = nowNanos + LIFE_NANOS;
    }

    /** Asks the next resolver, or waits for what may still come. */
    void askNext(long nowNanos) {
      while (tries < ROUNDS * servers.size()) {
        IpAddress server = servers.get(tries % servers.size());
        tries++;
        if (ask(server)) {
          trouble = "timeout";
          boolean hurry = servers.size() > 1 && tries <= servers.size();
          long patience = hurry ? PATIENCE_NANOS : LAST_PATIENCE_NANOS;
          service.parts.timers().arm(this, Math.min(end, nowNanos + patience));
          return;
        }
        trouble = "socket";
        service.resolvers.silent(server, nowNanos);
      }
      service.parts.timers().arm(this, end);
    }

    void probe(@Nullable IpAddress server) {
      if (server != null && !wasAsked(server) && ask(server)) {
        probed = server;
      }
    }

    private boolean ask(IpAddress server) {
      Upstream upstream = upstream(server);
      ByteBuf out = service.scratch.clear().writeBytes(message.data(), 0, message.length());
      return upstream != null && upstream.send(out, server);
    }

    private IpAddress last() {
      return servers.get((tries - 1) % servers.size());
    }

    private boolean wasAsked(IpAddress server) {
      return server.equals(probed)
          || servers.subList(0, Math.min(tries, servers.size())).contains(server);
    }

    /** An answer of a resolver that was asked. */
    void answer(DnsMessage answer, IpAddress from, long nowNanos) {
      service.resolvers.answered(from);
      @Nullable String unable = DnsMessage.inability(answer.code());
      if (unable != null && tries < servers.size()) {
        if (from.equals(last())) {
          askNext(nowNanos);
        }
        return;
      }
      finish();
      if (unable != null) {
        service.parts.listener().unanswered(message.printableName(), from, unable);
      }
      answers.onAnswer(answer.data(), answer.at(), answer.length());
    }

    /** Nobody listens there. */
    void unreachable(IpAddress server, long nowNanos) {
      if (!server.equals(last())) {
        return;
      }
      trouble = "unreachable";
      if (tries >= ROUNDS * servers.size()) {
        giveUp();
      } else if (tries % servers.size() != 0 || (servers.size() == 1 && tries == 1)) {
        askNext(nowNanos);
      } // else the round is over, and the next begins when the timer says so
    }

    @Override
    protected void expire(long nowNanos) {
      service.resolvers.silent(last(), nowNanos);
      if (nowNanos - end >= 0) {
        giveUp();
      } else {
        askNext(nowNanos);
        service.parts.sockets().flush();
      }
    }

    private void giveUp() {
      finish();
      service.parts.counters().drop(Drop.DNS_UNANSWERED);
      service.parts.listener().unanswered(message.printableName(), last(), trouble);
      fail(message, DnsMessage.SERVER_FAILURE);
    }

    private void finish() {
      service.parts.timers().cancel(this);
      open.remove(this);
      service.giveBack(1);
    }
  }

  private @Nullable Upstream upstream(IpAddress server) {
    @Nullable IpAddress source = service.source(server);
    for (Upstream one : upstreams) {
      if (one.v6 == !server.isV4() && Objects.equals(one.source, source)) {
        return one;
      }
    }
    Upstream made = new Upstream(!server.isV4(), source);
    if (!made.open()) {
      return null;
    }
    upstreams.add(made);
    return made;
  }

  /** A socket to resolvers. */
  private final class Upstream implements HostDatagrams.Events {
    private final boolean v6;
    private final @Nullable IpAddress source;
    private @Nullable HostDatagrams socket;

    Upstream(boolean v6, @Nullable IpAddress source) {
      this.v6 = v6;
      this.source = source;
    }

    boolean open() {
      try {
        HostDatagrams made = service.parts.sockets().openDatagrams(v6, source, 0, this);
        made.resumeReads();
        socket = made;
        return true;
      } catch (HostSocketException e) {
        return false;
      }
    }

    boolean send(ByteBuf message, IpAddress server) {
      HostDatagrams to = socket;
      return to != null
          && to.send(
                  message,
                  0,
                  message.readableBytes(),
                  server.high(),
                  server.low(),
                  DnsService.PORT,
                  0,
                  false)
              >= 0;
    }

    @Override
    public void onDatagrams(
        ByteBuf slab,
        int offset,
        int length,
        int size,
        long srcHigh,
        long srcLow,
        int srcPort,
        int hopLimit) {
      int each = size == 0 ? Math.max(length, 1) : size;
      for (int from = 0; from < length; from += each) {
        onAnswer(slab, offset + from, Math.min(each, length - from), srcHigh, srcLow, srcPort);
      }
    }

    private void onAnswer(
        ByteBuf slab, int offset, int length, long srcHigh, long srcLow, int srcPort) {
      DnsMessage answer = new DnsMessage(slab, offset, length);
      if (closed || srcPort != DnsService.PORT || !answer.hasHeader() || !answer.isResponse()) {
        return;
      }
      IpAddress from = new IpAddress(srcHigh, srcLow);
      @Nullable Question question = find(answer, false);
      if (question != null && question.wasAsked(from)) {
        question.answer(answer, from, service.now());
        service.parts.sockets().flush();
      } else if (service.resolvers.isKnown(from)) {
        service.resolvers.answered(from); // late, but alive
      }
    }

    @Override
    public void onReadBatchEnd() {}

    @Override
    public void onRefused(
        int errno, long dstHigh, long dstLow, int dstPort, ByteBuf data, int offset, int length) {
      failed(new IpAddress(dstHigh, dstLow));
    }

    @Override
    public void onError(
        int errno,
        int icmpType,
        int icmpCode,
        int mtu,
        long offenderHigh,
        long offenderLow,
        long dstHigh,
        long dstLow,
        int dstPort,
        ByteBuf quoted,
        int off,
        int len) {
      failed(new IpAddress(dstHigh, dstLow));
    }

    /** In a later turn: the send that was refused may be under way. */
    private void failed(IpAddress server) {
      service
          .parts
          .executor()
          .execute(() -> {
            if (!closed) {
              long now = service.now();
              service.resolvers.silent(server, now);
              List.copyOf(open).forEach(question -> question.unreachable(server, now));
              service.parts.sockets().flush();
            }
          });
    }

    @Override
    public void onClosed() {
      socket = null;
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    open.forEach(service.parts.timers()::cancel);
    service.giveBack(open.size());
    open.clear();
    for (Upstream one : upstreams) {
      HostDatagrams socket = one.socket;
      if (socket != null) {
        socket.close();
      }
    }
  }
}
