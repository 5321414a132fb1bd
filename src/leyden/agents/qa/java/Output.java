package leyden;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What is printed. */
final class Output {
  private static final int MOST = 1 << 16;
  private static final ByteArrayOutputStream KEPT = new ByteArrayOutputStream() {
    @Override
    public synchronized void write(byte[] bytes, int from, int size) {
      if (count < MOST) super.write(bytes, from, size);
    }
  };

  private Output() {}

  static void take() {
    System.setOut(new PrintStream(KEPT, true));
  }

  static void forget() {
    KEPT.reset();
  }

  /** Empty where another encoding could make it another text. */
  static String text() {
    System.out.flush();
    String out = new String(KEPT.toByteArray(), StandardCharsets.ISO_8859_1);
    return out.chars().allMatch(c -> c < 0x7f) ? out : "";
  }
}
