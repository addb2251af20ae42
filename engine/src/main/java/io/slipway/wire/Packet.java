package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Where things are in the frame at hand: the cursor that one event loop moves from frame to frame.
 * Owned by that loop's shard, filled by the decoders from the outside in, read by everybody below;
 * never stored and never used after the call. It holds no reference count on the frame.
 *
 * <p>A reassembled packet is shown through it too; then {@link #frame()} is the reassembled buffer,
 * which begins with the IP header, and the Ethernet fields are those of its last fragment.
 */
public final class Packet {

  private ByteBuf frame = Unpooled.EMPTY_BUFFER;
  private int end;
  private long sourceMac;
  private long destinationMac;
  private int etherType;
  private int ipAt;
  private int ipLength;
  private int ipHeaderLength;
  private boolean v6;
  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;
  private int protocol;
  private int transportAt;
  private int transportLength;
  private int sourcePort;
  private int destinationPort;
  private int hopLimit;
  private int trafficClass;
  private boolean checksumTrusted;
  private int gsoType;
  private int gsoSize;
  private boolean reassembled;
  private boolean fragmented;

  // ---- for the decoders

  /** Begins a new frame, whose last byte is before {@code end}; offload says nothing yet. */
  public void reset(ByteBuf newFrame, int newEnd) {
    frame = newFrame;
    end = newEnd;
    checksumTrusted = false;
    gsoType = 0;
    gsoSize = 0;
    reassembled = false;
    fragmented = false;
    sourcePort = 0;
    destinationPort = 0;
  }

  /** Lets go of the frame, so that nothing pins its memory between batches. */
  public void clear() {
    frame = Unpooled.EMPTY_BUFFER;
  }

  /** The frame is a packet that was put together from fragments. */
  public void reassembled() {
    reassembled = true;
    fragmented = true;
  }

  /** The packet has a fragment header, and may be whole all the same. */
  public void fragmented() {
    fragmented = true;
  }

  /** What the virtio header said. */
  public void offload(boolean trusted, int type, int size) {
    checksumTrusted = trusted;
    gsoType = type;
    gsoSize = size;
  }

  /** The Ethernet header; what it carries begins at {@code payloadAt}. */
  public void ethernet(long source, long destination, int type, int payloadAt) {
    sourceMac = source;
    destinationMac = destination;
    etherType = type;
    ipAt = payloadAt;
  }

  /**
   * The lengths of the IP header.
   *
   * @param at where the IP header begins
   * @param headerLength bytes before the transport header: IPv4 options and IPv6 extension headers
   *     count as header
   * @param length bytes of header and payload, as the header says
   */
  public void ip(boolean isV6, int at, int headerLength, int length) {
    v6 = isV6;
    ipAt = at;
    ipHeaderLength = headerLength;
    ipLength = length;
  }

  /** Hop limit (TTL) and traffic class (DSCP and ECN). */
  public void handling(int hops, int service) {
    hopLimit = hops;
    trafficClass = service;
  }

  public void source(long high, long low) {
    sourceHigh = high;
    sourceLow = low;
  }

  public void destination(long high, long low) {
    destinationHigh = high;
    destinationLow = low;
  }

  /** What follows the IP header: {@code length} bytes of {@code number} from {@code at}. */
  public void transport(int number, int at, int length) {
    protocol = number;
    transportAt = at;
    transportLength = length;
  }

  public void ports(int source, int destination) {
    sourcePort = source;
    destinationPort = destination;
  }

  // ---- for everybody

  /** The frame's buffer, borrowed for the call. */
  public ByteBuf frame() {
    return frame;
  }

  /** Index behind the frame's last byte; Ethernet padding counts. */
  public int end() {
    return end;
  }

  public long sourceMac() {
    return sourceMac;
  }

  public long destinationMac() {
    return destinationMac;
  }

  public int etherType() {
    return etherType;
  }

  /** Index of what the Ethernet header carries: the IP header, or the ARP packet. */
  public int ipAt() {
    return ipAt;
  }

  /** Bytes of the IP packet, header and payload, by its own length field. */
  public int ipLength() {
    return ipLength;
  }

  /** Bytes from the start of the IP header to the transport header. */
  public int ipHeaderLength() {
    return ipHeaderLength;
  }

  public boolean isV6() {
    return v6;
  }

  public long sourceHigh() {
    return sourceHigh;
  }

  public long sourceLow() {
    return sourceLow;
  }

  public long destinationHigh() {
    return destinationHigh;
  }

  public long destinationLow() {
    return destinationLow;
  }

  /** The transport protocol's number. */
  public int protocol() {
    return protocol;
  }

  public int transportAt() {
    return transportAt;
  }

  /** Bytes after the IP header: transport header and payload. */
  public int transportLength() {
    return transportLength;
  }

  /** TCP and UDP only. */
  public int sourcePort() {
    return sourcePort;
  }

  /** TCP and UDP only. */
  public int destinationPort() {
    return destinationPort;
  }

  public int hopLimit() {
    return hopLimit;
  }

  public int trafficClass() {
    return trafficClass;
  }

  /** Whether the transport checksum need not be computed: the frame never was on a real wire. */
  public boolean checksumTrusted() {
    return checksumTrusted;
  }

  /** The virtio GSO type; 0 when the frame is one packet. */
  public int gsoType() {
    return gsoType;
  }

  /** Payload bytes of each packet that the frame stands for; 0 when it is one packet. */
  public int gsoSize() {
    return gsoSize;
  }

  /** Whether this is not a frame but what several were put together to. */
  public boolean isReassembled() {
    return reassembled;
  }

  /** Whether it had a fragment header, together with others or alone. */
  public boolean isFragmented() {
    return fragmented;
  }

  /**
   * Whether it arrives as it is or not at all: nobody on the way may fragment it. IPv6 lets only
   * the sender do that; what it has cut already may be cut in other places.
   */
  public boolean isWholeOrNothing() {
    return !reassembled && (v6 || Ipv4Header.dontFragment(frame, ipAt));
  }

  /** The remote as an object; for cold paths. */
  public IpAddress destinationAddress() {
    return new IpAddress(destinationHigh, destinationLow);
  }

  /** The guest as an object; for cold paths. */
  public IpAddress sourceAddress() {
    return new IpAddress(sourceHigh, sourceLow);
  }
}
