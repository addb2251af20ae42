package io.slipway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.slipway.wire.Cidr;
import io.slipway.wire.IpAddress;
import io.slipway.wire.MacAddress;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every row of the decision, as a table: options, question, answer. */
class RouterTest {

  private static final Lan LAN =
      Lan.standard(
          Cidr.parse("10.0.2.0/24"),
          Cidr.parse("fd00::/64"),
          MacAddress.parse("02:11:22:33:44:55"),
          1500);

  /** Options as words: loopback, closed, dns, source, allow=LIST, deny=LIST. */
  private static RouterConfig config(String words) {
    RouterConfig config = RouterConfig.DEFAULT;
    for (String word : words.split(" ", -1)) {
      String value = word.substring(word.indexOf('=') + 1);
      config =
          switch (word.substring(0, word.length() - value.length())) {
            case "allow=" -> config.withAllow(AccessList.parse(value));
            case "deny=" -> config.withDeny(AccessList.parse(value));
            default ->
                switch (word) {
                  case "loopback" -> config.withHostLoopback(true);
                  case "closed" -> config.withOutbound(false);
                  case "dns" -> config.withNameService(true);
                  case "source" ->
                      config.withSources(
                          IpAddress.parse("198.51.100.1"), IpAddress.parse("2001:db8::99"));
                  case "-" -> config;
                  default -> throw new IllegalArgumentException(word);
                };
          };
    }
    return config;
  }

  private static String words(Verdict verdict) {
    return switch (verdict) {
      case Verdict.ToHost(Endpoint target, IpAddress source) ->
          source == null ? target.toString() : target + " from " + source;
      case Verdict.ToGuest(IpAddress as, Endpoint target) -> target + " as " + as;
      case Verdict.ToService(Verdict.Service service) -> service.name();
      case Verdict.Refuse(Verdict.Reason reason) -> reason.name();
    };
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // outbound by default, both families
        "- | tcp 93.184.216.34:80 | 93.184.216.34:80",
        "- | udp 8.8.8.8:53 | 8.8.8.8:53",
        "- | icmp 8.8.8.8:0 | 8.8.8.8:0",
        "- | tcp [2001:db8::1]:443 | [2001:db8::1]:443",
        "- | tcp 10.0.3.1:22 | 10.0.3.1:22",
        "- | tcp 192.168.1.1:22 | 192.168.1.1:22",
        "source | tcp 93.184.216.34:80 | 93.184.216.34:80 from 198.51.100.1",
        "source | udp [2001:db8::1]:53 | [2001:db8::1]:53 from 2001:db8::99",
        // destinations that make no sense, whatever the lists say
        "- | tcp 0.0.0.0:80 | NO_ROUTE",
        "- | tcp 0.1.2.3:80 | NO_ROUTE",
        "- | tcp [::]:80 | NO_ROUTE",
        "- | tcp [::2]:80 | NO_ROUTE",
        "- | tcp [::7f00:1]:80 | NO_ROUTE",
        "allow=0.0.0.0/0 | tcp 0.0.0.0:80 | NO_ROUTE",
        "loopback allow=127.0.0.0/8 | tcp 127.0.0.1:80 | LOOPBACK",
        "- | tcp 127.255.0.9:80 | LOOPBACK",
        "loopback allow=::/0 | tcp [::1]:80 | LOOPBACK",
        "loopback | tcp [64:ff9b::127.0.0.1]:80 | LOOPBACK",
        "- | udp 224.0.0.251:5353 | MULTICAST",
        "- | udp 239.255.255.250:1900 | MULTICAST",
        "- | udp [ff02::fb]:5353 | MULTICAST",
        "allow=224.0.0.0/4 | udp 224.0.0.251:5353 | MULTICAST",
        "- | udp 255.255.255.255:67 | BROADCAST",
        "- | udp 10.0.2.255:137 | BROADCAST",
        "- | tcp 10.0.2.0:80 | NO_SUCH_HOST",
        "- | tcp 10.0.2.100:80 | NO_SUCH_HOST",
        "- | tcp 10.0.2.77:80 | NO_SUCH_HOST",
        "allow=10.0.2.77 | tcp 10.0.2.77:80 | NO_SUCH_HOST",
        "- | tcp [fd00::77]:80 | NO_SUCH_HOST",
        // the gateway is the host's loopback when that is open
        "- | tcp 10.0.2.2:80 | HOST_LOOPBACK_CLOSED",
        "- | tcp [fd00::2]:80 | HOST_LOOPBACK_CLOSED",
        "allow=10.0.2.2:80 | tcp 10.0.2.2:80 | HOST_LOOPBACK_CLOSED",
        "allow=0.0.0.0/0 | udp 10.0.2.2:53 | HOST_LOOPBACK_CLOSED",
        "loopback | tcp 10.0.2.2:80 | 127.0.0.1:80",
        "loopback | udp [fd00::2]:53 | [::1]:53",
        "loopback | tcp [fe80::11:22ff:fe33:4455]:80 | [::1]:80",
        "loopback source | tcp 10.0.2.2:80 | 127.0.0.1:80",
        "loopback closed | tcp 10.0.2.2:80 | 127.0.0.1:80",
        "loopback deny=10.0.2.2:22 | tcp 10.0.2.2:22 | POLICY",
        "loopback deny=10.0.2.2:22 | tcp 10.0.2.2:80 | 127.0.0.1:80",
        "loopback deny=10.0.0.0/8 allow=10.0.2.2 | tcp 10.0.2.2:80 | POLICY",
        // the name service
        "- | udp 10.0.2.3:53 | NO_SUCH_SERVICE",
        "loopback | tcp 10.0.2.3:53 | NO_SUCH_SERVICE",
        "dns | udp 10.0.2.3:53 | DNS",
        "dns | tcp [fd00::3]:53 | DNS",
        "dns closed | udp 10.0.2.3:53 | DNS",
        "dns | tcp 10.0.2.3:80 | NO_SUCH_SERVICE",
        "dns | icmp 10.0.2.3:0 | NO_SUCH_SERVICE",
        "dns deny=10.0.2.3 | udp 10.0.2.3:53 | POLICY",
        // deny beats allow beats the default
        "deny=93.184.216.34 | tcp 93.184.216.34:80 | POLICY",
        "deny=tcp://93.184.216.34 | udp 93.184.216.34:80 | 93.184.216.34:80",
        "deny=93.184.0.0/16:80 allow=93.184.216.34 | tcp 93.184.216.34:80 | POLICY",
        "deny=93.184.0.0/16:80 allow=93.184.216.34 | tcp 93.184.216.34:81 | 93.184.216.34:81",
        "closed | tcp 93.184.216.34:80 | POLICY",
        "closed | tcp [2001:db8::1]:80 | POLICY",
        "closed | icmp 8.8.8.8:0 | POLICY",
        "closed allow=93.184.216.34:80 | tcp 93.184.216.34:80 | 93.184.216.34:80",
        "closed allow=93.184.216.34:80 | tcp 93.184.216.34:443 | POLICY",
        "closed allow=icmp://8.8.8.8 | icmp 8.8.8.8:0 | 8.8.8.8:0",
        "closed allow=[2001:db8::/32]:443 | tcp [2001:db8::1]:443 | [2001:db8::1]:443",
        "closed source allow=8.8.8.8 | udp 8.8.8.8:53 | 8.8.8.8:53 from 198.51.100.1",
        "deny=10.0.0.0/8 | tcp [64:ff9b::10.1.2.3]:80 | POLICY",
        "deny=10.0.0.0/8 | tcp [64:ff9b::93.184.216.34]:80 | [64:ff9b::5db8:d822]:80",
        // link-local and metadata, unless an entry names just them
        "- | tcp 169.254.7.7:80 | LINK_LOCAL",
        "- | tcp [fe80::7]:80 | LINK_LOCAL",
        "- | tcp 169.254.169.254:80 | METADATA",
        "- | tcp [fd00:ec2::254]:80 | METADATA",
        "- | tcp [64:ff9b::169.254.169.254]:80 | METADATA",
        "allow=64:ff9b::/96 | tcp [64:ff9b::169.254.169.254]:80 | METADATA",
        "allow=0.0.0.0/0 | tcp 169.254.7.7:80 | LINK_LOCAL",
        "allow=0.0.0.0/0,169.254.0.0/16 | tcp 169.254.169.254:80 | METADATA",
        "allow=fd00::/8 | tcp [fd00:ec2::254]:80 | METADATA",
        "allow=169.254.0.0/16 | tcp 169.254.7.7:80 | 169.254.7.7:80",
        "allow=169.254.169.254:80 | tcp 169.254.169.254:80 | 169.254.169.254:80",
        "allow=169.254.169.254:80 | tcp 169.254.169.254:81 | METADATA",
        "allow=fd00:ec2::254 | tcp [fd00:ec2::254]:80 | [fd00:ec2::254]:80",
        "closed allow=169.254.169.254 | tcp 169.254.169.254:80 | 169.254.169.254:80",
        "allow=169.254.169.254 deny=169.254.0.0/16 | tcp 169.254.169.254:80 | POLICY",
        "- | tcp [fd00:ec2::253]:80 | [fd00:ec2::253]:80",
      })
  void fromTheGuest(String options, String question, String answer) {
    Router router = new Router(LAN, config(options));
    int space = question.indexOf(' ');
    Protocol protocol = Protocol.valueOf(question.substring(0, space).toUpperCase(Locale.ROOT));
    Endpoint remote = Endpoint.parse(question.substring(space + 1));
    IpAddress guest =
        remote.address().isV4() ? IpAddress.parse("10.0.2.100") : IpAddress.parse("fd00::100");
    Verdict verdict = router.route(protocol, guest, 40_000, remote.address(), remote.port());
    assertThat(words(verdict)).isEqualTo(answer);
    assertThat(router.route(protocol, guest, 40_000, remote.address(), remote.port()))
        .isEqualTo(verdict);
    Verdict.Reason refusal =
        router.refusal(protocol, remote.address().high(), remote.address().low(), remote.port());
    assertThat(refusal)
        .isEqualTo(verdict instanceof Verdict.Refuse(Verdict.Reason reason) ? reason : null);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 10.0.2.2",
    "127.3.2.1, 10.0.2.2",
    "::1, fd00::2",
    "10.0.2.100, 10.0.2.2",
    "10.0.2.9, 10.0.2.2",
    "fd00::9, fd00::2",
    "0.0.0.0, 10.0.2.2",
    "169.254.9.9, 10.0.2.2",
    "fe80::9, fd00::2",
    "192.168.1.5, 192.168.1.5",
    "8.8.8.8, 8.8.8.8",
    "2001:db8::9, 2001:db8::9",
  })
  void aHostsPeerAsTheGuestSeesIt(String peer, String seen) {
    Router router = new Router(LAN, RouterConfig.DEFAULT);
    IpAddress at = IpAddress.parse(peer);
    assertThat(router.guestView(at)).hasToString(seen);
    assertThat(router.seenAsGateway(at.high(), at.low())).isEqualTo(!peer.equals(seen));
  }

  @Test
  void withoutIpv6AnIpv6PeerIsTheIpv4Gateway() {
    Lan lan = Lan.standard(LAN.subnet4(), null, LAN.mac(), 1500);
    Router router = new Router(lan, RouterConfig.DEFAULT);
    assertThat(router.guestView(IpAddress.parse("2001:db8::9"))).hasToString("10.0.2.2");
    assertThat(router.guestView(IpAddress.LOOPBACK6)).hasToString("10.0.2.2");
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 10.0.2.100:80, 10.0.2.100:80 as 192.0.2.1",
    "127.0.0.1, 10.0.2.100:80, 10.0.2.100:80 as 10.0.2.2",
    "127.0.0.1, [fd00::100]:80, [fd00::100]:80 as fd00::2",
    "2001:db8::9, 10.0.2.100:80, 10.0.2.100:80 as 10.0.2.2",
    "2001:db8::9, [fd00::100]:80, [fd00::100]:80 as 2001:db8::9",
    "192.0.2.1, 10.0.3.100:80, NO_SUCH_HOST",
    "192.0.2.1, [2001:db8::1]:80, NO_SUCH_HOST",
  })
  void fromTheHost(String peer, String target, String answer) {
    Router router = new Router(LAN, RouterConfig.DEFAULT);
    assertThat(words(router.routeFromHost(IpAddress.parse(peer), Endpoint.parse(target))))
        .isEqualTo(answer);
  }

  @Test
  void aSourceOfTheWrongFamilyIsRefused() {
    assertThatThrownBy(() -> RouterConfig.DEFAULT.withSources(IpAddress.LOOPBACK6, null))
        .hasMessageContaining("\"::1\"");
    assertThatThrownBy(() -> RouterConfig.DEFAULT.withSources(null, IpAddress.LOOPBACK4))
        .hasMessageContaining("\"127.0.0.1\"");
  }
}
