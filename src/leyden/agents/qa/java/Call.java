package leyden;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What one call gives and what it changes, as a test can say it. */
public final class Call {
  private static final int TEXT_MAX = 1500; // What is longer makes no readable test.

  private final Values values;
  boolean observed; // Else it only comes before one that is.
  boolean ready;
  private Object object;
  private Object[] arguments = {};
  private Map<String, List<List<String>>> before;
  private Map<String, Object> answer;

  Call(Values values) {
    this.values = values;
  }

  /** Right before the call. */
  public void begin(Object of, Object... with) {
    ready = observed;
    if (!observed) return;
    object = of;
    arguments = with;
    before = states();
    Probes.thrown = 0;
    Output.forget();
  }

  /** Right behind it; `type` is what the source says that it gives. */
  public void end(Class<?> type, Object result) {
    if (!observed) return;
    String printed = Output.text();
    boolean nothing = type == void.class;
    List<List<String>> claims = nothing ? List.of() : values.claims(type, result);
    Map<String, String> changed = new TreeMap<>();
    states().forEach((name, after) -> {
      List<List<String>> known = before.getOrDefault(name, List.of());
      List<List<String>> left = new ArrayList<>(after);
      if (!(nothing && name.equals("object"))) left.removeAll(known);
      if (!left.isEmpty()) changed.put(name, Json.of(left));
    });
    String text = Json.of(claims);
    boolean says = !claims.isEmpty() || !changed.isEmpty() || (nothing && !printed.isEmpty());
    int size = text.length() + printed.length();
    for (String one : changed.values()) size += one.length();
    answer = Answers.line("outcome", says && size <= TEXT_MAX ? "value" : "unsayable");
    if (!says || size > TEXT_MAX) return;
    answer.put("form", "claims");
    answer.put("text", text);
    answer.put("changed", changed);
    if (nothing && !printed.isEmpty()) answer.put("printed", Values.quoted(printed));
  }

  public void end() {
    end(void.class, null);
  }

  Map<String, Object> answer() {
    return answer;
  }

  /** Of the object, and of arguments by their places. */
  private Map<String, List<List<String>>> states() {
    Map<String, List<List<String>>> out = new TreeMap<>();
    if (object != null) out.put("object", values.state(object.getClass(), object));
    for (int i = 0; i < arguments.length; i++) {
      if (Values.isMutable(arguments[i])) out.put(Integer.toString(i), values.claims(arguments[i].getClass(), arguments[i]));
    }
    return out;
  }
}
