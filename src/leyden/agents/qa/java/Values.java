package leyden;

import java.lang.reflect.Array;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.BaseStream;
import java.util.stream.Stream;

/** What tests say of values: claims, each with its kind, an expression, and what stands behind the value that it is about. */
final class Values {
  private static final int DEPTH_MAX = 6;

  private final ClassLoader loader; // Of the tested classes.
  private final String prefix; // Of their package, with a dot.

  Values(ClassLoader loader, String prefix) {
    this.loader = loader;
    this.prefix = prefix;
  }

  static boolean isMutable(Object value) {
    return value != null
        && (value.getClass().isArray() || value instanceof Collection || value instanceof Map || value instanceof StringBuilder || value.getClass().getClassLoader() instanceof java.net.URLClassLoader);
  }

  boolean isTested(Class<?> type) {
    return type.getClassLoader() == loader;
  }

  boolean canBeNamed(Class<?> type) {
    if (type.getCanonicalName() == null) return false;
    for (Class<?> one = type; one != null; one = one.getEnclosingClass()) {
      boolean here = isTested(one) && one.getName().startsWith(prefix) && one.getName().indexOf('.', prefix.length()) < 0;
      if (Modifier.isPrivate(one.getModifiers()) || (!here && !Modifier.isPublic(one.getModifiers()))) return false;
    }
    return true;
  }

  /** As a test in the package names it. */
  String nameOf(Class<?> type) {
    String out = type.getCanonicalName();
    if (out.startsWith("java.lang.") && out.indexOf('.', 10) < 0) return out.substring(10);
    return !prefix.isEmpty() && out.startsWith(prefix) ? out.substring(prefix.length()) : out;
  }

  String nameOf(Throwable thrown) {
    Class<?> out = thrown.getClass();
    while (!canBeNamed(out)) out = out.getSuperclass();
    return nameOf(out);
  }

  /** Empty: there is nothing that a test could say of it. */
  List<List<String>> claims(Class<?> type, Object value) {
    List<List<String>> out = new ArrayList<>();
    if (value == null) {
      out.add(List.of("null", "", ""));
      return out;
    }
    List<String> simple = claim(type, value, "");
    if (!simple.isEmpty()) {
      out.add(simple);
    } else if (value instanceof Stream || value instanceof BaseStream) {
      addStream((BaseStream<?, ?>) value, out);
    } else if (value instanceof CharSequence) {
      out.add(List.of("equal", quoted(value.toString()), ".toString()"));
    } else if (isTested(type)) {
      out.addAll(state(type, value));
    } else if (value instanceof Collection) {
      addCollection((Collection<?>) value, out);
    }
    return out;
  }

  private void addStream(BaseStream<?, ?> stream, List<List<String>> out) {
    List<Object> items = new ArrayList<>();
    stream.iterator().forEachRemaining(items::add);
    String text = text(items, 0);
    if (text != null && stream instanceof Stream) out.add(List.of("equal", text, ".collect(java.util.stream.Collectors.toList())"));
  }

  /** Of things that can't be said: how many, and what they say of themselves. */
  private void addCollection(Collection<?> value, List<List<String>> out) {
    out.add(List.of("equal", Integer.toString(value.size()), ".size()"));
    boolean speaks = value instanceof List && !value.isEmpty();
    for (Object item : value) speaks = speaks && (item == null || saysItself(item.getClass()) || text(item, 1) != null);
    if (speaks) out.add(List.of("equal", quoted(value.toString()), ".toString()"));
  }

  private boolean saysItself(Class<?> type) {
    try {
      return isTested(type.getMethod("toString").getDeclaringClass());
    } catch (NoSuchMethodException none) {
      return false;
    }
  }

  /** Of a value that one assertion is enough for; empty: it is another. */
  private List<String> claim(Class<?> type, Object value, String behind) {
    if (value instanceof Boolean && (type == boolean.class || type == Boolean.class)) return List.of(value.toString(), "", behind);
    if (value instanceof Double || value instanceof Float) {
      double number = ((Number) value).doubleValue();
      boolean exact = Double.isNaN(number) || Double.isInfinite(number) || !type.isPrimitive();
      return List.of(exact ? "equal" : "near", text(value, 0), behind);
    }
    if (value.getClass().isArray()) {
      if (!type.isArray()) return List.of();
      String text = text(value, 0);
      boolean real = value instanceof double[] || value instanceof float[];
      return text == null ? List.of() : List.of(real ? "array near" : "array", text, behind);
    }
    String text = text(value, 0);
    if (text == null && value instanceof Collection && !isTested(value.getClass()) && !(value instanceof List) && !(value instanceof Set)) {
      text = text(new ArrayList<>((Collection<?>) value), 0);
      return text == null ? List.of() : List.of("items", text, behind);
    }
    return text == null ? List.of() : List.of("equal", text, behind);
  }

  /** What an object shows of itself. */
  List<List<String>> state(Class<?> type, Object value) {
    List<List<String>> out = new ArrayList<>();
    if (!isTested(type) || !canBeNamed(type)) return out;
    for (Getters.Getter one : Getters.of(type, this)) {
      try {
        Object got = one.get(value);
        List<String> claim = got == null ? List.of("null", "", one.text()) : claim(one.type(), got, one.text());
        if (!claim.isEmpty()) out.add(claim);
      } catch (Exception unsayable) {
        // A getter that fails says nothing.
      }
    }
    if (value instanceof Throwable && ((Throwable) value).getMessage() != null) out.add(List.of("equal", quoted(((Throwable) value).getMessage()), ".getMessage()"));
    if (out.isEmpty() && saysItself(type)) out.add(List.of("equal", quoted(value.toString()), ".toString()"));
    return out;
  }

  /** An expression that is equal to the value; null: there is none. */
  String text(Object value, int depth) {
    if (depth > DEPTH_MAX) return null;
    if (value == null) return "null";
    if (value instanceof String) return quoted((String) value);
    if (value instanceof Character) return character((Character) value);
    if (value instanceof Number) return number((Number) value);
    if (value instanceof Boolean) return value.toString();
    if (value instanceof Enum) {
      Class<?> type = ((Enum<?>) value).getDeclaringClass();
      return canBeNamed(type) ? nameOf(type) + "." + ((Enum<?>) value).name() : null;
    }
    if (value.getClass().isArray()) return array(value, depth);
    if (isTested(value.getClass())) return Getters.recordText(value, this, depth);
    String name = value.getClass().getName();
    if (value instanceof List && name.startsWith("java.")) return list((List<?>) value, depth);
    if (value instanceof Set && name.startsWith("java.")) return sorted("java.util.Set.of(", (Set<?>) value, depth);
    if (value instanceof Map && name.startsWith("java.")) return map((Map<?, ?>) value, depth);
    return other(value, name, depth);
  }

  private String other(Object value, String name, int depth) {
    if (value instanceof Optional) {
      String of = ((Optional<?>) value).map(item -> depth + 1 > DEPTH_MAX || item.getClass().isArray() ? null : text(item, depth + 1)).orElse(null);
      if (of == null) return ((Optional<?>) value).isPresent() ? null : "java.util.Optional.empty()";
      return "java.util.Optional.of(" + of + ")";
    }
    if (value instanceof OptionalInt || value instanceof OptionalLong || value instanceof OptionalDouble) {
      String text = value.toString();
      boolean empty = text.endsWith(".empty");
      if (empty) return name + ".empty()";
      Number number = value instanceof OptionalInt ? (Number) ((OptionalInt) value).getAsInt() : value instanceof OptionalLong ? (Number) ((OptionalLong) value).getAsLong() : (Number) ((OptionalDouble) value).getAsDouble();
      return name + ".of(" + number(number) + ")";
    }
    if (value instanceof Map.Entry && name.startsWith("java.")) {
      Map.Entry<?, ?> entry = (Map.Entry<?, ?>) value;
      String both = joined(java.util.Arrays.asList(entry.getKey(), entry.getValue()), depth);
      return both == null || entry.getKey() == null || entry.getValue() == null ? null : "java.util.Map.entry(" + both + ")";
    }
    if (name.matches("java\\.time\\.(LocalDate|LocalTime|LocalDateTime|Duration|Period|Instant|YearMonth|Year)")) return name + ".parse(" + quoted(value.toString()) + ")";
    return null;
  }

  private String number(Number value) {
    if (value instanceof Integer) return value.toString();
    if (value instanceof Long) return value + "L";
    if (value instanceof Short) return "(short) " + value;
    if (value instanceof Byte) return "(byte) " + value;
    if (value instanceof BigInteger || value instanceof BigDecimal) return "new " + value.getClass().getName() + "(\"" + value + "\")";
    if (!(value instanceof Double || value instanceof Float)) return null;
    String type = value instanceof Double ? "Double" : "Float";
    double number = value.doubleValue();
    if (Double.isNaN(number)) return type + ".NaN";
    if (Double.isInfinite(number)) return type + (number > 0 ? ".POSITIVE_INFINITY" : ".NEGATIVE_INFINITY");
    return value + (value instanceof Float ? "f" : "");
  }

  private String array(Object value, int depth) {
    List<String> items = new ArrayList<>();
    for (int i = 0; i < Array.getLength(value); i++) {
      Object item = Array.get(value, i);
      String text = text(item, depth + 1);
      if (text == null) return null;
      items.add(item != null && item.getClass().isArray() && text.startsWith("new ") && item.getClass() == value.getClass().getComponentType() ? text.substring(text.indexOf('{')) : text);
    }
    Class<?> of = value.getClass().getComponentType();
    Class<?> innermost = of;
    while (innermost.isArray()) innermost = innermost.getComponentType();
    return innermost.isPrimitive() || canBeNamed(innermost) ? "new " + nameOf(of) + "[] {" + String.join(", ", items) + "}" : null;
  }

  private String joined(Collection<?> values, int depth) {
    List<String> items = new ArrayList<>();
    for (Object value : values) {
      String text = value != null && value.getClass().isArray() ? null : text(value, depth + 1);
      if (text == null) return null;
      items.add(text);
    }
    return String.join(", ", items);
  }

  private String list(List<?> value, int depth) {
    String items = joined(value, depth);
    if (items == null) return null;
    boolean nulls = false;
    for (Object item : value) nulls = nulls || item == null;
    if (nulls && value.size() == 1) return "java.util.Collections.singletonList(null)";
    return (nulls ? "java.util.Arrays.asList(" : "java.util.List.of(") + items + ")";
  }

  private String sorted(String head, Collection<?> values, int depth) {
    List<String> items = new ArrayList<>();
    for (Object value : values) {
      String text = value == null || value.getClass().isArray() ? null : text(value, depth + 1);
      if (text == null) return null;
      items.add(text);
    }
    java.util.Collections.sort(items);
    return head + String.join(", ", items) + ")";
  }

  private String map(Map<?, ?> value, int depth) {
    List<String> items = new ArrayList<>();
    boolean many = value.size() > 10;
    for (Map.Entry<?, ?> entry : value.entrySet()) {
      if (entry.getKey() == null || entry.getValue() == null) return null;
      String both = joined(java.util.Arrays.asList(entry.getKey(), entry.getValue()), depth);
      if (both == null) return null;
      items.add(many ? "java.util.Map.entry(" + both + ")" : both);
    }
    java.util.Collections.sort(items);
    return (many ? "java.util.Map.ofEntries(" : "java.util.Map.of(") + String.join(", ", items) + ")";
  }

  private static String character(char c) {
    return c == '\'' ? "'\\''" : c == '"' ? "'\"'" : "'" + escaped(c) + "'";
  }

  private static String escaped(char c) {
    if (c == '\\' || c == '"') return "\\" + c;
    if (c == '\n') return "\\n";
    if (c == '\t') return "\\t";
    if (c == '\r') return "\\r";
    if (c < ' ') return String.format("\\%03o", (int) c);
    return c > '~' ? String.format("\\u%04x", (int) c) : Character.toString(c);
  }

  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) out.append(escaped(c));
    return out.append('"').toString();
  }
}
