package io.slipway;

import io.slipway.stats.Count;
import io.slipway.stats.CountersSnapshot;
import org.jspecify.annotations.Nullable;

/** Tells from one look after another whether anything is still under way. Owned by its caller. */
final class Settling {
  static final long LOOK_EVERY_MILLIS = 5;

  /** Frames come and go within microseconds, so some silent looks are silence. */
  private static final int SILENT_LOOKS = 4;

  /** Bytes that the host does not take: its peer sleeps, or is gone. */
  private static final int STUCK_LOOKS = 200;

  private static final int ALL_LOOKS = 2_000;

  private @Nullable EngineStats before;
  private int looks;
  private int unchanged;

  /** Takes the next look; true when there is nothing more to wait for. */
  boolean isOver(EngineStats now) {
    boolean moved = before == null || moved(before, now);
    before = now;
    unchanged = moved ? 0 : unchanged + 1;
    looks++;
    if (now.flows() == 0 || looks >= ALL_LOOKS) {
      return true;
    }
    return unchanged >= (now.heldBytes() == 0 ? SILENT_LOOKS : STUCK_LOOKS);
  }

  private static boolean moved(EngineStats before, EngineStats now) {
    return before.heldBytes() != now.heldBytes() || frames(before) != frames(now);
  }

  private static long frames(EngineStats stats) {
    CountersSnapshot counters = stats.counters();
    return counters.get(Count.FRAMES_IN) + counters.get(Count.FRAMES_OUT);
  }
}
