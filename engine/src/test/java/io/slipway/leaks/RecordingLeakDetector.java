package io.slipway.leaks;

import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Netty's leak detector, except that a leak is kept for {@link LeakWatch} rather than logged. Netty
 * makes one of these for each kind of resource; what they find is shared by the whole JVM.
 *
 * @param <T> the kind of resource
 */
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {
  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
  private static final AtomicBoolean INSTALLED = new AtomicBoolean();

  /**
   * Called by Netty, which finds this class in the system property {@code
   * io.netty.customResourceLeakDetector}.
   *
   * @param resourceType the kind of resource
   * @param samplingInterval one in how many is tracked below the paranoid level
   */
  public RecordingLeakDetector(Class<?> resourceType, int samplingInterval) {
    super(resourceType, samplingInterval);
    INSTALLED.set(true);
  }

  /**
   * The form that Netty looks for as well, and complains of when it is missing.
   *
   * @param resourceType the kind of resource
   * @param samplingInterval one in how many is tracked below the paranoid level
   * @param maxActive has meant nothing for long
   */
  public RecordingLeakDetector(Class<?> resourceType, int samplingInterval, long maxActive) {
    this(resourceType, samplingInterval);
  }

  /** Whether Netty has made a detector of this class since the JVM began. */
  static boolean isInstalled() {
    return INSTALLED.get();
  }

  /** Hands over the leaks found so far, oldest first, and forgets them. */
  static List<String> takeLeaks() {
    List<String> taken = new ArrayList<>();
    for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
      taken.add(leak);
    }
    return taken;
  }

  @Override
  protected boolean needReport() {
    return true;
  }

  @Override
  protected void reportTracedLeak(String resourceType, String records) {
    LEAKS.add(resourceType + " was not released before it was collected." + records);
  }

  @Override
  protected void reportUntracedLeak(String resourceType) {
    LEAKS.add(resourceType + " was not released before it was collected; nothing touched it.");
  }
}
