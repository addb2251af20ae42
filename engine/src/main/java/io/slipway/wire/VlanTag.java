package io.slipway.wire;

/** IEEE 802.1Q tags: recognised by their type so that tagged frames can be counted and dropped. */
public final class VlanTag {

  public static final int TYPE_CUSTOMER = 0x8100;
  public static final int TYPE_SERVICE = 0x88A8;

  private VlanTag() {}

  /** Whether this Ethernet type announces a VLAN tag. */
  public static boolean isTagged(int etherType) {
    return etherType == TYPE_CUSTOMER || etherType == TYPE_SERVICE;
  }
}
