package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineParserTest {
  private static Request parse(String... args) {
    return new CommandLineParser().parse(args);
  }

  private static Request.Run run(String... args) {
    return (Request.Run) parse(args);
  }

  private static Given attach(String... args) {
    return ((Request.Attach) parse(args)).given();
  }

  @Test
  void theCommandKeepsItsOwnOptionsQuotesAndAtSigns() {
    assertThat(run("run", "--mtu", "1400", "curl", "--mtu", "9", "--", "@file", "\"q\"").command())
        .isEqualTo(List.of("curl", "--mtu", "9", "--", "@file", "\"q\""));
    assertThat(run("run", "--", "-x", "--", "y").command()).isEqualTo(List.of("-x", "--", "y"));
  }

  @Test
  void aRunWithoutACommandIsAUsageError() {
    assertThatThrownBy(() -> parse("run", "--mtu", "1400"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("command to run is missing");
  }

  @Test
  void valuesArriveTyped() {
    Given given =
        attach(
            "attach",
            "--pid=1",
            "--mtu",
            "65521",
            "--memory",
            "64M",
            "--udp-timeout",
            "1500ms",
            "--tcp-keepalive",
            "2h",
            "--no-ipv6",
            "--guest",
            "10.0.2.7",
            "--guest",
            "fd00::7");

    assertThat(given.value(Options.PID)).isEqualTo(1);
    assertThat(given.value(Options.MTU)).isEqualTo(65_521);
    assertThat(given.value(Options.MEMORY)).isEqualTo(64L << 20);
    assertThat(given.value(Options.UDP_TIMEOUT)).isEqualTo(Duration.ofMillis(1_500));
    assertThat(given.value(Options.TCP_KEEPALIVE)).isEqualTo(Duration.ofHours(2));
    assertThat(given.flag(Options.NO_IPV6)).isTrue();
    assertThat(given.flag(Options.HOST_LOOPBACK)).isFalse();
    assertThat(given.values(Options.GUEST)).hasSize(2);
    assertThat(given.value(Options.CIDR)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--mtu | 99999 | --mtu: '99999' is not between 576 and 65521",
        "--mtu | big | --mtu: 'big' is not a number from 576 to 65521",
        "--offload | some | --offload: 'some' is neither auto nor off",
        "--icmp | some | --icmp: 'some' is none of real, local, off",
        "--memory | 12Q | --memory: '12Q' is not a size such as 65536K, 256M or 1G",
        "--memory | 5K | --memory: '5K' is less than 1M, which serves nobody",
        "--udp-timeout | 300 | --udp-timeout: '300' is not a duration such as 500ms, 300s, 5m or"
            + " 1h",
        "--udp-filter | port | --udp-filter: 'port' is none of endpoint, address",
        "--udp-timeout | 0s | --udp-timeout: '0s' is not between 1ms and 24h",
        "--queues | 0 | --queues: '0' is not between 1 and ",
        "--queues | 257 | --queues: '257' is not between 1 and ",
        "--interface | a/b | --interface: 'a/b' is not an interface name",
        "--log-level | loud | --log-level: 'loud' is none of error, warn, info, debug, trace",
        "--log-format | xml | --log-format: 'xml' is none of text, json",
        "--cidr | fd00::/64 | --cidr: 'fd00::/64' is not an IPv4 network",
        "--source6 | 10.0.0.1 | --source6: '10.0.0.1' is not an IPv6 address",
        "--ready-fd | -1 | --ready-fd: '-1' is not between 0 and 2147483647",
      })
  void aBadValueIsOneLineThatQuotesItAndSaysWhy(String option, String value, String message) {
    assertThatThrownBy(() -> parse("attach", option, value))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(message)
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({"--cidr,10.0.2.0/33", "--guest,10.0.2", "--allow,10.0.0.0/8:99999"})
  void whatTheEngineCannotReadIsAUsageErrorToo(String option, String value) {
    assertThatThrownBy(() -> parse("attach", option, value))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(option + ": ")
        .hasMessageContaining(value);
  }

  @ParameterizedTest
  @CsvSource({"--bypass", "--metrics=:1", "--nonsense"})
  void whatIsNotBuiltDoesNotExist(String option) {
    assertThatThrownBy(() -> parse("attach", option))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(option.split("=", 2)[0]);
  }

  @Test
  void usageErrorsOfRunLeaveTheSmallNumbersToTheCommand() {
    assertThat(CommandLineParser.usageStatus("run", "--nonsense")).isEqualTo(125);
    assertThat(CommandLineParser.usageStatus("attach", "run")).isEqualTo(2);
    assertThat(CommandLineParser.usageStatus()).isEqualTo(2);
  }

  @Test
  void everyOptionIsInTheHelpOfItsCommand() {
    String help = ((Request.Print) parse("run", "--help")).text();
    assertThat(Options.OF_RUN).allSatisfy(option -> assertThat(help).contains(option.name()));
    assertThat(((Request.Print) parse("attach", "--help")).text())
        .contains("--netns", "--userns", "--fd")
        .doesNotContain("--new-userns");
  }

  @Test
  void completionKnowsTheOptions() {
    assertThat(((Request.Print) parse("generate-completion")).text())
        .contains("--host-loopback", "complete");
  }
}
