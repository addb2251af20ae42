package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071): the ones' complement sum of 16-bit words.
 *
 * <p>Partial sums are longs that hold sums of 16- or 32-bit words in network order; they may be
 * added freely and are folded once at the end. The sum of a buffer is itself taken eight bytes at a
 * step, as two sums of 32-bit words, which RFC 1071 §2(C) allows and which cannot overflow.
 */
public final class Checksum {

  private static final long WORD = 0xFFFF_FFFFL;

  /** Below this many bytes, finding the memory costs more than it saves. */
  private static final int SHORT = 64;

  /** Eight bytes of an array at any index, in network order. */
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Checksum() {}

  /**
   * The folded sum (16 bits, network order, not complemented) of {@code length} bytes. An odd last
   * byte counts as if a zero followed.
   *
   * <p>A long sum is taken from the memory behind the buffer: a {@code ByteBuf} is one of many
   * classes to the compiler, which cannot inline its reads in a loop, and that makes the loop ten
   * times slower.
   */
  public static int sum(ByteBuf buf, int at, int length) {
    if (length < SHORT) {
      return fold(tail(buf, at, length, 0));
    }
    int head = length & ~31;
    long sum;
    if (buf.hasArray()) {
      sum = sumArray(buf.array(), buf.arrayOffset() + at, head);
    } else if (buf.nioBufferCount() == 1) {
      sum = sumMemory(buf, at, head);
    } else {
      sum = sumPieces(buf, at, head);
    }
    return fold(tail(buf, at + head, length - head, sum));
  }

  /** The folded sum of all pieces laid end to end; pieces of odd length are accounted for. */
  public static int sum(Gather pieces) {
    long sum = 0;
    int position = 0;
    for (int i = 0; i < pieces.count(); i++) {
      int length = pieces.length(i);
      sum += placed(sum(pieces.buffer(i), pieces.offset(i), length), position);
      position += length;
    }
    return fold(sum);
  }

  /**
   * A piece's folded sum as it counts when the piece begins {@code position} bytes after the start
   * of what is summed: at an odd position its bytes fall into the other halves of the words.
   */
  public static int placed(int sum, int position) {
    return (position & 1) == 0 ? sum : swap(sum);
  }

  /** Adds two partial sums. */
  public static long add(long a, long b) {
    long sum = a + b;
    return Long.compareUnsigned(sum, a) < 0 ? sum + 1 : sum;
  }

  /** Brings a partial sum down to 16 bits, carries added back in. */
  public static int fold(long sum) {
    long s = (sum & WORD) + (sum >>> 32);
    s = (s & WORD) + (s >>> 32);
    s = (s & 0xFFFF) + (s >>> 16);
    s = (s & 0xFFFF) + (s >>> 16);
    return (int) s;
  }

  /** The value for a checksum field: folded and complemented. Data with its checksum gives 0. */
  public static int finish(long sum) {
    return ~fold(sum) & 0xFFFF;
  }

  /** As {@link #finish}, with UDP's rule that zero is sent as all ones (RFC 768). */
  public static int finishUdp(long sum) {
    int value = finish(sum);
    return value == 0 ? 0xFFFF : value;
  }

  /**
   * The partial sum of the pseudo-header: RFC 9293 §3.1 for IPv4, RFC 8200 §8.1 for IPv6.
   *
   * @param protocol the number of the upper protocol
   * @param length bytes of the upper header and its payload
   */
  public static long pseudo(
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int length) {
    long tail = (long) protocol + length;
    if (IpAddress.isV4(sourceHigh, sourceLow)) {
      return (sourceLow & WORD) + (destinationLow & WORD) + tail;
    }
    return (sourceHigh >>> 32)
        + (sourceHigh & WORD)
        + (sourceLow >>> 32)
        + (sourceLow & WORD)
        + (destinationHigh >>> 32)
        + (destinationHigh & WORD)
        + (destinationLow >>> 32)
        + (destinationLow & WORD)
        + tail;
  }

  /**
   * The checksum of an IPv4 header as {@link #finish} gives it: 0 says that the header in the
   * buffer is good; to fill the field, set it to 0 first.
   */
  public static int ipv4Header(ByteBuf frame, int at, int headerLength) {
    return finish(sum(frame, at, headerLength));
  }

  private static long sumArray(byte[] array, int at, int length) {
    long even = 0;
    long odd = 0;
    for (int i = at; i < at + length; i += 32) {
      long a = (long) LONGS.get(array, i);
      long b = (long) LONGS.get(array, i + 8);
      long c = (long) LONGS.get(array, i + 16);
      long d = (long) LONGS.get(array, i + 24);
      even += (a & WORD) + (b & WORD) + (c & WORD) + (d & WORD);
      odd += (a >>> 32) + (b >>> 32) + (c >>> 32) + (d >>> 32);
    }
    return even + odd;
  }

  /**
   * A derived buffer would make a new NIO view each time; the buffer it is a part of keeps one. The
   * difference of their addresses says where the part begins.
   */
  private static long sumMemory(ByteBuf buf, int at, int length) {
    ByteBuf root = buf;
    int from = at;
    if (buf.unwrap() != null && buf.hasMemoryAddress()) {
      for (ByteBuf next = root.unwrap(); next != null; next = root.unwrap()) {
        root = next;
      }
      from += (int) (buf.memoryAddress() - root.memoryAddress());
    }
    return sumMemory(root.internalNioBuffer(from, length), length);
  }

  private static long sumMemory(ByteBuffer memory, int length) {
    long even = 0;
    long odd = 0;
    int at = memory.position();
    for (int i = at; i < at + length; i += 32) {
      long a = memory.getLong(i);
      long b = memory.getLong(i + 8);
      long c = memory.getLong(i + 16);
      long d = memory.getLong(i + 24);
      even += (a & WORD) + (b & WORD) + (c & WORD) + (d & WORD);
      odd += (a >>> 32) + (b >>> 32) + (c >>> 32) + (d >>> 32);
    }
    return even + odd;
  }

  /** A buffer of several components: slow, and not on any hot path. */
  private static long sumPieces(ByteBuf buf, int at, int length) {
    long sum = 0;
    for (int i = at; i < at + length; i += 4) {
      sum += buf.getUnsignedInt(i);
    }
    return sum;
  }

  private static long tail(ByteBuf buf, int at, int length, long before) {
    long sum = before;
    int i = at;
    int end = at + length;
    for (; i + 8 <= end; i += 8) {
      long word = buf.getLong(i);
      sum += (word & WORD) + (word >>> 32);
    }
    if (i + 4 <= end) {
      sum += buf.getUnsignedInt(i);
      i += 4;
    }
    if (i + 2 <= end) {
      sum += buf.getUnsignedShort(i);
      i += 2;
    }
    if (i < end) {
      sum += buf.getUnsignedByte(i) << 8;
    }
    return sum;
  }

  private static int swap(int sum) {
    return ((sum & 0xFF) << 8) | (sum >>> 8);
  }
}
