package io.slipway.launch;

import io.slipway.sys.TapDevice;
import io.slipway.sys.TapFlags;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Puts an interface that we found back in order when the engine is killed and cannot do so itself.
 * Owned by the {@link TapDevice} that it guards.
 *
 * <p>Offloads stay with a persistent device, and the next engine may be one that has never heard of
 * them: it would be handed frames without checksums and receive nothing. So a shell waits inside
 * the namespace with a pipe from us as its input. A word dismisses it; the pipe's end without a
 * word means that we are dead, and it starts {@link #main} in its place. It holds no descriptor of
 * ours, and has gone a moment after us either way.
 */
final class InterfaceGuard {
  private static final String WAIT = "read word && exit; exec \"$0\" \"$@\" >/dev/null 2>&1";

  private final Process shell;

  private InterfaceGuard(Process shell) {
    this.shell = shell;
  }

  /**
   * Posts a guard.
   *
   * @param found what to put back; not of a multi-queue device, where a latecomer would join the
   *     queues of the next engine
   */
  static InterfaceGuard post(NamespaceDoor door, String name, TapFlags found) {
    return new InterfaceGuard(
        door.start(
            "sh",
            "-c",
            WAIT,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Xmx16m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            InterfaceGuard.class.getName(),
            name,
            String.valueOf(found.packetInformation()),
            String.valueOf(found.vnetHeader())));
  }

  /** Sends the guard away: the device is in order. */
  void dismiss() {
    try (OutputStream input = shell.getOutputStream()) {
      input.write("done\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // It is gone already, which is what we want.
    }
  }

  /**
   * Puts the device of this namespace back.
   *
   * @param args its name, whether it had packet information, whether it had a virtio-net header
   */
  public static void main(String[] args) {
    boolean packetInformation = Boolean.parseBoolean(args[1]);
    boolean vnetHeader = Boolean.parseBoolean(args[2]);
    TapDevice.restore(args[0], new TapFlags(packetInformation, vnetHeader, false));
  }
}
