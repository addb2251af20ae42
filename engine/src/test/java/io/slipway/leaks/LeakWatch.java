package io.slipway.leaks;

import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that lost a reference-counted buffer. JUnit registers it for every class of a
 * run (it is listed under {@code META-INF/services}); nobody names it.
 *
 * <p>A buffer that is still reachable when its class ends, from a static field or a thread that
 * lives on, is not lost yet: the next class, or the end of the run, reports it.
 */
public final class LeakWatch implements BeforeAllCallback, AfterAllCallback {
  private static final int COLLECTIONS = 2;
  private static final long COLLECTION_TIMEOUT_MILLIS = 2000;

  @Override
  public void beforeAll(ExtensionContext context) {
    context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(LeakWatch.class))
        .computeIfAbsent("end of the run", _ -> (AutoCloseable) LeakWatch::checkAtTheEnd);
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    List<String> leaks = findLeaks();
    if (!leaks.isEmpty()) {
      throw new AssertionError(describe(leaks));
    }
  }

  /** JUnit only logs what is thrown while a run is closed, so the JVM itself has to say it. */
  private static void checkAtTheEnd() throws InterruptedException, IOException {
    List<String> leaks = findLeaks();
    if (!leaks.isEmpty()) {
      // Not System.err, which a test runner has redirected and the halt would leave unread.
      try (OutputStream err = new FileOutputStream(FileDescriptor.err)) {
        err.write(describe(leaks).getBytes(StandardCharsets.UTF_8));
      }
      Runtime.getRuntime().halt(1);
    }
  }

  private static List<String> findLeaks() throws InterruptedException {
    for (int i = 0; i < COLLECTIONS; i++) {
      collectGarbage();
      // The detector looks at what was collected when it is asked to track the next buffer.
      UnpooledByteBufAllocator.DEFAULT.directBuffer(1).release();
    }
    if (!RecordingLeakDetector.isInstalled()) {
      throw new IllegalStateException(
          "Leaks go unseen: run with -Dio.netty.leakDetection.level=paranoid"
              + " -Dio.netty.customResourceLeakDetector="
              + RecordingLeakDetector.class.getName());
    }
    return RecordingLeakDetector.takeLeaks();
  }

  /** Returns when a collection has queued the references that it cleared. */
  private static void collectGarbage() throws InterruptedException {
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    WeakReference<Object> sentinel = new WeakReference<>(new Object(), queue);
    try {
      System.gc();
      if (queue.remove(COLLECTION_TIMEOUT_MILLIS) == null) {
        throw new IllegalStateException("System.gc() collected nothing; is it disabled?");
      }
    } finally {
      Reference.reachabilityFence(sentinel);
    }
  }

  private static String describe(List<String> leaks) {
    return leaks.size() + " leaked: " + String.join(System.lineSeparator(), leaks);
  }
}
