package leyden;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One JSON object a line, each at once: what ends the process keeps those before. */
final class Answers implements AutoCloseable {
  private final java.io.OutputStream out;

  Answers(Path file) throws IOException {
    out = Files.newOutputStream(file);
  }

  void put(Map<String, Object> line) throws IOException {
    out.write((Json.of(line) + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Names and values in turn. */
  void put(Object... parts) throws IOException {
    put(line(parts));
  }

  static Map<String, Object> line(Object... parts) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int i = 0; i + 1 < parts.length; i += 2) out.put((String) parts[i], parts[i + 1]);
    return out;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
