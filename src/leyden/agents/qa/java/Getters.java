package leyden;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What an object of the tested classes is asked for: methods that by their names only say something, and fields that are not hidden. */
final class Getters {
  private static final int MOST = 6;
  private static final String NAMES = "(get|is|has)(?!And|Next)[A-Z].*|size|length|count|peek|isEmpty";

  private Getters() {}

  static final class Getter {
    private final Method method;
    private final Field field;

    Getter(Method method, Field field) {
      this.method = method;
      this.field = field;
    }

    Class<?> type() {
      return method != null ? method.getReturnType() : field.getType();
    }

    String text() {
      return method != null ? "." + method.getName() + "()" : "." + field.getName();
    }

    Object get(Object of) throws Exception {
      return method != null ? method.invoke(of) : field.get(of);
    }
  }

  static List<Getter> of(Class<?> type, Values values) {
    Map<String, Getter> out = new TreeMap<>(); // Reflection has no order.
    for (Class<?> one = type; one != null && values.isTested(one); one = one.getSuperclass()) {
      for (Method method : one.getDeclaredMethods()) {
        if (isGetter(method, one) && method.trySetAccessible()) out.putIfAbsent(method.getName(), new Getter(method, null));
      }
      for (Field field : one.getDeclaredFields()) {
        if (isShown(field) && field.trySetAccessible()) out.putIfAbsent(field.getName(), new Getter(null, field));
      }
    }
    List<Getter> all = new ArrayList<>(out.values());
    return all.subList(0, Math.min(all.size(), MOST));
  }

  private static boolean isShown(Member member) {
    return !member.isSynthetic() && (member.getModifiers() & (Modifier.PRIVATE | Modifier.STATIC)) == 0;
  }

  private static boolean isGetter(Method method, Class<?> of) {
    if (!isShown(method) || method.getParameterCount() > 0 || method.getReturnType() == void.class || method.getTypeParameters().length > 0) return false;
    if (method.getName().matches(NAMES)) return true;
    try {
      return of.getDeclaredField(method.getName()) != null;
    } catch (NoSuchFieldException none) {
      return false;
    }
  }

  /** "new Point(1, 2)" of a record; null: it is none that a test could make. */
  static String recordText(Object value, Values values, int depth) {
    Class<?> type = value.getClass();
    if (type.getSuperclass() == null || !type.getSuperclass().getName().equals("java.lang.Record") || !values.canBeNamed(type)) return null;
    List<String> parts = new ArrayList<>();
    List<Class<?>> types = new ArrayList<>();
    try {
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers())) continue;
        Method accessor = type.getDeclaredMethod(field.getName());
        Object part = accessor.trySetAccessible() ? accessor.invoke(value) : null;
        String text = part != null && part.getClass().isArray() ? null : values.text(part, depth + 1);
        if (text == null) return null;
        parts.add(text);
        types.add(field.getType());
      }
      Constructor<?> maker = type.getDeclaredConstructor(types.toArray(new Class<?>[0]));
      if (Modifier.isPrivate(maker.getModifiers())) return null;
    } catch (ReflectiveOperationException unsayable) {
      return null;
    }
    String generic = type.getTypeParameters().length > 0 ? "<>" : "";
    return "new " + values.nameOf(type) + generic + "(" + String.join(", ", parts) + ")";
  }
}
