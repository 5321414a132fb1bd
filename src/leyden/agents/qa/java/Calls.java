package leyden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs calls of the tested code and says what came of each.
 *
 * <p>Request: mode, milliseconds a call may take, probes that were reached before, inputs, mutants each with its number and inputs. Modes:
 * explore (which inputs reach a probe that none did before), confirm (every input twice, with all that it reaches and what it gives),
 * mutants (which input tells which mutant from the original).
 */
final class Calls {
  private static final String ORIGINAL = "/exchange/probe";
  private static final String MUTANTS = "/exchange/mutants-";

  private static final class Input {
    final int function;
    final Request text;

    Input(int function, Request text) {
      this.function = function;
      this.text = text;
    }
  }

  private static final Map<Integer, Long> PATIENCE = new HashMap<>(); // Of a function whose calls came to no end: less each time.
  private static final int AGAIN = 8; // How often a call is made anew that does not give the same twice.
  private static final int STEADY = 4; // Runs that all notice a mutant where answers vary: it is no accident.
  private static final long PATIENCE_MS_MIN = 25;
  private static final long MUTANT_MS_MIN = 50;

  private final Request in;
  private final Answers answers;
  private final Worker worker = new Worker();
  private final boolean[] seen = new boolean[Probes.hits.length];
  private final List<Input> inputs = new ArrayList<>();
  private String[] folders = {ORIGINAL};
  private Program program;
  private long limitMs;

  Calls(Request in, Answers answers) {
    this.in = in;
    this.answers = answers;
  }

  void run() throws Exception {
    Output.take();
    String mode = in.text();
    limitMs = in.number();
    for (long count = in.number(); count > 0; count--) seen[(int) in.number()] = true;
    for (long count = in.number(); count > 0; count--) inputs.add(new Input((int) in.number(), in.part()));
    Arrays.fill(Probes.hits, (byte) 0);
    Probes.mutant = -1;
    use(ORIGINAL);
    answers.put("loaded", hits(true));
    if (mode.equals("explore")) explore();
    if (mode.equals("confirm")) confirm();
    if (mode.equals("mutants")) mutants();
    answers.put("done", true);
    program.close();
  }

  private void use(String... places) throws Exception {
    if (program != null) program.close();
    folders = places;
    program = new Program(places);
  }

  private List<Integer> hits(boolean fresh) {
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < Probes.hits.length; i++) {
      if (Probes.hits[i] == 0 || (fresh && seen[i])) continue;
      if (fresh) seen[i] = true;
      out.add(i);
    }
    return out;
  }

  /** What it gives; null: it took too long. `overtime` is said before a process that can't go on ends. */
  private Map<String, Object> timed(Input input, long boundMs, Map<String, Object> overtime) throws Exception {
    List<Map<String, Object>> got = new ArrayList<>();
    Worker.End end = worker.run(boundMs, () -> got.add(call(input)));
    if (end == Worker.End.IN_TIME) return got.get(0);
    if (end == Worker.End.NEVER) {
      if (!overtime.isEmpty()) answers.put(overtime);
      answers.put("ended", true);
      Runtime.getRuntime().halt(3);
    }
    use(folders); // It was stopped anywhere.
    return null;
  }

  private Map<String, Object> call(Input input) {
    Call call = new Call(program.values);
    try {
      Request text = input.text.again();
      Object object = program.table.made(input.function, text);
      for (long left = text.number(); left > 0; left--) {
        call.observed = left == 1;
        program.table.call((int) text.number(), object, text, call);
      }
      return call.answer();
    } catch (Throwable thrown) {
      if (!call.ready) return Answers.line("outcome", "broken", "made", false);
      return Answers.line("outcome", "error", "error", program.values.nameOf(thrown), "raised", raised(thrown));
    }
  }

  /** The line of the file's own throw; 0: it comes from elsewhere. */
  private static int raised(Throwable thrown) {
    StackTraceElement[] trace = thrown.getStackTrace();
    boolean byMachine = thrown instanceof NullPointerException || thrown instanceof IndexOutOfBoundsException || thrown instanceof ClassCastException || thrown instanceof ArithmeticException
        || thrown instanceof NegativeArraySizeException || thrown instanceof Error;
    boolean here = trace.length > 0 && trace[0].getLineNumber() == Probes.thrown;
    return byMachine && !here ? 0 : Probes.thrown;
  }

  private void explore() throws Exception {
    for (int i = 0; i < inputs.size(); i++) {
      Arrays.fill(Probes.hits, (byte) 0);
      Map<String, Object> overtime = Answers.line("input", i, "outcome", "time");
      int function = inputs.get(i).function;
      long patience = PATIENCE.getOrDefault(function, limitMs);
      Map<String, Object> got = timed(inputs.get(i), patience, overtime);
      if (got == null) {
        PATIENCE.put(function, Math.max(PATIENCE_MS_MIN, patience / 2));
        answers.put(overtime);
        continue;
      }
      Object raised = got.getOrDefault("raised", 0);
      Map<String, Object> line = Answers.line("input", i, "outcome", got.get("outcome"), "ms", worker.ms(), "raised", raised);
      if (got.get("outcome").equals("value") || !raised.equals(0)) {
        List<Integer> fresh = hits(true);
        if (!fresh.isEmpty()) line.put("fresh", fresh);
      }
      answers.put(line);
    }
  }

  private void confirm() throws Exception {
    for (int i = 0; i < inputs.size(); i++) {
      Arrays.fill(Probes.hits, (byte) 0);
      Map<String, Object> overtime = Answers.line("input", i, "outcome", "time");
      Map<String, Object> got = timed(inputs.get(i), limitMs, overtime);
      List<Integer> reached = hits(false);
      double ms = worker.ms();
      Map<String, Object> again = got == null ? null : timed(inputs.get(i), limitMs, overtime);
      if (again == null) {
        answers.put(overtime);
        continue;
      }
      boolean stable = Json.of(got).equals(Json.of(again));
      List<Map<String, Object>> others = new ArrayList<>();
      for (; !stable && again != null && others.size() < AGAIN && got.get("outcome").equals("value"); again = timed(inputs.get(i), limitMs, overtime)) others.add(again);
      Map<String, Object> line = new LinkedHashMap<>(got);
      if (others.size() == AGAIN) line.put("others", others);
      line.putAll(Answers.line("input", i, "stable", stable, "reached", reached, "ms", ms));
      answers.put(line);
    }
  }

  /** Which mutant is in which of the programs: the first of each. */
  private static List<Integer> programs() throws Exception {
    List<Integer> out = new ArrayList<>();
    for (String one : Files.readString(Path.of("/leyden/programs")).trim().split(" ")) out.add(Integer.parseInt(one));
    return out;
  }

  private void mutants() throws Exception {
    List<Expected> expected = new ArrayList<>();
    List<Long> bounds = new ArrayList<>();
    for (Input input : inputs) {
      expected.add(expected(input));
      bounds.add(Math.min(limitMs, MUTANT_MS_MIN + (long) (20 * worker.ms())));
    }
    List<Integer> firsts = programs();
    int of = -1;
    for (long count = in.number(); count > 0; count--) {
      int mutant = (int) in.number();
      int at = of;
      while (at + 1 < firsts.size() && firsts.get(at + 1) <= mutant) at++;
      if (at != of) use(MUTANTS + at, ORIGINAL);
      of = at;
      Probes.mutant = mutant - firsts.get(at);
      Map<String, Object> line = Answers.line("mutant", mutant);
      for (long left = in.number(); left > 0; left--) {
        int input = (int) in.number();
        if (line.containsKey("killer")) continue;
        Map<String, Object> overtime = Answers.line("mutant", mutant, "killer", input);
        int runs = expected.get(input).varies ? STEADY : 1;
        while (runs > 0 && !expected.get(input).isMetBy(timed(inputs.get(input), bounds.get(input), overtime))) runs--;
        if (runs == 0) line = overtime;
      }
      answers.put(line);
    }
  }

  /** What a call gives without mutants. One that does not give the same twice has a result of certain kinds of letters, or at least one. */
  private static final class Expected {
    String told;
    boolean varies;
    String kinds;

    boolean isMetBy(Map<String, Object> answer) {
      if (!varies) return told(answer).equals(told);
      return answer != null && answer.get("outcome").equals("value") && (kinds.isEmpty() || kinds(answer).equals(kinds));
    }
  }

  private Expected expected(Input input) throws Exception {
    Map<String, Object> first = timed(input, limitMs, Map.of());
    Expected out = new Expected();
    out.kinds = kinds(first);
    out.told = told(first);
    for (int i = 1; i == 1 || (out.varies && i <= AGAIN); i++) {
      Map<String, Object> again = timed(input, limitMs, Map.of());
      if (!kinds(again).equals(out.kinds)) out.kinds = "";
      out.varies |= !told(again).equals(out.told);
    }
    return out;
  }

  private static String kinds(Map<String, Object> answer) {
    Object text = answer == null ? null : answer.get("text");
    if (text == null || !text.toString().startsWith("[[\"equal\",\"\\\"")) return "";
    return text.toString().replaceAll("[A-Z]", "A").replaceAll("[a-z]", "a").replaceAll("[0-9]", "0");
  }

  private static String told(Map<String, Object> answer) {
    if (answer == null) return "time";
    answer.remove("raised"); // Lines of mutants are others.
    return Json.of(answer);
  }
}
