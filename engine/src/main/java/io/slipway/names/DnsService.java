package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.slipway.clock.Clock;
import io.slipway.clock.TimerWheel;
import io.slipway.flow.HostSockets;
import io.slipway.flow.HostStream;
import io.slipway.flow.NameService;
import io.slipway.names.NamesConfig.OwnName;
import io.slipway.route.Lan;
import io.slipway.route.Router;
import io.slipway.stats.Counters;
import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The name service of one event loop. Used on its thread alone; close it after its flows. */
public final class DnsService implements NameService, AutoCloseable {
  /** What Slipway, Docker and Podman call the host. */
  private static final List<DomainName> HOST =
      Stream.of(
              "host.slipway.internal",
              "host.docker.internal",
              "host.containers.internal",
              "gateway.docker.internal")
          .map(DomainName::new)
          .toList();

  /** Questions under way on one loop; beyond them they are dropped, as a full link would. */
  private static final int MOST_QUESTIONS = 4096;

  static final int PORT = 53;

  final Parts parts;
  final DnsZone zone;
  final ResolverOrder resolvers;

  /** For one message at a time: an answer of ours, or a question on its way. */
  final ByteBuf scratch;

  private int questions;

  /**
   * The neighbours of the service.
   *
   * @param sockets how resolvers are reached
   * @param router who may be asked, and what the host's address is called
   * @param listener told of questions that stay without an answer
   * @param executor the loop's
   */
  public record Parts(
      HostSockets sockets,
      Router router,
      TimerWheel timers,
      Clock clock,
      Counters counters,
      ByteBufAllocator allocator,
      NameListener listener,
      Executor executor) {}

  /** Takes 4 KiB of direct memory until {@link #close}. */
  public DnsService(Parts parts, NamesConfig config, HostResolvers resolvers) {
    this.parts = parts;
    this.resolvers = new ResolverOrder(resolvers);
    zone = new DnsZone(own(parts.router(), config));
    scratch = parts.allocator().directBuffer(DnsDatagrams.LARGEST, DnsDatagrams.LARGEST);
  }

  /** The operator's names beat the host's. */
  private static List<OwnName> own(Router router, NamesConfig config) {
    List<OwnName> names = new ArrayList<>(config.names());
    if (router.config().hostLoopback()) {
      Lan lan = router.lan();
      @Nullable IpAddress gateway6 = lan.gateway6();
      for (DomainName name : HOST) {
        if (config.names().stream().noneMatch(one -> one.name().equals(name))) {
          names.add(new OwnName(name, lan.gateway4()));
          if (gateway6 != null) {
            names.add(new OwnName(name, gateway6));
          }
        }
      }
    }
    return names;
  }

  @Override
  public HostStream openStream(HostStream.Events events) {
    return new DnsStream(this, events);
  }

  @Override
  public Questions openQuestions(Answers answers) {
    return new DnsDatagrams(this, answers);
  }

  /** Room for one question more. */
  boolean take() {
    if (questions >= MOST_QUESTIONS) {
      return false;
    }
    questions++;
    return true;
  }

  /** Questions that are over. */
  void giveBack(int count) {
    questions -= count;
  }

  long now() {
    return parts.clock().nowNanos();
  }

  /** The operator's source address; the host's loopback is not reached from it. */
  @Nullable IpAddress source(IpAddress server) {
    return server.isLoopback()
        ? null
        : server.isV4() ? parts.router().config().source4() : parts.router().config().source6();
  }

  @Override
  public void close() {
    if (scratch.refCnt() > 0) {
      scratch.release();
    }
  }
}
