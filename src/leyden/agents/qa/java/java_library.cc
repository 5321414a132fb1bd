#include "leyden/agents/qa/java/java_library.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

Type made(Kind kind, std::string name, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

Type choice(std::string name, std::vector<std::string> texts) {
  return {.kind = Kind::expression, .of = {}, .name = std::move(name), .texts = std::move(texts)};
}

// What holds or reads a text: its whole name, and how it is made of one.
struct Holder {
  std::string name;
  std::string pattern;
};
const std::map<std::string, Holder>& holders() {
  static const std::string bytes = "{}.getBytes(java.nio.charset.StandardCharsets.UTF_8)";
  static const std::string stream = "new java.io.ByteArrayInputStream(" + bytes + ")";
  static const std::map<std::string, Holder> all = {
      {"StringBuilder", {"StringBuilder", "new StringBuilder({})"}},
      {"StringBuffer", {"StringBuffer", "new StringBuffer({})"}},
      {"Reader", {"java.io.Reader", "new java.io.StringReader({})"}},
      {"StringReader", {"java.io.StringReader", "new java.io.StringReader({})"}},
      {"BufferedReader",
       {"java.io.BufferedReader", "new java.io.BufferedReader(new java.io.StringReader({}))"}},
      {"InputStream", {"java.io.InputStream", stream}},
      {"ByteArrayInputStream", {"java.io.ByteArrayInputStream", stream}},
      {"Scanner", {"java.util.Scanner", "new java.util.Scanner({})"}},
      {"ByteBuffer", {"java.nio.ByteBuffer", "java.nio.ByteBuffer.wrap(" + bytes + ")"}},
      {"CharBuffer", {"java.nio.CharBuffer", "java.nio.CharBuffer.wrap({})"}}};
  return all;
}

const std::map<std::string, Type>& plain_types() {
  static const std::map<std::string, Type> all = [] {
    std::map<std::string, Type> out;
    for (const char* name : {"int", "long", "short", "byte", "Integer", "Long", "Short", "Byte"})
      out[name] = made(Kind::integer, name);
    for (const char* name : {"double", "float", "Double", "Float"})
      out[name] = made(Kind::real, name);
    for (const char* name : {"boolean", "Boolean"}) out[name] = made(Kind::boolean, name);
    for (const char* name : {"char", "Character"}) out[name] = made(Kind::bytes, name);
    out["String"] = made(Kind::text, "String");
    for (const auto& [name, holder] : holders()) out[name] = made(Kind::text, holder.name);
    out["CharSequence"] = out["String"];
    out["Number"] = out["Comparable"] = out["Integer"];
    out["Object"] =
        made(Kind::any_of, "Object", {made(Kind::integer, "Integer"), made(Kind::text, "String")});
    for (const char* name : {"Exception", "RuntimeException", "Throwable"})
      out[name] = choice(name, {fmt::format("new {}(\"broken\")", name)});
    out["Runnable"] = choice("Runnable", {"() -> {}"});
    out["Random"] = choice("java.util.Random", {"new java.util.Random(1)"});
    out["Locale"] = choice("java.util.Locale", {"java.util.Locale.ENGLISH"});
    out["BigInteger"] =
        choice("java.math.BigInteger",
               {"java.math.BigInteger.ZERO", "java.math.BigInteger.ONE", "java.math.BigInteger.TWO",
                "java.math.BigInteger.valueOf(-7)", "java.math.BigInteger.valueOf(12)",
                "new java.math.BigInteger(\"123456789012345678901\")"});
    out["BigDecimal"] =
        choice("java.math.BigDecimal",
               {"java.math.BigDecimal.ZERO", "java.math.BigDecimal.ONE",
                "new java.math.BigDecimal(\"2.50\")", "new java.math.BigDecimal(\"-0.125\")",
                "new java.math.BigDecimal(\"1234.5678\")"});
    out["LocalDate"] =
        choice("java.time.LocalDate",
               {"java.time.LocalDate.of(2024, 2, 29)", "java.time.LocalDate.of(2023, 12, 31)",
                "java.time.LocalDate.of(1970, 1, 1)", "java.time.LocalDate.of(2000, 6, 15)"});
    out["LocalDateTime"] =
        choice("java.time.LocalDateTime", {"java.time.LocalDateTime.of(2024, 2, 29, 23, 59, 59)",
                                           "java.time.LocalDateTime.of(1970, 1, 1, 0, 0)"});
    out["Instant"] =
        choice("java.time.Instant",
               {"java.time.Instant.parse(\"2024-02-29T23:59:59Z\")", "java.time.Instant.EPOCH"});
    out["ZonedDateTime"] = choice("java.time.ZonedDateTime",
                                  {"java.time.ZonedDateTime.parse(\"2024-02-29T23:59:59Z\")"});
    out["OffsetDateTime"] =
        choice("java.time.OffsetDateTime",
               {"java.time.OffsetDateTime.parse(\"2024-02-29T23:59:59+01:00\")"});
    out["Period"] =
        choice("java.time.Period", {"java.time.Period.ofDays(40)", "java.time.Period.of(1, 2, 3)"});
    out["YearMonth"] = choice("java.time.YearMonth", {"java.time.YearMonth.of(2024, 2)"});
    out["Month"] =
        choice("java.time.Month", {"java.time.Month.JANUARY", "java.time.Month.FEBRUARY"});
    out["ZoneId"] = choice("java.time.ZoneId", {"java.time.ZoneId.of(\"UTC\")",
                                                "java.time.ZoneId.of(\"Europe/Amsterdam\")"});
    out["Date"] =
        choice("java.util.Date", {"new java.util.Date(0L)", "new java.util.Date(1709251199000L)"});
    out["Charset"] =
        choice("java.nio.charset.Charset", {"java.nio.charset.StandardCharsets.UTF_8",
                                            "java.nio.charset.StandardCharsets.ISO_8859_1",
                                            "java.nio.charset.StandardCharsets.UTF_16"});
    out["Pattern"] =
        choice("java.util.regex.Pattern", {"java.util.regex.Pattern.compile(\"[a-z]+\")",
                                           "java.util.regex.Pattern.compile(\"\\\\d+|,\")"});
    out["URI"] = choice("java.net.URI", {"java.net.URI.create(\"https://example.com/a/b?c=1\")",
                                         "java.net.URI.create(\"/a\")"});
    out["UUID"] = choice("java.util.UUID",
                         {"java.util.UUID.fromString(\"123e4567-e89b-12d3-a456-426614174000\")"});
    out["BitSet"] = choice("java.util.BitSet",
                           {"java.util.BitSet.valueOf(new long[] {5})", "new java.util.BitSet()"});
    out["TimeUnit"] = choice(
        "java.util.concurrent.TimeUnit",
        {"java.util.concurrent.TimeUnit.SECONDS", "java.util.concurrent.TimeUnit.MILLISECONDS"});
    out["StringWriter"] = choice("java.io.StringWriter", {"new java.io.StringWriter()"});
    out["Writer"] = choice("java.io.Writer", {"new java.io.StringWriter()"});
    out["Appendable"] = choice("Appendable", {"new StringBuilder()"});
    out["OutputStream"] = choice("java.io.OutputStream", {"new java.io.ByteArrayOutputStream()"});
    out["ByteArrayOutputStream"] =
        choice("java.io.ByteArrayOutputStream", {"new java.io.ByteArrayOutputStream()"});
    out["LocalTime"] = choice("java.time.LocalTime",
                              {"java.time.LocalTime.of(0, 0)", "java.time.LocalTime.of(13, 45)"});
    out["Duration"] =
        choice("java.time.Duration", {"java.time.Duration.ofMinutes(90)", "java.time.Duration.ZERO",
                                      "java.time.Duration.ofSeconds(-5)"});
    out["DayOfWeek"] =
        choice("java.time.DayOfWeek", {"java.time.DayOfWeek.MONDAY", "java.time.DayOfWeek.SATURDAY",
                                       "java.time.DayOfWeek.SUNDAY"});
    return out;
  }();
  return all;
}

// How each is made of a list.
const std::map<std::string, std::string>& collections() {
  static const std::map<std::string, std::string> all = {
      {"List", "new java.util.ArrayList<>({})"},
      {"ArrayList", "new java.util.ArrayList<>({})"},
      {"Collection", "new java.util.ArrayList<>({})"},
      {"Iterable", "new java.util.ArrayList<>({})"},
      {"LinkedList", "new java.util.LinkedList<>({})"},
      {"Vector", "new java.util.Vector<>({})"},
      {"Queue", "new java.util.LinkedList<>({})"},
      {"Deque", "new java.util.ArrayDeque<>({})"},
      {"ArrayDeque", "new java.util.ArrayDeque<>({})"},
      {"PriorityQueue", "new java.util.PriorityQueue<>({})"},
      {"Iterator", "({}).iterator()"},
      {"Stream", "({}).stream()"},
      {"Set", "new java.util.LinkedHashSet<>({})"},
      {"LinkedHashSet", "new java.util.LinkedHashSet<>({})"},
      {"HashSet", "new java.util.HashSet<>({})"},
      {"SortedSet", "new java.util.TreeSet<>({})"},
      {"TreeSet", "new java.util.TreeSet<>({})"},
      // Of a map with an order: that of Map.of() is another in each process.
      {"Map", "new java.util.TreeMap<>({})"},
      {"SortedMap", "new java.util.TreeMap<>({})"},
      {"TreeMap", "new java.util.TreeMap<>({})"},
      {"HashMap", "new java.util.HashMap<>(new java.util.TreeMap<>({}))"},
      {"LinkedHashMap", "new java.util.LinkedHashMap<>(new java.util.TreeMap<>({}))"}};
  return all;
}

bool is_number(const Type& type) { return type.kind == Kind::integer || type.kind == Kind::real; }

// Expressions of the type that say something of `x`.
std::vector<std::string> expressions(const Type& of, const Type& gives) {
  const std::string size = of.kind == Kind::list ? "x.size()" : "x.length()";
  const bool has_size = of.kind == Kind::text || of.name.starts_with("java.util.List");
  if (gives.kind == Kind::boolean && is_number(of)) return {"x > 1", "x < 0"};
  if (gives.kind == Kind::boolean && has_size) return {size + " > 1", "x.isEmpty()"};
  if (gives.kind == Kind::boolean) return {"true", "false"};
  if (gives.kind == Kind::text) return {of.kind == Kind::text ? "x + \"!\"" : "\"v\" + x"};
  if (gives.kind == Kind::real) return {is_number(of) ? "x / 2.0" : "0.5"};
  if (gives.kind == Kind::integer && gives.name.find("ong") != std::string::npos)
    return {is_number(of) ? "2L * x + 1" : "7L"};
  if (gives.kind == Kind::integer && of.kind == Kind::integer && of.name == gives.name)
    return {"2 * x + 1"};
  if (gives.kind == Kind::integer && has_size) return {size};
  if (gives.kind == Kind::integer) return {"7"};
  if (gives.name == of.name) return {"x"};
  return {};
}

Type lambda(const std::string& name, const std::string& head, const Type& of, const Type& gives) {
  std::vector<std::string> texts = expressions(of, gives);
  for (std::string& text : texts) text.insert(0, head + " -> ");
  return texts.empty() ? Type{} : choice(name, std::move(texts));
}

std::string with_arguments(const std::string& name, const std::vector<Type>& arguments) {
  std::string out;
  for (const Type& one : arguments) out += (out.empty() ? "" : ", ") + one.name;
  return out.empty() ? name : name + "<" + out + ">";
}

std::optional<Type> callback(const std::string& name, std::vector<Type> of) {
  const auto plain = [](const char* type) { return plain_types().at(type); };
  const std::string whole = with_arguments("java.util.function." + name, of);
  const auto one = [&](std::size_t i) { return i < of.size() ? of[i] : plain("Integer"); };
  const std::string x = fmt::format("({} x)", one(0).name);
  if (name == "Predicate") return lambda(whole, x, one(0), plain("boolean"));
  if (name == "Function") return lambda(whole, x, one(0), one(1));
  if (name == "UnaryOperator") return lambda(whole, x, one(0), one(0));
  if (name == "ToIntFunction") return lambda(whole, x, one(0), plain("int"));
  if (name == "ToLongFunction") return lambda(whole, x, one(0), plain("long"));
  if (name == "ToDoubleFunction") return lambda(whole, x, one(0), plain("double"));
  if (name == "IntPredicate") return lambda(whole, "x", plain("int"), plain("boolean"));
  if (name == "IntUnaryOperator") return lambda(whole, "x", plain("int"), plain("int"));
  if (name == "IntFunction") return lambda(whole, "x", plain("int"), one(0));
  if (name == "DoubleUnaryOperator") return lambda(whole, "x", plain("double"), plain("double"));
  if (name == "DoublePredicate") return lambda(whole, "x", plain("double"), plain("boolean"));
  if (name == "Supplier") return lambda(whole, "()", Type{.of = {}, .name = {}}, one(0));
  if (name == "IntSupplier") return choice(whole, {"() -> 7"});
  if (name == "BooleanSupplier") return choice(whole, {"() -> true", "() -> false"});
  if (name == "Consumer") return choice(whole, {x + " -> {}"});
  if (name == "IntBinaryOperator") return choice(whole, {"(x, y) -> x - 2 * y"});
  const std::string xy =
      fmt::format("({} x, {} y)", one(0).name, one(name == "BinaryOperator" ? 0 : 1).name);
  if (name == "BiFunction") return lambda(whole, xy, one(0), one(2));
  if (name == "BinaryOperator") {
    if (one(0).kind == Kind::integer) return choice(whole, {xy + " -> x - 2 * y"});
    return lambda(whole, xy, one(0), one(0));
  }
  if (name == "BiPredicate") return lambda(whole, xy, one(0), plain("boolean"));
  return std::nullopt;
}

bool is_ordered(const Type& type) {
  return is_number(type) || type.kind == Kind::text || type.kind == Kind::bytes ||
         type.kind == Kind::boolean || type.kind == Kind::expression;
}

}  // namespace

std::string java_library_name(const std::string& name) {
  if (name == "Optional" || name == "Comparator" || collections().contains(name)) {
    if (name == "Iterable") return name;
    return (name == "Stream" ? "java.util.stream." : "java.util.") + name;
  }
  if (const auto plain = plain_types().find(name); plain != plain_types().end())
    return plain->second.kind == Kind::expression || holders().contains(name) ? plain->second.name
                                                                              : name;
  if (callback(name, {})) return "java.util.function." + name;
  static const std::map<std::string, std::string> others = {
      {"OptionalInt", "java.util.OptionalInt"},
      {"OptionalLong", "java.util.OptionalLong"},
      {"OptionalDouble", "java.util.OptionalDouble"},
      {"IntStream", "java.util.stream.IntStream"}};
  const auto found = others.find(name);
  return found == others.end() ? std::string() : found->second;
}

std::string java_collection_of(const std::string& type) {
  std::string name = type.substr(0, type.find('<'));
  name = name.substr(name.rfind('.') + 1);
  const auto found = collections().find(name);
  return found == collections().end() ? std::string() : found->second;
}

std::string java_holder_of(const std::string& type) {
  const auto found = holders().find(type.substr(type.rfind('.') + 1));
  return found == holders().end() ? "{}" : found->second.pattern;
}

std::optional<Type> java_library_type(const std::string& name, const std::vector<Type>& arguments) {
  if (const auto plain = plain_types().find(name); plain != plain_types().end())
    return plain->second;
  std::vector<Type> of = arguments;
  const auto want = [&](std::size_t count) {
    while (of.size() < count) of.push_back(plain_types().at("Integer"));
  };
  if (name == "Optional") {
    want(1);
    return made(Kind::optional, with_arguments("java.util.Optional", of), of);
  }
  if (name == "Comparator") {
    want(1);
    if (!is_ordered(of[0])) return Type{};
    return choice(with_arguments("java.util.Comparator", of),
                  {fmt::format("java.util.Comparator.<{}>naturalOrder()", of[0].name),
                   fmt::format("java.util.Comparator.<{}>reverseOrder()", of[0].name)});
  }
  if (collections().contains(name)) {
    const bool is_map = name.ends_with("Map");
    const bool is_set = name.ends_with("Set");
    want(is_map ? 2 : 1);
    if ((is_map || is_set || name == "PriorityQueue") && !is_ordered(of[0])) return Type{};
    return made(is_map   ? Kind::map
                : is_set ? Kind::set
                         : Kind::list,
                with_arguments(java_library_name(name), of), of);
  }
  return callback(name, std::move(of));
}

}  // namespace leyden::qa
