package io.slipway.names;

import io.netty.util.concurrent.GlobalEventExecutor;
import io.slipway.wire.IpAddress;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The host's resolvers as they are now. Shared by all event loops, on which nothing is read: a
 * daemon thread watches the directories that resolv.conf lies in (its own, and that of the file it
 * may be a link to), and a look is taken behind a question's back, once a second at most, because a
 * file that is mounted over another changes without its directory's knowledge. Close it.
 */
public final class HostResolvers implements AutoCloseable {
  private static final long BETWEEN_LOOKS_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final @Nullable Path file;
  private final @Nullable WatchService watch;
  private final AtomicLong nextLook = new AtomicLong();
  private volatile List<IpAddress> current;

  private HostResolvers(
      List<IpAddress> current, @Nullable Path file, @Nullable WatchService watch) {
    this.current = current;
    this.file = file;
    this.watch = watch;
  }

  /** For an engine without a name service. */
  public static HostResolvers none() {
    return new HostResolvers(List.of(IpAddress.LOOPBACK4), null, null);
  }

  /** The resolvers that the configuration means. */
  public static HostResolvers of(NamesConfig config) {
    if (!config.servers().isEmpty()) {
      return new HostResolvers(config.servers(), null, null);
    }
    Path file = config.resolvConf().toAbsolutePath();
    HostResolvers resolvers = new HostResolvers(ResolvConf.read(file).servers(), file, newWatch());
    if (resolvers.watch != null) {
      Thread.ofPlatform().name("resolv-conf-watch").daemon().start(resolvers::follow);
    }
    return resolvers;
  }

  /** In order; never empty. */
  List<IpAddress> current(long nowNanos) {
    if (file != null) {
      long due = nextLook.get();
      if (nowNanos - due >= 0 && nextLook.compareAndSet(due, nowNanos + BETWEEN_LOOKS_NANOS)) {
        GlobalEventExecutor.INSTANCE.execute(this::look);
      }
    }
    return current;
  }

  /** Stops watching. */
  @Override
  public void close() {
    if (watch != null) {
      try {
        watch.close();
      } catch (IOException e) {
        // Nothing is held any more, or the kernel is beyond help.
      }
    }
  }

  private void look() {
    if (file != null) {
      List<IpAddress> now = ResolvConf.read(file).servers();
      if (!now.equals(current)) {
        current = now;
      }
    }
  }

  /** Without inotify there is still the look that a question causes. */
  private static @Nullable WatchService newWatch() {
    try {
      return FileSystems.getDefault().newWatchService();
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  private void follow() {
    Map<Path, WatchKey> watched = new HashMap<>();
    try {
      while (watch != null && file != null) {
        Set<Path> wanted = directories(file);
        watched
            .entrySet()
            .removeIf(one -> {
              boolean gone = !wanted.contains(one.getKey()) || !one.getValue().isValid();
              if (gone) {
                one.getValue().cancel();
              }
              return gone;
            });
        for (Path directory : wanted) {
          register(watched, directory);
        }
        look();
        WatchKey key = watch.take();
        key.pollEvents();
        key.reset();
      }
    } catch (ClosedWatchServiceException e) {
      // The engine has ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void register(Map<Path, WatchKey> watched, Path directory) {
    if (watch != null && !watched.containsKey(directory)) {
      try {
        watched.put(
            directory,
            directory.register(
                watch,
                StandardWatchEventKinds.ENTRY_CREATE,
                StandardWatchEventKinds.ENTRY_DELETE,
                StandardWatchEventKinds.ENTRY_MODIFY));
      } catch (IOException e) {
        // A directory that is not there cannot change; its parent's change is seen.
      }
    }
  }

  /** Where the file lies, and where what it links to lies. */
  private static Set<Path> directories(Path file) {
    Set<Path> directories = new LinkedHashSet<>();
    add(directories, file);
    try {
      add(directories, file.toRealPath());
    } catch (IOException e) {
      // A link to nothing, or no file: its own directory will tell.
    }
    return directories;
  }

  private static void add(Set<Path> directories, Path file) {
    @Nullable Path parent = file.getParent();
    if (parent != null) {
      directories.add(parent);
    }
  }
}
