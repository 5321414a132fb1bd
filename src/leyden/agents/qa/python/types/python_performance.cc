#include "leyden/agents/qa/python/types/python_performance.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/agents/qa/python/python_text.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDepthMax = 3;

// How the elements of a sized input differ from each other.
constexpr const char* kNumbers[] = {"i * 7919 % 10007", "i", "1"};
// What a number beside a sized argument is.
constexpr const char* kBeside[] = {"2", "n // 2", "n"};

struct Style {
  std::string number;  // Of the element number i.
  std::string beside;
  bool is_sized = false;  // Some argument is: then numbers are not.
};

bool is_sized(const Type& type) {
  switch (type.kind) {
    case Type::Kind::text:
    case Type::Kind::bytes:
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::map:
    case Type::Kind::unknown:
      return true;
    case Type::Kind::optional:
    case Type::Kind::any_of:
      return !type.of.empty() && is_sized(type.of.front());
    default:
      return false;
  }
}

// A small value that differs with i.
std::string element(const Type& type, const Style& style, std::size_t depth) {
  using Kind = Type::Kind;
  const auto inner = [&](std::size_t i) {
    static const Type kUnknown{};
    return element(i < type.of.size() ? type.of[i] : kUnknown, style, depth + 1);
  };
  if (depth > kDepthMax) return style.number;
  switch (type.kind) {
    case Kind::boolean:
      return "i % 2 == 0";
    case Kind::real:
      return "(" + style.number + ") / 2";
    case Kind::text:  // Of so many digits that thousands differ by more than their order.
      return "'w' + str(" + style.number + " * 97)";
    case Kind::bytes:
      return "b'w' + str(" + style.number + " * 97).encode()";
    case Kind::list:
      return "[" + inner(0) + ", " + inner(0) + "]";
    case Kind::set:
      return "{" + inner(0) + "}";
    case Kind::map:
      return "{" + inner(0) + ": " + inner(1) + "}";
    case Kind::tuple: {
      std::string out = "(";
      for (std::size_t i = 0; i < type.of.size(); ++i) out += inner(i) + ", ";
      return out + ")";
    }
    case Kind::optional:
    case Kind::any_of:
      return inner(0);
    case Kind::none:
      return "None";
    default:
      return style.number;
  }
}

// A value whose size is n.
std::string sized(const Type& type, const Style& style) {
  using Kind = Type::Kind;
  static const Type kUnknown{};
  const Type& first = type.of.empty() ? kUnknown : type.of.front();
  switch (type.kind) {
    case Kind::integer:
      return style.is_sized ? style.beside : "n";
    case Kind::text:
      return "''.join(chr(97 + (" + style.number + ") % 26) for i in range(n))";
    case Kind::bytes:
      return "bytes(97 + (" + style.number + ") % 26 for i in range(n))";
    case Kind::list:
    case Kind::unknown:
      return "[" + element(first, style, 1) + " for i in range(n)]";
    case Kind::set:
      return "{" + element(first, style, 1) + " for i in range(n)}";
    case Kind::map:
      return "{" + element(first, style, 1) + ": " +
             element(type.of.size() > 1 ? type.of[1] : kUnknown, style, 1) + " for i in range(n)}";
    case Kind::optional:
    case Kind::any_of:
      return sized(first, style);
    default:  // Does not grow.
      return "[" + element(type, style, 1) + " for i in (3,)][0]";
  }
}

std::string arguments_of(const std::vector<Parameter>& parameters, const Style& style) {
  std::vector<std::string> out;
  for (const Parameter& parameter : parameters) {
    if (parameter.has_default) continue;
    const std::string value = sized(parameter.type, style);
    out.push_back(parameter.by_name_only ? parameter.name + "=" + value
                  : parameter.takes_rest ? "*" + value
                                         : value);
  }
  return joined(out, ", ");
}

// Calls as expressions of n, without those that are equal.
Json variants_of(const Function& function) {
  Json out = Json::array();
  if (function.makes_object || function.name.ends_with('=')) return out;
  const auto any_sized = [](const std::vector<Parameter>& parameters) {
    return std::ranges::any_of(parameters, [](const Parameter& one) { return is_sized(one.type); });
  };
  for (const char* number : kNumbers) {
    for (const char* beside : kBeside) {
      const Style style{
          .number = number,
          .beside = beside,
          .is_sized = any_sized(function.parameters) || any_sized(function.construction)};
      std::string call = function.name + "(" + arguments_of(function.parameters, style) + ")";
      if (function.kind == Function::Kind::property) call = function.name;
      if (!function.class_name.empty())
        call = function.needs_object()
                   ? fmt::format("{}({}).{}", function.class_name,
                                 arguments_of(function.construction, style), call)
                   : fmt::format("{}.{}", function.class_name, call);
      if (call.find(" n") == std::string::npos && call.find("(n)") == std::string::npos &&
          call.find("(n,") == std::string::npos)
        continue;
      if (std::ranges::find(out, Json(call)) == out.end()) out.push_back(call);
    }
  }
  return out;
}

std::string growth_name(double order) {
  if (order < 0.25) return "constant";
  if (order < 0.75) return "less than linear";
  if (order < 1.3) return "linear, or nearly";
  if (order < 1.75) return "between linear and quadratic";
  if (order < 2.5) return "quadratic";
  if (order < 3.5) return "cubic";
  return "exponential, or nearly";
}

std::string file_of(const PythonScene& scene, const Json& cases, const std::string& baseline) {
  std::string out = python_file_head(
      scene,
      "How the work of " + scene.module +
          " grows with its input. What it did when these tests were made is in " + baseline + ".",
      {"json", "math", "os", "pathlib", "re", "shutil", "subprocess", "sys", "tempfile"});
  out += "\n" + embedded_driver("growth.py") + "\n\nCASES = {\n";
  for (const Json& one : cases)
    out += fmt::format("    {}: (lambda n: {}, {}),\n", quoted_text(one["case"].get<std::string>()),
                       one["call"].get<std::string>(), one["sizes"].dump());
  out +=
      fmt::format("}}\nBASELINE = json.loads(pathlib.Path(__file__).with_name({}).read_text())\n",
                  quoted_text(baseline));
  for (const Json& one : cases)
    out += fmt::format("\n\ndef {}():\n    check_growth({}, CASES, BASELINE, __file__)\n",
                       one["test"].get<std::string>(), quoted_text(one["case"].get<std::string>()));
  return out +
         "\n\nif __name__ == \"__main__\":\n    run_under_valgrind(CASES)\n"
         "elif \"LEYDEN_RUNS\" in os.environ:  # Leyden's runs of this file share one count.\n"
         "    counted(CASES, BASELINE, __file__)\n";
}

}  // namespace

Result<TypedTests> python_performance_tests(const PythonScene& scene) {
  TypedTests out{.file_name = "test_performance_" + scene.module_stem + ".py"};
  Json asked = Json::array();
  std::map<std::string, std::size_t> functions;
  for (const std::size_t i : scene.wanted) {
    const Function& function = scene.functions[i];
    functions[function.qualified_name()] = i;
    Json variants = variants_of(function);
    if (function.is_async || variants.empty()) {
      out.untested.push_back(function.qualified_name() + ": nothing in its input can grow");
    } else {
      asked.push_back({{"name", function.qualified_name()}, {"variants", std::move(variants)}});
    }
  }
  if (asked.empty()) return out;
  auto lines =
      scene.ask("performance", {{"cases", asked}, {"support", embedded_driver("growth.py")}});
  if (!lines) return std::unexpected(lines.error());
  if (!lines->empty() && lines->front().contains("failed"))
    return fail(Errc::unavailable, "{} can't be imported: {}", scene.module,
                lines->front()["failed"].get<std::string>());
  if (lines->empty() || !lines->back().contains("done"))
    return fail(Errc::timed_out, "the functions' work could not be counted in time");
  Json cases = Json::array();
  Json baseline = Json::object();
  for (Json& line : *lines) {
    if (!line.contains("case")) continue;
    const std::string name = line["case"].get<std::string>();
    if (line.contains("why")) {
      out.untested.push_back(name + ": " + line["why"].get<std::string>());
      continue;
    }
    const char* kind = line.contains("instructions_order") ? "instructions" : "lines";
    const double order = line[std::string(kind) + "_order"].get<double>();
    line["growth"] = growth_name(order);
    baseline[name] = line;
    std::string plain = name;
    std::ranges::replace(plain, '.', '_');
    line["test"] = "test_growth_of_" + snake_case(plain);
    out.tests.push_back(
        {.name = line["test"].get<std::string>(),
         .function = functions[name],
         .note = fmt::format("grows as n^{:.1f} ({}), by {}", order, growth_name(order), kind)});
    cases.push_back(line);
  }
  if (cases.empty()) return out;
  const std::string data = "performance_" + scene.module_stem + ".json";
  out.text = file_of(scene, cases, data);
  out.data[data] = baseline.dump(2) + "\n";
  return out;
}

}  // namespace leyden::qa
