package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/** Packets written out byte by byte, every field non-zero and unlike its neighbours. */
final class Golden {

  /** Where the packets begin in their buffers: an index that no accessor may forget to add. */
  static final int AT = 5;

  private Golden() {}

  /** The bytes of a hex text, in which spaces are ignored, behind {@link #AT} bytes of 0xA5. */
  static ByteBuf packet(String hex) {
    ByteBuf buf = Unpooled.buffer();
    for (int i = 0; i < AT; i++) {
      buf.writeByte(0xA5);
    }
    return buf.writeBytes(ByteBufUtil.decodeHexDump(hex.replace(" ", "")));
  }

  /** Room for a packet, filled with 0xA5 all over, so that what a setter leaves out shows. */
  static ByteBuf room(int bytes) {
    ByteBuf buf = Unpooled.buffer(AT + bytes);
    for (int i = 0; i < AT + bytes; i++) {
      buf.writeByte(0xA5);
    }
    return buf;
  }

  /** The bytes behind {@link #AT} as a hex text. */
  static String hex(ByteBuf buf) {
    return ByteBufUtil.hexDump(buf, AT, buf.writerIndex() - AT);
  }

  static String hex(String spaced) {
    return spaced.replace(" ", "");
  }
}
