package io.slipway.sys;

/**
 * What a TAP descriptor was found to do. Immutable.
 *
 * <p>The flags say what the guest's kernel may hand to us. What we hand over may be as large and
 * unfinished whenever there is a header: the kernel needs no leave for that direction.
 *
 * @param vnetHeader every frame, either way, is preceded by a virtio-net header of {@link
 *     TapDevice#HEADER_LENGTH} bytes (virtio 1.2, 5.1.6)
 * @param checksum TCP and UDP frames may come with a checksum still to be computed
 * @param tso4 TCP over IPv4 may come in segments of up to 64 KiB
 * @param tso6 the same over IPv6
 * @param uso the same for UDP, both families
 */
public record TapOffload(
    boolean vnetHeader, boolean checksum, boolean tso4, boolean tso6, boolean uso) {
  /** No header, whole checksums, no frame longer than the MTU allows. */
  public static final TapOffload NONE = new TapOffload(false, false, false, false, false);

  /** Whether nothing that we ask for is missing. */
  public boolean complete() {
    return vnetHeader && checksum && tso4 && tso6 && uso;
  }

  /** For the {@code ready} event: {@code vnet,csum,tso4,tso6,uso}, {@code vnet} or {@code none}. */
  @Override
  public String toString() {
    if (!vnetHeader) {
      return "none";
    }
    return "vnet"
        + (checksum ? ",csum" : "")
        + (tso4 ? ",tso4" : "")
        + (tso6 ? ",tso6" : "")
        + (uso ? ",uso" : "");
  }
}
