package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Guest;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.TimedTransfer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The guest's link changes its MTU while it is busy: no byte is lost and the transfer ends. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class MtuChangeIT {
  @ParameterizedTest
  @ValueSource(strings = {"off", "auto"})
  void theMtuMayChangeInMidTransfer(String offload) {
    try (Guest guest = Guest.start(Caller.ROOT, "--host-loopback", "--offload", offload);
        Proc server = TimedTransfer.serve()) {
      String port = server.out().strip();
      for (String way : List.of("in", "out")) {
        try (Proc transfer =
            guest.startScript(
                TimedTransfer.SCRIPT, way, Guest.GATEWAY, port, TimedTransfer.ENDLESS, 2)) {
          for (int mtu : List.of(576, 1500, 1280, 9000, 65520)) {
            Await.pause(Duration.ofMillis(300));
            guest.run("ip link set tap0 mtu " + mtu).ok();
          }
          transfer.await(Proc.LIMIT).ok();
        }
      }
      assertThat(guest.stop().err()).doesNotContain("Exception");
    }
  }
}
