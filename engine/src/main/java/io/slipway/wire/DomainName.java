package io.slipway.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A domain name in text, without the last dot: labels of letters, digits, hyphens and underscores
 * (RFC 1123 §2.1, RFC 8552), lower case.
 *
 * @param text such as {@code example.com}
 */
public record DomainName(String text) {

  private static final int LONGEST = 253;
  private static final String LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
  private static final Pattern NAME = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

  /** Refuses what is no name. */
  public DomainName {
    if (!isName(text)) {
      throw new IllegalArgumentException("'" + text + "' is not a domain name such as example.com");
    }
  }

  /** Whether the text is a name, in lower case. */
  public static boolean isName(CharSequence text) {
    return text.length() <= LONGEST && NAME.matcher(text).matches();
  }

  /**
   * The name in the text, which may end in a dot.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static DomainName parse(String text) {
    String bare = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    return new DomainName(bare.toLowerCase(Locale.ROOT));
  }

  /** Bytes of {@link #write}. */
  public int encodedLength() {
    return text.length() + 2;
  }

  /** Writes the name as RFC 1035 §3.1 has it, uncompressed, at the buffer's writer index. */
  public void write(ByteBuf out) {
    for (String label : text.split("\\.", -1)) {
      out.writeByte(label.length());
      out.writeCharSequence(label, StandardCharsets.US_ASCII);
    }
    out.writeByte(0);
  }

  @Override
  public String toString() {
    return text;
  }
}
