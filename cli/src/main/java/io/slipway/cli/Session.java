package io.slipway.cli;

import io.netty.channel.unix.FileDescriptor;
import io.slipway.Engine;
import io.slipway.EngineConfig;
import io.slipway.EngineStats;
import io.slipway.flow.FlowListener;
import io.slipway.launch.LaunchException;
import io.slipway.launch.PidFile;
import io.slipway.observe.Closing;
import io.slipway.observe.EventFormat;
import io.slipway.observe.EventLevel;
import io.slipway.observe.EventLog;
import io.slipway.observe.FlowListeners;
import io.slipway.observe.FlowLog;
import io.slipway.observe.Readiness;
import io.slipway.stats.Count;
import io.slipway.sys.Linux;
import io.slipway.sys.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What surrounds an engine in this process: log, flow log, pid file, the descriptors of whoever
 * started us, and the reason why it all ends. Owned by the thread that runs the command; {@link
 * #end} may be called by any.
 */
final class Session implements AutoCloseable {
  private final Given given;
  private final EventLog log;
  private final @Nullable FlowLog flowLog;
  private final @Nullable PidFile pidFile;
  private final CompletableFuture<String> end = new CompletableFuture<>();
  private @Nullable Engine engine;

  private Session(Given given, EventLog log, @Nullable FlowLog flowLog, @Nullable PidFile pidFile) {
    this.given = given;
    this.log = log;
    this.flowLog = flowLog;
    this.pidFile = pidFile;
  }

  /**
   * Begins: looks at the descriptors, opens the files, starts the log.
   *
   * @throws LaunchException when one of them cannot be had
   */
  static Session begin(Given given) {
    checkDescriptor(given, Options.READY_FD);
    checkDescriptor(given, Options.EXIT_FD);
    @Nullable String flowFile = given.value(Options.FLOW_LOG);
    EventFormat format = given.value(Options.LOG_FORMAT, EventFormat.TEXT);
    @Nullable FlowLog flowLog = flowFile == null ? null : openFlowLog(Path.of(flowFile), format);
    @Nullable String pidPath = given.value(Options.PID_FILE);
    @Nullable PidFile pidFile = pidPath == null ? null : PidFile.create(Path.of(pidPath));
    EventLevel level = given.value(Options.LOG_LEVEL, EventLevel.INFO);
    EventLog log = new EventLog(level, new Log4jSink(format));
    LibraryLog.into(log);
    Session session = new Session(given, log, flowLog, pidFile);
    session.watchExitDescriptor();
    return session;
  }

  EventLog log() {
    return log;
  }

  /** Who is to hear of flows, and of names that nobody could resolve. */
  Engine.Listeners listeners() {
    FlowListener flows = flowLog == null ? log : new FlowListeners(log, flowLog);
    return new Engine.Listeners(flows, log);
  }

  /** The engine to be closed when this session ends. */
  void engine(Engine started) {
    engine = started;
    int wanted = given.value(Options.MAX_FLOWS, EngineConfig.DEFAULT_MAX_FLOWS);
    if (started.maxFlows() < wanted) {
      log.message(
          EventLevel.INFO,
          "at most " + started.maxFlows() + " flows, because of the limit of open files");
    }
    started.closed().thenAccept(this::end);
  }

  /** Lets the guest's last words arrive, unless the end was told from outside. */
  void settle() {
    if (engine != null && !end.isDone()) {
      engine.settle();
    }
  }

  /** Says that it is time to end; the first reason counts. */
  void end(String reason) {
    end.complete(reason);
  }

  /** Completed with the reason when it is time to end. */
  CompletableFuture<String> ended() {
    return end;
  }

  /** The network works: says so in the log and on the descriptor of whoever waits for it. */
  void ready(Readiness ready) {
    log.ready(ready);
    @Nullable Integer descriptor = given.value(Options.READY_FD);
    if (descriptor != null) {
      announce(descriptor);
    }
  }

  /** Ends the engine, says so, and puts everything away. */
  @Override
  public void close() {
    end.complete("done");
    String reason = end.join();
    if (engine != null) {
      EngineStats before = engine.stats();
      engine.close(reason).join();
      log.closing(closing(reason, before.flows(), engine.stats()));
    }
    if (flowLog != null) {
      flowLog.close();
      if (flowLog.dropped() > 0) {
        log.message(EventLevel.WARN, "flow log: " + flowLog.dropped() + " lines were dropped");
      }
    }
    if (pidFile != null) {
      pidFile.close();
    }
    log.close();
  }

  private static Closing closing(String reason, int flows, EngineStats stats) {
    return new Closing(
        reason,
        flows,
        stats.counters().get(Count.FLOWS_OPENED),
        stats.counters().get(Count.FLOWS_REFUSED),
        stats.counters().get(Count.FRAMES_IN),
        stats.counters().get(Count.FRAMES_OUT),
        stats.counters().get(Count.BYTES_IN),
        stats.counters().get(Count.BYTES_OUT),
        stats.counters().droppedInAll());
  }

  /** The descriptors that were passed to us, and are nobody else's business. */
  static List<Integer> ownDescriptors(Given given) {
    List<Integer> own = new ArrayList<>();
    for (Option<Integer> option : List.of(Options.READY_FD, Options.EXIT_FD, Options.FD)) {
      @Nullable Integer descriptor = given.value(option);
      if (descriptor != null) {
        own.add(descriptor);
      }
    }
    return own;
  }

  private static void checkDescriptor(Given given, Option<Integer> option) {
    @Nullable Integer descriptor = given.value(option);
    if (descriptor != null) {
      int flags = Linux.fcntl(descriptor, Linux.F_GETFD, 0);
      try {
        LinuxException.check(option.name() + " " + descriptor, flags);
        Linux.fcntl(descriptor, Linux.F_SETFD, Linux.FD_CLOEXEC);
      } catch (LinuxException e) {
        throw new LaunchException(e.getMessage(), e);
      }
    }
  }

  private static FlowLog openFlowLog(Path file, EventFormat format) {
    try {
      return FlowLog.open(file, format);
    } catch (IOException e) {
      throw new LaunchException("--flow-log '" + file + "': cannot be opened: " + e, e);
    }
  }

  private void watchExitDescriptor() {
    @Nullable Integer descriptor = given.value(Options.EXIT_FD);
    if (descriptor != null) {
      Thread.ofPlatform()
          .name("exit-fd")
          .daemon()
          .start(() -> {
            Linux.pollInput(-1, descriptor);
            end("exit-fd");
          });
    }
  }

  private void announce(int descriptor) {
    ByteBuffer one = ByteBuffer.allocateDirect(1).put(0, "1".getBytes(StandardCharsets.US_ASCII));
    FileDescriptor ready = new FileDescriptor(descriptor);
    try {
      ready.write(one, 0, 1);
    } catch (IOException e) {
      log.message(EventLevel.WARN, "--ready-fd " + descriptor + ": nobody reads it: " + e);
    }
    try {
      ready.close();
    } catch (IOException e) {
      log.message(EventLevel.WARN, "--ready-fd " + descriptor + ": " + e);
    }
  }
}
