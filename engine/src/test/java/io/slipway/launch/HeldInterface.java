package io.slipway.launch;

import io.slipway.sys.TapDevice;

/** An engine to be killed: opens an interface that exists, says so, and waits. */
final class HeldInterface {
  private HeldInterface() {}

  /**
   * Holds on until it is killed.
   *
   * @param args the namespace's name and the interface's
   */
  public static void main(String[] args) throws InterruptedException {
    NamespaceDoor door = NamespaceDoor.open(AttachTarget.Named.of(args[0], null));
    TapDevice tap = GuestInterface.open(door, GuestInterface.look(door, args[1]), true, 1);
    System.out.println(tap.offload().complete() ? "ready" : "incomplete");
    Thread.sleep(Long.MAX_VALUE);
  }
}
