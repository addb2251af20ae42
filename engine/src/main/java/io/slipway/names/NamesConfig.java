package io.slipway.names;

import io.slipway.wire.DomainName;
import io.slipway.wire.IpAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * What the operator wants of the name service.
 *
 * @param servers who is asked, in this order; empty: those of {@code resolvConf}
 * @param resolvConf the host's resolv.conf(5)
 * @param names names that are answered here, whoever else may know them
 */
public record NamesConfig(List<IpAddress> servers, Path resolvConf, List<OwnName> names) {

  /** Where every program of the host looks. */
  public static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  /** The host's resolvers and no names of our own. */
  public static final NamesConfig DEFAULT = new NamesConfig(List.of(), RESOLV_CONF, List.of());

  /** A name and one of its addresses. */
  public record OwnName(DomainName name, IpAddress address) {}

  /** Keeps its own copies. */
  public NamesConfig {
    servers = List.copyOf(servers);
    names = List.copyOf(names);
  }
}
