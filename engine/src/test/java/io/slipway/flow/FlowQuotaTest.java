package io.slipway.flow;

import static io.slipway.flow.FlowKit.REMOTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.route.RouterConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class FlowQuotaTest {

  @Test
  void twoLoopsShareThePlaces() {
    FlowLimits limits = new FlowLimits(new FlowQuota(2), 1 << 20, 1 << 16);
    try (FlowKit one = new FlowKit(RouterConfig.DEFAULT, limits);
        FlowKit other = new FlowKit(RouterConfig.DEFAULT, limits)) {
      one.udp(1000, REMOTE, 53, "a");
      other.tcp(1001, REMOTE, 80, 0x02, 1, 0, "");
      other.tcp(1002, REMOTE, 80, 0x02, 1, 0, "");
      assertThat(other.events).containsExactly("refused tcp flow_limit");
      // A mapping gives way, but only to a flow of its own loop: that of another cannot touch it.
      one.tcp(1003, REMOTE, 80, 0x02, 1, 0, "");
      assertThat(one.events).containsExactly("opened udp", "closed udp evicted 1/0");
      assertThat(one.flows.size()).isEqualTo(1);
      one.flows.closeAll();
      one.streams.forEach(FlowKit.FakeStream::gone);
      other.tcp(1002, REMOTE, 80, 0x02, 1, 0, "");
      assertThat(other.flows.size()).isEqualTo(2);
    }
  }

  @Test
  void aMappingWithoutASocketKeepsNoPlace() {
    try (FlowKit kit =
        new FlowKit(RouterConfig.DEFAULT, new FlowLimits(new FlowQuota(1), 1 << 20, 1 << 16))) {
      kit.socketErrno = 24;
      kit.udp(1000, REMOTE, 53, "a");
      kit.socketErrno = 0;
      kit.udp(1001, REMOTE, 53, "a");
      assertThat(kit.events).containsExactly("refused udp host_socket", "opened udp");
    }
  }

  @Test
  void restingConnectionsAreNotCounted() {
    FlowQuota quota = new FlowQuota(1);
    assertThat(quota.take()).isTrue();
    assertThat(quota.take()).isFalse();
    quota.rest(1);
    assertThat(quota.take()).isTrue();
    assertThat(quota.take()).isFalse();
    quota.rest(-1);
    quota.giveBack();
    assertThat(quota.take()).isFalse();
    quota.giveBack();
    assertThat(quota.take()).isTrue();
  }

  @Test
  void threadsTogetherTakeNoMoreThanThereIs() throws Exception {
    FlowQuota quota = new FlowQuota(10_000);
    List<Future<Integer>> taken = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        taken.add(
            threads.submit(() -> {
              int mine = 0;
              for (int n = 0; n < 5_000; n++) {
                mine += quota.take() ? 1 : 0;
              }
              return mine;
            }));
      }
    }
    int sum = 0;
    for (Future<Integer> one : taken) {
      sum += one.get();
    }
    // A take that fails holds a place for a moment, so that another may fail beside it.
    assertThat(sum).isBetween(9_990, 10_000);
    while (quota.take()) {
      sum++;
    }
    assertThat(sum).isEqualTo(10_000);
  }
}
