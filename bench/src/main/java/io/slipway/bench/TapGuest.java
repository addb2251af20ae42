package io.slipway.bench;

import io.slipway.Engine;
import io.slipway.EngineConfig;
import io.slipway.EventLoops;
import io.slipway.launch.AttachTarget;
import io.slipway.launch.GuestInterface;
import io.slipway.launch.InterfacePlan;
import io.slipway.launch.InterfaceState;
import io.slipway.launch.NamespaceDoor;
import io.slipway.names.NameListener;
import io.slipway.route.Lan;
import io.slipway.route.RouterConfig;
import io.slipway.sys.TapDevice;
import io.slipway.wire.Cidr;
import io.slipway.wire.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A namespace with an engine, and a server on the host's loopback that programs in the namespace
 * connect to. Owned by the thread that made it; blocks.
 */
final class TapGuest {
  /** There is none. */
  static final TapGuest NONE = new TapGuest("", null, null, null);

  private static final Engine.Listeners SILENT =
      new Engine.Listeners(SilentListener.INSTANCE, NameListener.NONE);
  private static final String DEVICE = "tap0";
  private static final int MEBIBYTE = 1 << 20;

  private final String namespace;
  private final @Nullable EventLoops loops;
  private final @Nullable Engine engine;
  private final @Nullable ServerSocketChannel server;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(MEBIBYTE);

  private TapGuest(
      String namespace,
      @Nullable EventLoops loops,
      @Nullable Engine engine,
      @Nullable ServerSocketChannel server) {
    this.namespace = namespace;
    this.loops = loops;
    this.engine = engine;
    this.server = server;
  }

  /** Makes all of it. As root. */
  static TapGuest begin(int mtu) throws IOException, InterruptedException {
    String name = "slipway-bench-" + ProcessHandle.current().pid();
    run("ip", "netns", "add", name);
    EventLoops loops = EventLoops.begin();
    Engine engine = attach(name, mtu, loops);
    ServerSocketChannel server =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return new TapGuest(name, loops, engine, server);
  }

  private static Engine attach(String namespace, int mtu, EventLoops loops) {
    Lan lan =
        Lan.standard(Cidr.parse("10.0.2.0/24"), null, MacAddress.parse("52:55:0a:00:02:02"), mtu);
    EngineConfig config = EngineConfig.of(lan, RouterConfig.DEFAULT.withHostLoopback(true));
    try (NamespaceDoor door = NamespaceDoor.open(AttachTarget.Named.of(namespace, null))) {
      TapDevice device = GuestInterface.open(door, InterfaceState.absent(DEVICE), true, 1);
      Engine engine = Engine.start(loops, config, device, SILENT);
      String ipv6 =
          GuestInterface.configure(
              door,
              new InterfacePlan(
                  DEVICE, mtu, lan.guest4() + "/24", lan.gateway4().toString(), null, null));
      if (ipv6 != null) {
        throw new AssertionError("no IPv6 was asked for: " + ipv6);
      }
      return engine;
    }
  }

  /** A program in the namespace sends so many mebibytes; returns the bytes that came. */
  long sends(int mebibytes) throws IOException, InterruptedException {
    Process program = program("dd if=/dev/zero bs=1M count=%d >&3", mebibytes);
    long bytes = 0;
    try (SocketChannel peer = server().accept()) {
      for (int n = 0; n >= 0; n = peer.read(buffer.clear())) {
        bytes += n;
      }
    }
    return checked(program, bytes, mebibytes);
  }

  /** A program in the namespace takes so many mebibytes; returns the bytes that went. */
  long receives(int mebibytes) throws IOException, InterruptedException {
    Process program = program("test $(dd bs=1M <&3 | wc -c) = $((%d << 20))", mebibytes);
    long bytes = 0;
    try (SocketChannel peer = server().accept()) {
      for (int i = 0; i < mebibytes; i++) {
        for (buffer.clear(); buffer.hasRemaining(); ) {
          bytes += peer.write(buffer);
        }
      }
    }
    return checked(program, bytes, mebibytes);
  }

  private ServerSocketChannel server() {
    ServerSocketChannel there = server;
    if (there == null) {
      throw new IllegalStateException("there is no guest");
    }
    return there;
  }

  private Process program(String words, int mebibytes) throws IOException {
    int port = server().socket().getLocalPort();
    String script = "exec 2>/dev/null 3<>/dev/tcp/10.0.2.2/" + port + "; " + words;
    return new ProcessBuilder(
            "ip",
            "netns",
            "exec",
            namespace,
            "bash",
            "-c",
            String.format(Locale.ROOT, script, mebibytes))
        .inheritIO()
        .start();
  }

  private static long checked(Process program, long bytes, int mebibytes)
      throws InterruptedException {
    int status = program.waitFor();
    if (status != 0 || bytes != (long) mebibytes * MEBIBYTE) {
      throw new IllegalStateException("status " + status + " after " + bytes + " bytes");
    }
    return bytes;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (status != 0) {
      throw new IOException(String.join(" ", command) + ": status " + status);
    }
  }

  /** Takes everything away again. */
  void end() throws IOException, InterruptedException {
    if (server != null) {
      server.close();
    }
    if (engine != null) {
      engine.close("measured").join();
    }
    if (loops != null) {
      loops.close();
    }
    if (!namespace.isEmpty()) {
      run("ip", "netns", "del", namespace);
    }
  }
}
