package io.slipway.gateway;

import io.slipway.route.Lan;
import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who has which address of one of the guest's subnets (RFC 2131 §4.3, RFC 8415 §18.3). One for all
 * shards of an engine, which ask it a few times a day: any thread. Bounded: {@value #MOST}
 * addresses.
 *
 * <p>The first client gets the address that the plan calls the guest's, the next ones those behind
 * it. An address may be asked for by name when nobody has it.
 */
final class AddressPool {

  private static final int MOST = 256;
  private static final long LEASE_NANOS = TimeUnit.SECONDS.toNanos(DhcpLeases.LEASE_SECONDS);

  /** An offer that nobody takes up is forgotten. */
  private static final long OFFER_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** A client found somebody at the address: it is left alone for so long. */
  private static final long DECLINED_NANOS = TimeUnit.MINUTES.toNanos(10);

  private static final String NOBODY = "";

  private final Lan lan;
  private final Cidr subnet;
  private final IpAddress first;
  private final Map<IpAddress, Lease> leases = new HashMap<>();

  private record Lease(String client, boolean bound, long endNanos) {}

  /** Nobody has an address yet. */
  AddressPool(Lan lan, Cidr subnet, IpAddress first) {
    this.lan = lan;
    this.subnet = subnet;
    this.first = first;
  }

  /**
   * The address to offer: what the client has, or asks for, or the next one that is free. It is
   * kept for the client for a minute.
   *
   * @param wanted what the client asks for, null for none
   * @return null when there is none
   */
  synchronized @Nullable IpAddress offer(String client, @Nullable IpAddress wanted, long nowNanos) {
    IpAddress has = of(client, nowNanos);
    if (has != null) {
      return has;
    }
    IpAddress address = wanted != null && isFree(wanted, nowNanos) ? wanted : nextFree(nowNanos);
    return address != null
            && enter(address, new Lease(client, false, nowNanos + OFFER_NANOS), nowNanos)
        ? address
        : null;
  }

  /**
   * Makes the address the client's, or lets it keep it.
   *
   * @return false when it cannot have it
   */
  synchronized boolean bind(String client, IpAddress address, long nowNanos) {
    Lease lease = leases.get(address);
    boolean own = lease != null && lease.client().equals(client);
    if (!own && !isFree(address, nowNanos)) {
      return false;
    }
    // One address a client: what it had before goes back.
    leases
        .entrySet()
        .removeIf(e -> !e.getKey().equals(address) && e.getValue().client().equals(client));
    return enter(address, new Lease(client, true, nowNanos + LEASE_NANOS), nowNanos);
  }

  /** The client needs its addresses no longer. */
  synchronized void release(String client) {
    leases.values().removeIf(lease -> lease.client().equals(client));
  }

  /**
   * The client needs the address no longer.
   *
   * @return false when it is not the client's
   */
  synchronized boolean release(String client, IpAddress address) {
    boolean own = isOf(client, address);
    if (own) {
      leases.remove(address);
    }
    return own;
  }

  /**
   * The client found that somebody else uses its address, who is left alone for a while.
   *
   * @return false when it is not the client's
   */
  synchronized boolean decline(String client, IpAddress address, long nowNanos) {
    boolean own = isOf(client, address);
    if (own) {
      leases.put(address, new Lease(NOBODY, true, nowNanos + DECLINED_NANOS));
    }
    return own;
  }

  /** Whether a machine of the subnet may have the address. */
  boolean holds(IpAddress address) {
    return subnet.contains(address) && lan.isGuestSource(address.high(), address.low());
  }

  private boolean isOf(String client, IpAddress address) {
    Lease lease = leases.get(address);
    return lease != null && lease.client().equals(client);
  }

  /** The address that the client has or was offered; null for none. */
  private @Nullable IpAddress of(String client, long nowNanos) {
    for (Map.Entry<IpAddress, Lease> entry : leases.entrySet()) {
      if (entry.getValue().client().equals(client) && !isOver(entry.getValue(), nowNanos)) {
        return entry.getKey();
      }
    }
    return null;
  }

  private @Nullable IpAddress nextFree(long nowNanos) {
    // Behind the last address of a small subnet comes its first one.
    long host = subnet.last().low() ^ subnet.base().low();
    // As many as can be taken, with ours and the subnet's own.
    for (int i = 0; i < MOST + 8; i++) {
      long low = (first.low() & ~host) | (first.low() + i & host);
      IpAddress address = new IpAddress(first.high(), low);
      if (isFree(address, nowNanos)) {
        return address;
      }
    }
    return null;
  }

  private boolean isFree(IpAddress address, long nowNanos) {
    if (!holds(address)) {
      return false;
    }
    Lease lease = leases.get(address);
    return lease == null || isOver(lease, nowNanos);
  }

  private static boolean isOver(Lease lease, long nowNanos) {
    return lease.endNanos() - nowNanos <= 0;
  }

  /** Returns false when there is no room: not even an offer could be taken back. */
  private boolean enter(IpAddress address, Lease lease, long nowNanos) {
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
    @Nullable IpAddress oldest = null;
    long end = Long.MAX_VALUE;
    for (Map.Entry<IpAddress, Lease> entry : leases.entrySet()) {
      if (!entry.getValue().bound() && (oldest == null || entry.getValue().endNanos() - end < 0)) {
        oldest = entry.getKey();
        end = entry.getValue().endNanos();
      }
    }
    return oldest != null && leases.remove(oldest) != null;
  }
}
