package io.slipway.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.route.Protocol;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The table against a map: whatever is added and removed, exactly what is there is found. */
final class FlowTableTest {
  private record Key(long guest, int port, long remote, int remotePort) {}

  @Test
  void findsWhatIsThereAndNothingElse() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      FlowTable table = new FlowTable(seed);
      Map<Key, Flow> model = new HashMap<>();
      FlowKit kit = new FlowKit();
      for (int step = 0; step < 3000; step++) {
        Key key =
            new Key(random.nextInt(3), random.nextInt(300), random.nextInt(3), random.nextInt(4));
        Flow known = model.get(key);
        assertThat(find(table, key)).isSameAs(known);
        if (known == null) {
          Flow flow = kit.bareFlow(key.guest(), key.port(), key.remote(), key.remotePort());
          table.add(flow);
          model.put(key, flow);
        } else if (random.nextInt(step < 1500 ? 3 : 1) == 0) {
          table.remove(known);
          model.remove(key);
        }
        assertThat(table.size()).isEqualTo(model.size());
      }
      assertThat(table.toArray()).containsExactlyInAnyOrder(model.values().toArray(Flow[]::new));
      kit.close();
    }
  }

  private static Flow find(FlowTable table, Key key) {
    return table.find(Protocol.TCP, 0, key.guest(), key.port(), 0, key.remote(), key.remotePort());
  }

  @Test
  void removingAnotherFlowWithTheSameKeyChangesNothing() {
    FlowKit kit = new FlowKit();
    FlowTable table = new FlowTable(1);
    Flow here = kit.bareFlow(1, 2, 3, 4);
    table.add(here);
    table.remove(kit.bareFlow(1, 2, 3, 4));
    assertThat(find(table, new Key(1, 2, 3, 4))).isSameAs(here);
    kit.close();
  }

  @Test
  void budgetOfManyStalledFlowsStaysBelowItsBound() {
    MemoryBudget budget = new MemoryBudget(1_000_000, 300_000);
    assertThat(budget.allowance()).isEqualTo(125_000);
    for (int i = 0; i < 10_000; i++) {
      budget.add(budget.allowance());
    }
    assertThat(budget.held()).isLessThanOrEqualTo(1_000_000);
    budget.add(2_000_000);
    assertThat(budget.allowance()).isZero();
  }
}
