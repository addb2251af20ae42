package io.slipway.names;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A DNS message (RFC 1035 §4.1) as a view of the bytes in a buffer, for as long as these stay. The
 * header's fields, and the only question that queries of our time have.
 *
 * @param data holds it; neither its indices nor its reference count are touched
 * @param at absolute index of its first byte
 * @param length bytes
 */
record DnsMessage(ByteBuf data, int at, int length) {
  static final int HEADER = 12;

  static final int NO_ERROR = 0;
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NOT_IMPLEMENTED = 4;
  static final int REFUSED = 5;

  private static final int FLAGS = 2;
  private static final int RESPONSE = 0x8000;
  private static final int OPCODE = 0x7800;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RECURSION_AVAILABLE = 0x0080;
  private static final int RCODE = 0x000F;
  private static final int QUESTIONS = 4;
  private static final int ADDITIONAL = 10;
  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_NAME = 255;

  /** Type and class. */
  private static final int AFTER_NAME = 4;

  private static final int OPT = 41;
  private static final int DELETE = 0x7F;

  /** RFC 6891 §6.1.2: an OPT record without options; 1232 bytes is what everybody offers. */
  private static final byte[] EMPTY_OPT = {0, 0, OPT, 0x04, (byte) 0xD0, 0, 0, 0, 0, 0, 0};

  /** Whether there is a header. */
  boolean hasHeader() {
    return length >= HEADER;
  }

  int id() {
    return data.getUnsignedShort(at);
  }

  boolean isResponse() {
    return (flags() & RESPONSE) != 0;
  }

  /** A standard query (opcode 0) with one question. */
  boolean isPlainQuery() {
    return (flags() & (RESPONSE | OPCODE)) == 0 && data.getUnsignedShort(at + QUESTIONS) == 1;
  }

  int code() {
    return flags() & RCODE;
  }

  private int flags() {
    return data.getUnsignedShort(at + FLAGS);
  }

  /** Bytes of header and question; 0 when there is none that makes sense. */
  int questionEnd() {
    if (!hasHeader() || data.getUnsignedShort(at + QUESTIONS) != 1) {
      return 0;
    }
    int index = HEADER;
    while (index < length && index - HEADER < LONGEST_NAME) {
      int label = data.getUnsignedByte(at + index);
      index++;
      if (label == 0) {
        return index + AFTER_NAME <= length ? index + AFTER_NAME : 0;
      }
      if (label > LONGEST_LABEL) {
        return 0;
      }
      index += label;
    }
    return 0;
  }

  /** The question's name in lower case without its last dot, or null when there is no question. */
  @Nullable String name() {
    if (questionEnd() == 0) {
      return null;
    }
    try {
      String name = DefaultDnsRecordDecoder.decodeName(data.slice(at + HEADER, length - HEADER));
      return name.substring(0, name.length() - 1).toLowerCase(Locale.ROOT);
    } catch (CorruptedFrameException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  /**
   * The question's name for people, as RFC 1035 §5.1 writes it: bytes other than printable ASCII,
   * and those that mean something in a line, are {@code \DDD}. Empty when there is no question.
   */
  String printableName() {
    if (questionEnd() == 0) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    int index = at + HEADER;
    for (int label = data.getByte(index); label > 0; label = data.getByte(index)) {
      index++;
      for (int end = index + label; index < end; index++) {
        appendPrintable(text, data.getUnsignedByte(index));
      }
      text.append('.');
    }
    return text.length() > 1 ? text.substring(0, text.length() - 1) : ".";
  }

  private static void appendPrintable(StringBuilder text, int c) {
    if (c <= ' ' || c >= DELETE || c == '.' || c == '\\' || c == '"') {
      text.append('\\').append((char) ('0' + c / 100)); // three digits, whatever the locale
      text.append((char) ('0' + c / 10 % 10)).append((char) ('0' + c % 10));
    } else {
      text.append((char) c);
    }
  }

  /** What a code is called when it says that the resolver is unable; null for all others. */
  static @Nullable String inability(int code) {
    return switch (code) {
      case SERVER_FAILURE -> "servfail";
      case NOT_IMPLEMENTED -> "notimp";
      case REFUSED -> "refused";
      default -> null;
    };
  }

  /** The question's type; only when there is a question. */
  int type() {
    return data.getUnsignedShort(at + questionEnd() - AFTER_NAME);
  }

  /** Whether the query says that it knows EDNS0 (RFC 6891), as its first record. */
  boolean hasEdns() {
    int end = questionEnd();
    return end != 0
        && data.getInt(at + QUESTIONS + 2) == 0
        && data.getUnsignedShort(at + ADDITIONAL) > 0
        && end + EMPTY_OPT.length <= length
        && data.getByte(at + end) == 0
        && data.getUnsignedShort(at + end + 1) == OPT;
  }

  /** Whether both ask the same, letters in either case. */
  boolean asksAs(DnsMessage other) {
    int end = questionEnd();
    if (end == 0 || end != other.questionEnd()) {
      return end == other.questionEnd();
    }
    for (int i = HEADER; i < end; i++) {
      if (lower(data.getByte(at + i)) != lower(other.data.getByte(other.at + i))) {
        return false;
      }
    }
    return true;
  }

  private static int lower(int c) {
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  }

  /**
   * Begins the response to this query at the writer index of {@code out}: header and question. The
   * answers follow, and {@link #endResponse}.
   */
  void beginResponse(ByteBuf out, int code, int answers, boolean authoritative) {
    int question = questionEnd();
    int kept = flags() & (OPCODE | RECURSION_DESIRED);
    int ours = RESPONSE | RECURSION_AVAILABLE | (authoritative ? AUTHORITATIVE : 0);
    out.writeShort(id())
        .writeShort(kept | ours | code)
        .writeShort(question == 0 ? 0 : 1)
        .writeShort(answers)
        .writeShort(0)
        .writeShort(hasEdns() ? 1 : 0);
    if (question != 0) {
      out.writeBytes(data, at + HEADER, question - HEADER);
    }
  }

  /** Ends the response: EDNS0 is answered by EDNS0. */
  void endResponse(ByteBuf out) {
    if (hasEdns()) {
      out.writeBytes(EMPTY_OPT);
    }
  }
}
