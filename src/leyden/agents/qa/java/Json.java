package leyden;

import java.util.Map;

/** Answers as text: maps, lists, texts, numbers, truth. */
final class Json {
  private Json() {}

  static String of(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out);
    return out.toString();
  }

  private static void write(Object value, StringBuilder out) {
    if (value instanceof Map) {
      String before = "{";
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        out.append(before);
        quote((String) entry.getKey(), out);
        out.append(':');
        write(entry.getValue(), out);
        before = ",";
      }
      out.append(before.equals("{") ? "{}" : "}");
    } else if (value instanceof Iterable) {
      String before = "[";
      for (Object item : (Iterable<?>) value) {
        out.append(before);
        write(item, out);
        before = ",";
      }
      out.append(before.equals("[") ? "[]" : "]");
    } else if (value instanceof String) {
      quote((String) value, out);
    } else {
      out.append(value);
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ' || c > '~') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    out.append('"');
  }
}
