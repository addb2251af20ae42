package io.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.slipway.cli.it.Await;
import io.slipway.cli.it.Caller;
import io.slipway.cli.it.Leftovers;
import io.slipway.cli.it.Load;
import io.slipway.cli.it.Proc;
import io.slipway.cli.it.Services.Sample;
import io.slipway.cli.it.Slipway;
import io.slipway.cli.it.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An engine that is killed, at any moment of its life, leaves nothing behind. */
@ResourceLock(value = Load.PROCESSORS, mode = ResourceAccessMode.READ)
final class KilledEngineIT {
  private static final int MOMENTS = 10;
  private static final int LATEST_MILLIS = 2_000;

  @ParameterizedTest
  @EnumSource(Caller.class)
  void nothingIsLeft(Caller caller) {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Sample sample = Sample.make(128);
    try (World world = World.make();
        Proc server =
            world.internet(
                "socat TCP-LISTEN:80,fork,reuseaddr OPEN:" + sample.path() + ",rdonly")) {
      for (int i = 0; i < MOMENTS; i++) {
        // The moments are spread over start, transfer and idling; two kills in three are hard.
        int millis = LATEST_MILLIS * i / MOMENTS + random.nextInt(LATEST_MILLIS / MOMENTS);
        String signal = random.nextInt(3) == 0 ? "TERM" : "KILL";
        String moment = signal + " after " + millis + " ms, seed " + seed;
        killOnce(world, caller, signal, Duration.ofMillis(millis), moment);
      }
      assertThat(server.isAlive()).isTrue();
    }
  }

  private static void killOnce(
      World world, Caller caller, String signal, Duration when, String moment) {
    Leftovers leftovers = Leftovers.watch(world);
    List<String> argv = new ArrayList<>(world.hostPrefix());
    argv.addAll(
        Slipway.command(
            caller,
            "run",
            "--",
            "sh",
            "-c",
            "socat -u TCP4:203.0.113.1:80 /dev/null & setsid sleep 1000 & sleep 1000"));
    try (Proc engine = Proc.start(argv, Map.of(Leftovers.MARK, leftovers.mark()))) {
      Await.pause(when);
      leftovers.look(engine.pid());
      engine.signal(signal);
      engine.await(Duration.ofSeconds(20));
      Await.until(
          "nothing is left: " + moment,
          Duration.ofSeconds(5),
          () -> leftovers.found().isEmpty(),
          leftovers::found);
    }
  }
}
