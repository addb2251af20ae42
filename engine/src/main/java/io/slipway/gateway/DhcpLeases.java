package io.slipway.gateway;

import io.slipway.route.Lan;
import io.slipway.wire.IpAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who has which IPv4 address of the guest's subnet (RFC 2131 §4.3). One for all shards of an
 * engine, which ask it a few times a day: any thread. Bounded: {@value #MOST} addresses.
 *
 * <p>The first client gets the address that the plan calls the guest's, the next ones those behind
 * it. An address may be asked for by name when nobody has it.
 */
public final class DhcpLeases {

  /** How long an address is the client's. */
  static final int LEASE_SECONDS = 86_400;

  private static final int MOST = 256;
  private static final long LEASE_NANOS = TimeUnit.SECONDS.toNanos(LEASE_SECONDS);

  /** An offer that nobody takes up is forgotten. */
  private static final long OFFER_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** A client found somebody at the address: it is left alone for so long. */
  private static final long DECLINED_NANOS = TimeUnit.MINUTES.toNanos(10);

  private static final String NOBODY = "";

  private final Lan lan;
  private final Map<Integer, Lease> leases = new HashMap<>();

  private record Lease(String client, boolean bound, long endNanos) {}

  /** Nobody has an address yet. */
  public DhcpLeases(Lan lan) {
    this.lan = lan;
  }

  /**
   * The address to offer: what the client has, or asks for, or the next one that is free. It is
   * kept for the client for a minute.
   *
   * @param wanted what the client asks for, 0 for none
   * @return 0 when there is none
   */
  synchronized int offer(String client, int wanted, long nowNanos) {
    int has = of(client, nowNanos);
    if (has != 0) {
      return has;
    }
    int address = wanted != 0 && isFree(wanted, nowNanos) ? wanted : nextFree(nowNanos);
    return address != 0
            && enter(address, new Lease(client, false, nowNanos + OFFER_NANOS), nowNanos)
        ? address
        : 0;
  }

  /**
   * Makes the address the client's, or lets it keep it.
   *
   * @return false when it cannot have it
   */
  synchronized boolean bind(String client, int address, long nowNanos) {
    Lease lease = leases.get(address);
    boolean own = lease != null && lease.client().equals(client);
    if (!own && !isFree(address, nowNanos)) {
      return false;
    }
    // One address a client: what it had before goes back.
    leases.entrySet().removeIf(e -> e.getKey() != address && e.getValue().client().equals(client));
    return enter(address, new Lease(client, true, nowNanos + LEASE_NANOS), nowNanos);
  }

  /** The client needs its addresses no longer. */
  synchronized void release(String client) {
    leases.values().removeIf(lease -> lease.client().equals(client));
  }

  /** The client found that somebody else uses its address, who is left alone for a while. */
  synchronized void decline(String client, int address, long nowNanos) {
    Lease lease = leases.get(address);
    if (lease != null && lease.client().equals(client)) {
      leases.put(address, new Lease(NOBODY, true, nowNanos + DECLINED_NANOS));
    }
  }

  /** The address that the client has or was offered; 0 for none. */
  private int of(String client, long nowNanos) {
    for (Map.Entry<Integer, Lease> entry : leases.entrySet()) {
      if (entry.getValue().client().equals(client) && !isOver(entry.getValue(), nowNanos)) {
        return entry.getKey();
      }
    }
    return 0;
  }

  private int nextFree(long nowNanos) {
    int first = IpAddress.v4(lan.guest4().low());
    int prefix = lan.subnet4().prefix();
    int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
    // As many as can be taken, with ours and the subnet's own.
    for (int i = 0; i < MOST + 8; i++) {
      int address = (first & mask) | ((first + i) & ~mask);
      if (isFree(address, nowNanos)) {
        return address;
      }
    }
    return 0;
  }

  private boolean isFree(int address, long nowNanos) {
    if (!lan.isGuestSource(0, IpAddress.mapV4(address))) {
      return false;
    }
    Lease lease = leases.get(address);
    return lease == null || isOver(lease, nowNanos);
  }

  private static boolean isOver(Lease lease, long nowNanos) {
    return lease.endNanos() - nowNanos <= 0;
  }

  /** Returns false when there is no room: not even an offer could be taken back. */
  private boolean enter(int address, Lease lease, long nowNanos) {
    if (leases.size() >= MOST && !leases.containsKey(address)) {
      leases.values().removeIf(one -> isOver(one, nowNanos));
      if (leases.size() >= MOST && !takeBackAnOffer()) {
        return false;
      }
    }
    leases.put(address, lease);
    return true;
  }

  private boolean takeBackAnOffer() {
    @Nullable Integer oldest = null;
    long end = Long.MAX_VALUE;
    for (Map.Entry<Integer, Lease> entry : leases.entrySet()) {
      if (!entry.getValue().bound() && (oldest == null || entry.getValue().endNanos() - end < 0)) {
        oldest = entry.getKey();
        end = entry.getValue().endNanos();
      }
    }
    return oldest != null && leases.remove(oldest) != null;
  }
}
