#include "leyden/agents/qa/java/java_probe.h"

#include <algorithm>

#include <fmt/format.h>

#include "leyden/agents/qa/java/java_imports.h"
#include "leyden/agents/qa/java/java_library.h"
#include "leyden/agents/qa/java/java_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

std::string reader(const Type& type, const JavaSource& source);

std::string list_reader(const Type& type, const JavaSource& source) {
  const std::string item = reader(type.of[0], source);
  if (type.name.ends_with("[]"))
    return fmt::format("({}) in.array({}.class, () -> {})", type.name, type.of[0].name, item);
  const std::string list = fmt::format("in.<{}>list(() -> {})", type.of[0].name, item);
  return fmt::format(fmt::runtime(java_collection_of(type.name)), list);
}

std::string map_reader(const Type& type, const JavaSource& source) {
  const std::string map =
      fmt::format("in.<{}, {}>map(() -> {}, () -> {})", type.of[0].name, type.of[1].name,
                  reader(type.of[0], source), reader(type.of[1], source));
  return fmt::format(fmt::runtime(java_collection_of(type.name)), map);
}

std::string made(const std::string& call, const std::vector<Type>& types,
                 const JavaSource& source) {
  std::vector<std::string> parts;
  parts.reserve(types.size());
  for (const Type& one : types) parts.push_back(reader(one, source));
  return call + "(" + joined(parts, ", ") + ")";
}

std::string integer_reader(const std::string& name) {
  if (name == "long" || name == "Long") return "in.number()";
  if (name == "short" || name == "Short") return "(short) in.number()";
  if (name == "byte" || name == "Byte") return "(byte) in.number()";
  return "(int) in.number()";
}

std::string choice_reader(const Type& type) {
  std::vector<std::string> choices;
  choices.reserve(type.texts.size());
  for (const std::string& one : type.texts) choices.push_back("() -> " + one);
  return fmt::format("in.<{}>choice({})", type.name, joined(choices, ", "));
}

std::string optional_reader(const Type& type, const JavaSource& source) {
  const bool is_library = type.name.starts_with("java.util.Optional");
  return fmt::format("in.<{}>{}(() -> {})", java_box(type.of[0].name),
                     is_library ? "optional" : "nullable", reader(type.of[0], source));
}

// An expression that reads a value of the type from `in`.
std::string reader(const Type& type, const JavaSource& source) {
  switch (type.kind) {
    case Kind::boolean:
      return "in.truth()";
    case Kind::integer:
      return integer_reader(type.name);
    case Kind::real:
      return type.name == "float" || type.name == "Float" ? "(float) in.real()" : "in.real()";
    case Kind::bytes:
      return "in.character()";
    case Kind::text:
      return fmt::format(fmt::runtime(java_holder_of(type.name)), "in.text()");
    case Kind::list:
    case Kind::set:
      return list_reader(type, source);
    case Kind::map:
      return map_reader(type, source);
    case Kind::optional:
      return optional_reader(type, source);
    case Kind::expression:
      return choice_reader(type);
    case Kind::record:
      return fmt::format("in.<{}>object(() -> {})", type.name,
                         made(source.makers.at(type.name).call, type.of, source));
    default:
      return "in.any()";
  }
}

std::string making(const Function& function, const JavaCallable& callable,
                   const JavaSource& source) {
  std::vector<Type> types;
  types.reserve(function.construction.size());
  for (const Parameter& one : function.construction) types.push_back(one.type);
  const auto maker = source.makers.find(callable.object);
  return maker == source.makers.end() ? reader(types.at(0), source)
                                      : made(maker->second.plain, types, source);
}

std::string calling(const Function& function, const JavaCallable& callable,
                    const JavaSource& source) {
  std::string out = "in.number(); ";
  std::vector<std::string> names;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const Type& type = function.parameters[i].type;
    names.push_back(fmt::format("a{}", i));
    out += fmt::format("{} a{} = {}; ", type.name, i, reader(type, source));
  }
  std::vector<std::string> kept = names;
  for (std::size_t i = 0; i < kept.size(); ++i)
    kept[i] = "(Object) " + kept[i];  // An array is one argument.
  const std::string arguments = joined(names, ", ");
  out += fmt::format("call.begin(object{}{}); ", kept.empty() ? "" : ", ", joined(kept, ", "));
  const std::string called =
      function.needs_object()
          ? fmt::format("(({}) object).{}({})", callable.object, callable.call, arguments)
          : fmt::format("{}({})", callable.call, arguments);
  out += callable.result.empty() ? called + "; call.end(); "
                                 : fmt::format("call.end({}.class, {}); ", callable.result, called);
  return out;
}

}  // namespace

JavaProbe java_probe(const JavaSource& source) {
  JavaProbe out;
  out.lines.resize(source.functions.size());
  std::string made;
  std::string called;
  std::vector<std::pair<std::size_t, std::size_t>> makings;  // Function and line.
  std::vector<std::pair<std::size_t, std::size_t>> callings;
  const auto lines_of = [](const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  };
  for (std::size_t i = 0; i < source.functions.size(); ++i) {
    const Function& function = source.functions[i];
    if (!function.uncallable.empty()) continue;
    if (function.needs_object()) {
      makings.emplace_back(i, lines_of(made));
      made += fmt::format("      case {}: in.number(); return {};\n", i,
                          making(function, source.callables[i], source));
    }
    callings.emplace_back(i, lines_of(called));
    called += fmt::format("      case {}: {{ {}break; }}\n", i,
                          calling(function, source.callables[i], source));
  }
  const std::string head = fmt::format(
      "@SuppressWarnings(\"unchecked\")\npublic final class {} implements leyden.Table {{\n"
      "  public Object made(int function, leyden.Request in) throws Throwable {{\n    switch "
      "(function) {{\n",
      kJavaTable);
  const std::string middle =
      "    }\n    return null;\n  }\n"
      "  public void call(int function, Object object, leyden.Request in, leyden.Call call) throws "
      "Throwable {\n    switch (function) {\n";
  std::string helpers;
  for (const auto& [type, maker] : source.makers) helpers += maker.helper;
  const std::string body = head + made + middle + called + "    }\n  }\n" + helpers + "}\n";
  out.text = java_file(body, source, {});
  const std::size_t before = lines_of(out.text) - lines_of(body) + lines_of(head) + 1;
  for (const auto& [function, line] : makings) out.lines[function].push_back(before + line);
  const std::size_t behind = before + lines_of(made) + lines_of(middle);
  for (const auto& [function, line] : callings) out.lines[function].push_back(behind + line);
  return out;
}

}  // namespace leyden::qa
