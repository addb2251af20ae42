package io.slipway.udp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Which hosts may answer, and which are forgotten. */
final class AdmittedHostsTest {
  private static final long HIGH = 0x20010db8_00000000L;

  @Test
  void bothHalvesOfAnAddressCount() {
    AdmittedHosts hosts = new AdmittedHosts();
    assertThat(hosts.contains(0, 0)).isFalse();
    hosts.add(HIGH, 7);
    assertThat(hosts.contains(HIGH, 7)).isTrue();
    assertThat(hosts.contains(HIGH, 8)).isFalse();
    assertThat(hosts.contains(HIGH + 1, 7)).isFalse();
  }

  @Test
  void oneTooManyTakesThePlaceOfTheFirst() {
    AdmittedHosts hosts = new AdmittedHosts();
    for (int i = 0; i <= AdmittedHosts.MOST; i++) {
      hosts.add(HIGH, i);
    }
    assertThat(hosts.contains(HIGH, 0)).isFalse();
    assertThat(hosts.contains(HIGH, 1)).isTrue();
    hosts.add(HIGH, 0);
    assertThat(hosts.contains(HIGH, 0)).isTrue();
    assertThat(hosts.contains(HIGH, 1)).isFalse();
  }

  @Test
  void itRemembersWhatAQueueWould() {
    SplittableRandom random = new SplittableRandom(4787);
    AdmittedHosts hosts = new AdmittedHosts();
    Deque<Long> model = new ArrayDeque<>();
    for (int i = 0; i < 20_000; i++) {
      long low = random.nextInt(600);
      assertThat(hosts.contains(0, low)).isEqualTo(model.contains(low));
      hosts.add(0, low);
      if (!model.contains(low)) {
        model.addLast(low);
        if (model.size() > AdmittedHosts.MOST) {
          model.removeFirst();
        }
      }
    }
  }
}
