package io.slipway.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.slipway.clock.Timer;
import io.slipway.clock.TimerWheel;
import io.slipway.egress.Egress;
import io.slipway.route.Lan;
import io.slipway.stats.Count;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import io.slipway.wire.NdpMessage;
import io.slipway.wire.Packet;
import io.slipway.wire.RouterAdvertisement;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Tells the guest that we are its router, and what its network is like (RFC 4861 §6.2, RFC 8106):
 * when it asks, and now and then without being asked. Owned by one {@link Gateway}.
 *
 * <p>Who asks from an address is answered there, as Linux's radvd does, and at once: the random
 * delay of RFC 4861 §6.2.6 keeps several routers apart, and we are the only one. Who has no address
 * yet is answered by a message to everybody, one in three seconds at most. The burst of
 * advertisements with which a router begins (§6.2.4) is left out: we bring the device's carrier
 * with us, and a guest's kernel asks when that comes.
 *
 * <p>Only a network of 64 bits of prefix is one in which guests may make addresses for themselves
 * (RFC 4862 §5.5.3). In any other they are to ask for one: the managed flag sends them to DHCPv6,
 * and the other flag says that it has more to tell. The message never changes, so it is built once.
 */
final class RouterAdvertiser {

  private static final long ALL_NODES_HIGH = 0xFF02_0000_0000_0000L;
  private static final long ALL_NODES_LOW = 1;
  private static final int AUTONOMOUS_PREFIX = 64;
  private static final int HOP_LIMIT_OF_GUEST = 64;

  /** RFC 4861 §6.2.1: MaxRtrAdvInterval, MinRtrAdvInterval and AdvDefaultLifetime, in seconds. */
  private static final int LONGEST_INTERVAL = 600;

  private static final int SHORTEST_INTERVAL = 200;
  private static final int LIFETIME = 3 * LONGEST_INTERVAL;

  /** A day and four hours: those of radvd, a good deal less than RFC 4861's month and week. */
  private static final int VALID = 86_400;

  private static final int PREFERRED = 14_400;

  /** RFC 4861 §10: MIN_DELAY_BETWEEN_RAS. */
  private static final long BETWEEN_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** Answers to single guests within {@link #BETWEEN_NANOS}. */
  private static final int MOST_ANSWERS = 32;

  private final Egress egress;
  private final Counters counters;
  private final TimerWheel timers;
  private final boolean periodic;
  private final IpAddress linkLocal;
  private final ByteBuf message;
  private final Timer toEverybody =
      new Timer() {
        @Override
        protected void expire(long nowNanos) {
          tellEverybody(nowNanos);
        }
      };

  private boolean toldEverybody;
  private long toldEverybodyAt;
  private int answers;
  private long answersSince;

  /**
   * An advertiser for a network that has IPv6.
   *
   * @param nameService whether there is a name service to be told of
   * @param periodic whether to speak unasked: one shard of an engine does
   */
  RouterAdvertiser(
      Lan lan,
      boolean nameService,
      Egress egress,
      TimerWheel timers,
      Counters counters,
      boolean periodic,
      long nowNanos) {
    this.egress = egress;
    this.counters = counters;
    this.timers = timers;
    this.periodic = periodic;
    this.linkLocal = lan.linkLocal();
    this.message = message(lan, nameService);
    this.answersSince = nowNanos;
    if (periodic) {
      armNext(nowNanos);
    }
  }

  private static ByteBuf message(Lan lan, boolean nameService) {
    Cidr subnet = lan.subnet6();
    IpAddress dns = lan.dns6();
    if (subnet == null || dns == null) {
      throw new IllegalArgumentException("no IPv6, no router");
    }
    boolean autonomous = subnet.prefix() == AUTONOMOUS_PREFIX;
    int use = RouterAdvertisement.ON_LINK | (autonomous ? RouterAdvertisement.AUTONOMOUS : 0);
    boolean other = !autonomous || nameService || !lan.search().isEmpty();
    int flags =
        (autonomous ? 0 : RouterAdvertisement.MANAGED) | (other ? RouterAdvertisement.OTHER : 0);
    ByteBuf out = Unpooled.directBuffer();
    RouterAdvertisement.begin(out, HOP_LIMIT_OF_GUEST, flags, LIFETIME);
    RouterAdvertisement.sourceMac(out, lan.mac());
    RouterAdvertisement.mtu(out, lan.mtu());
    RouterAdvertisement.prefix(out, subnet, use, VALID, PREFERRED);
    if (nameService) {
      RouterAdvertisement.nameServer(out, dns, LIFETIME);
    }
    if (!lan.search().isEmpty()) {
      RouterAdvertisement.search(out, lan.search(), LIFETIME);
    }
    return out;
  }

  /** Answers a good router solicitation. */
  void solicited(Packet packet, long nowNanos) {
    if (IpAddress.isUnspecified(packet.sourceHigh(), packet.sourceLow())) {
      solicitedByNobody(nowNanos);
      return;
    }
    if (nowNanos - answersSince >= BETWEEN_NANOS) {
      answers = 0;
      answersSince = nowNanos;
    }
    if (answers == MOST_ANSWERS) {
      counters.drop(Drop.NDP_RATE_LIMIT);
      return;
    }
    answers++;
    send(packet.sourceHigh(), packet.sourceLow());
  }

  private void solicitedByNobody(long nowNanos) {
    long due = toldEverybodyAt + BETWEEN_NANOS;
    if (!toldEverybody || nowNanos - due >= 0) {
      tellEverybody(nowNanos);
    } else {
      counters.drop(Drop.NDP_RATE_LIMIT);
      if (!toEverybody.isArmed() || toEverybody.deadlineNanos() - due > 0) {
        timers.arm(toEverybody, due);
      }
    }
  }

  private void tellEverybody(long nowNanos) {
    toldEverybody = true;
    toldEverybodyAt = nowNanos;
    send(ALL_NODES_HIGH, ALL_NODES_LOW);
    if (periodic) {
      armNext(nowNanos);
    }
  }

  /** RFC 4861 §6.2.4: at random, so that routers of a link do not speak in step. */
  private void armNext(long nowNanos) {
    long seconds = ThreadLocalRandom.current().nextLong(SHORTEST_INTERVAL, LONGEST_INTERVAL + 1);
    timers.arm(toEverybody, nowNanos + TimeUnit.SECONDS.toNanos(seconds));
  }

  private void send(long high, long low) {
    boolean sent =
        egress.icmp(
            linkLocal.high(),
            linkLocal.low(),
            high,
            low,
            message,
            0,
            message.writerIndex(),
            NdpMessage.HOP_LIMIT,
            0);
    if (sent) {
      counters.count(Count.ROUTER_ADVERTISEMENTS);
    }
  }

  void close() {
    timers.cancel(toEverybody);
    if (message.refCnt() > 0) {
      message.release();
    }
  }
}
