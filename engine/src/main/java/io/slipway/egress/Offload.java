package io.slipway.egress;

/**
 * What the guest's device takes off our hands, as settled when it was opened.
 *
 * <p>Each of the four abilities says that the guest's kernel accepts such frames from us and may
 * send them to us. None is of use without the virtio header that describes them.
 *
 * @param virtioHeader every frame, in both directions, starts with a ten-byte virtio header
 * @param checksum a TCP or UDP checksum may be left partial (virtio 1.2 §5.1.6.2)
 * @param tso4 a TCP payload larger than the MSS may travel in one IPv4 frame
 * @param tso6 a TCP payload larger than the MSS may travel in one IPv6 frame
 * @param uso equal UDP datagrams may travel in one frame
 */
public record Offload(
    boolean virtioHeader, boolean checksum, boolean tso4, boolean tso6, boolean uso) {

  /** A plain device: whole checksums, no frame above the MTU, no virtio header. */
  public static final Offload NONE = new Offload(false, false, false, false, false);

  /** Checks that no ability is claimed without what it rests on. */
  public Offload {
    if (!virtioHeader && (checksum || tso4 || tso6 || uso)) {
      throw new IllegalArgumentException("offloads need the virtio header");
    }
    if (!checksum && (tso4 || tso6 || uso)) {
      throw new IllegalArgumentException("segmentation offload needs checksum offload");
    }
  }
}
