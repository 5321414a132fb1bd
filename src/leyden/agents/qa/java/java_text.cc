#include "leyden/agents/qa/java/java_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/java/java_imports.h"
#include "leyden/agents/qa/java/java_library.h"
#include "leyden/agents/qa/java/java_types.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;
using Kind = Value::Kind;

constexpr const char* kAssertions = "org.junit.jupiter.api.Assertions";
constexpr std::size_t kPairsMax = 10;  // That Map.of() takes.

void append_escaped(char32_t code, std::string& out) {
  if (code > 0xffff) {
    const char32_t rest = code - 0x10000;
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + static_cast<unsigned>(rest >> 10U),
                       0xdc00 + static_cast<unsigned>(rest & 0x3ffU));
  } else if (code > '~') {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
  } else if (code == '\n' || code == '\t' || code == '\r') {
    out += code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r";
  } else if (code < ' ') {
    out += fmt::format("\\{:03o}", static_cast<unsigned>(code));
  } else {
    if (code == '"' || code == '\\' || code == '\'') out += '\\';
    out += static_cast<char>(code);
  }
}

std::string java_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const utf8::Decoded one = utf8::decode(text, at);
    if (one.code_point == '\'') {
      out += '\'';
    } else {
      append_escaped(one.code_point, out);
    }
    at += one.size;
  }
  return out + "\"";
}

std::string character_literal(const std::string& text) {
  const auto code = static_cast<unsigned char>(text.empty() ? ' ' : text[0]);
  std::string out = "'";
  append_escaped(code, out);
  return out + "'";
}

std::string integer_literal(std::int64_t value, const std::string& type) {
  std::string text = std::to_string(value);
  if (type == "long" || type == "Long") return text + "L";
  if (type == "short" || type == "Short") return "(short) " + text;
  if (type == "byte" || type == "Byte") return "(byte) " + text;
  return text;
}

std::string real_literal(double value, const std::string& type) {
  const bool is_float = type == "float" || type == "Float";
  const std::string box = is_float ? "Float" : "Double";
  if (std::isnan(value)) return box + ".NaN";
  if (std::isinf(value)) return box + (value < 0 ? ".NEGATIVE_INFINITY" : ".POSITIVE_INFINITY");
  std::string out =
      is_float ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return is_float ? out + "f" : out;
}

std::string items_literal(const Value& value, const Type& type, const JavaSource& source) {
  std::vector<std::string> items;
  items.reserve(value.items.size());
  const std::size_t period = type.kind == Type::Kind::map ? 2 : 1;
  for (std::size_t i = 0; i < value.items.size(); ++i)
    items.push_back(java_literal(value.items[i], type.of[i % period], source));
  if (type.name.ends_with("[]")) return "new " + type.name + " {" + joined(items, ", ") + "}";
  std::string all;
  if (type.kind == Type::Kind::map && items.size() > 2 * kPairsMax) {
    std::vector<std::string> entries;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      entries.push_back(fmt::format("java.util.Map.entry({}, {})", items[i], items[i + 1]));
    all = "java.util.Map.ofEntries(" + joined(entries, ", ") + ")";
  } else if (type.kind == Type::Kind::map) {
    all = "java.util.Map.of(" + joined(items, ", ") + ")";
  } else {
    // One array is taken for the list of all.
    const std::string of = type.of[0].name;
    const bool is_told = of.ends_with("[]") || items.empty();
    all = "java.util.List." + (is_told ? "<" + of + ">" : "") + "of(" + joined(items, ", ") + ")";
  }
  const std::string pattern = java_collection_of(type.name);
  if (items.empty() && pattern.ends_with("<>({})")) {
    return pattern.substr(0, pattern.size() - 4) + "()";
  }
  return pattern.empty() ? all : fmt::format(fmt::runtime(pattern), all);
}

std::string object_literal(const Value& value, const Type& type, const JavaSource& source) {
  std::vector<std::string> parts;
  parts.reserve(type.of.size());
  for (std::size_t i = 0; i < type.of.size(); ++i)
    parts.push_back(java_literal(value.items[2 * i + 1], type.of[i], source));
  return source.makers.at(type.name).call + "(" + joined(parts, ", ") + ")";
}

// "cart" of "Shop.Cart", and nothing that a test says itself.
std::string variable_of(const std::string& type) {
  std::string out = type.substr(0, type.find('<'));
  out = out.substr(out.rfind('.') + 1);
  out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
  static const std::set<std::string> taken = {"got",   "new",   "switch", "case",    "default",
                                              "class", "enum",  "int",    "double",  "long",
                                              "char",  "float", "void",   "package", "record"};
  return taken.contains(out) ? "the" + type.substr(type.rfind('.') + 1) : out;
}

// An assertion of what stands in the claim about an expression.
std::string assertion(const Json& claim, const std::string& about) {
  const auto kind = claim[0].get<std::string>();
  const auto text = claim[1].get<std::string>();
  const std::string of = about + claim[2].get<std::string>();
  if (kind == "null") return "assertNull(" + of + ");";
  if (kind == "true" || kind == "false")
    return fmt::format("assert{}({});", kind == "true" ? "True" : "False", of);
  if (kind == "matches") return fmt::format("assertTrue({}.matches({}));", of, java_quoted(text));
  if (kind == "near") return fmt::format("assertEquals({}, {}, 1e-9);", text, of);
  if (kind == "array") return fmt::format("assertArrayEquals({}, {});", text, of);
  if (kind == "array near")
    return fmt::format("assertArrayEquals({}, {}, 1e-9{});", text, of,
                       text.starts_with("new float") ? "f" : "");
  if (kind == "items")
    return fmt::format("assertEquals({}, new java.util.ArrayList<>({}));", text, of);
  return fmt::format("assertEquals({}, {});", text, of);
}

class TestWriter {
 public:
  TestWriter(const TestCase& one, const JavaSource& source)
      : expected_(one.expected),
        input_(java_fitted(one.input, source)),
        source_(source),
        function_(source.functions[input_.function()]),
        callable_(source.callables[input_.function()]) {}

  std::vector<std::string> lines() {
    make_object();
    const std::string call = call_of(input_.steps.back(), true);
    if (expected_.outcome == Observation::Outcome::error) {
      put(fmt::format("assertThrows({}.class, () -> {});", expected_.error, call));
      return std::move(lines_);
    }
    add_value(call);
    for (const auto& [name, text] : expected_.changed) {
      const std::string about = name == "object" ? object_ : names_[std::stoul(name)];
      for (const Json& claim : Json::parse(text)) put(assertion(claim, about));
    }
    return std::move(lines_);
  }

 private:
  void put(std::string line) { lines_.push_back(std::move(line)); }

  void make_object() {
    if (!function_.needs_object()) return;
    object_ = variable_of(callable_.object);
    std::string made;
    if (const auto maker = source_.makers.find(callable_.object); maker != source_.makers.end()) {
      std::vector<std::string> arguments;
      arguments.reserve(input_.construction.size());
      for (std::size_t i = 0; i < input_.construction.size(); ++i)
        arguments.push_back(
            java_literal(input_.construction[i], function_.construction[i].type, source_));
      made = maker->second.plain + "(" + joined(arguments, ", ") + ")";
    } else {
      made = input_.construction.at(0).text;
    }
    // Where nothing else is said of it, it is made in the call.
    if (input_.steps.size() == 1 && !expected_.changed.contains("object")) {
      object_ = made;
      return;
    }
    put(fmt::format("{} {} = {};", callable_.object, object_, made));
    for (std::size_t i = 0; i + 1 < input_.steps.size(); ++i)
      put(call_of(input_.steps[i], false) + ";");
  }

  // Arguments that the call changes have names.
  std::string call_of(const Step& step, bool is_last) {
    const Function& function = source_.functions[step.function];
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < step.arguments.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      std::string text = java_literal(step.arguments[i], parameter.type, source_);
      if (is_last)
        names_.push_back(parameter.name == object_ ? parameter.name + "1" : parameter.name);
      if (is_last && expected_.changed.contains(std::to_string(i))) {
        put(fmt::format("{} {} = {};", parameter.type.name, names_.back(), text));
        text = names_.back();
      }
      arguments.push_back(std::move(text));
    }
    return fmt::format("{}{}({})", function.needs_object() ? object_ + "." : "",
                       source_.callables[step.function].call, joined(arguments, ", "));
  }

  void add_value(const std::string& call) {
    const Json claims = Json::parse(expected_.text, nullptr, false);
    if (!expected_.printed.empty()) {
      put(fmt::format("assertEquals({}, printedBy(() -> {}));", expected_.printed, call));
    } else if (claims.empty()) {
      put(call + ";");
    } else if (claims.size() == 1) {
      put(assertion(claims[0], call));
    } else {
      put(fmt::format("var got = {};", call));
      for (const Json& claim : claims) put(assertion(claim, "got"));
    }
  }

  const Observation& expected_;
  Input input_;
  const JavaSource& source_;
  const Function& function_;
  const JavaCallable& callable_;
  std::string object_;              // A variable, or what makes it.
  std::vector<std::string> names_;  // Of the arguments.
  std::vector<std::string> lines_;
};

constexpr std::string_view kPrintedBy = R"(
  private static String printedBy(Executable call) throws Throwable {
    java.io.PrintStream before = System.out;
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    System.setOut(new java.io.PrintStream(out, true));
    try {
      call.execute();
    } finally {
      System.setOut(before);
    }
    return out.toString();
  }
)";

// What a test that holds this has to declare.
std::string_view exceptions_of(const std::string& body, const JavaSource& source) {
  if (body.find("printedBy(") != std::string::npos) return " throws Throwable";
  const auto is_thrown = [&](const auto& one) {
    return one.is_checked && body.find(one.call + "(") != std::string::npos;
  };
  const bool any =
      std::ranges::any_of(source.callables, is_thrown) ||
      std::ranges::any_of(source.makers, [&](const auto& one) { return is_thrown(one.second); });
  return any ? " throws Exception" : "";
}

bool is_test(syntax::Node method, std::string_view text) {
  for (const syntax::Node modifiers : method.named_children()) {
    if (modifiers.type() != "modifiers") continue;
    for (const syntax::Node one : modifiers.named_children()) {
      const std::string_view name = one.field("name").text(text);
      if (one.type().ends_with("annotation") && (name == "Test" || name == "ParameterizedTest"))
        return true;
    }
  }
  return false;
}

}  // namespace

std::string java_literal(const Value& value, const Type& type, const JavaSource& source) {
  if (type.kind == Type::Kind::optional) {
    const bool is_library = type.name.starts_with("java.util.Optional");
    if (value.kind == Kind::none) return is_library ? "java.util.Optional.empty()" : "null";
    const std::string of = java_literal(value, type.of[0], source);
    return is_library ? "java.util.Optional.of(" + of + ")" : of;
  }
  if (type.kind == Type::Kind::record) return object_literal(value, type, source);
  switch (value.kind) {
    case Kind::none:
      return "null";
    case Kind::boolean:
      return value.integer != 0 ? "true" : "false";
    case Kind::integer:
      return integer_literal(value.integer, type.name);
    case Kind::real:
      return real_literal(value.real, type.name);
    case Kind::text:
      return fmt::format(fmt::runtime(java_holder_of(type.name)), java_quoted(value.text));
    case Kind::bytes:
      return character_literal(value.text);
    case Kind::list:
    case Kind::set:
    case Kind::tuple:
    case Kind::map:
      return items_literal(value, type, source);
    case Kind::object:
    case Kind::expression:
      break;
  }
  return value.text;
}

Input java_fitted(const Input& input, const JavaSource& source) {
  return fitted(input, source.functions, java_integer_range);
}

std::string java_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                           const JavaSource& source, const std::string& about,
                           const std::string& name) {
  std::string members;
  std::set<std::string> supports;
  std::set<std::string> imports = {"import org.junit.jupiter.api.Test;"};
  for (const SourceTest& one : written) {
    members += support_once(one, supports, "  ");
    members += "\n  " + one.text + "\n";
    imports.insert(one.imports.begin(), one.imports.end());
  }
  std::string tests;
  for (const TestCase& one : cases) {
    std::string body;
    for (const std::string& line : TestWriter(one, source).lines()) body += "    " + line + "\n";
    tests += fmt::format("\n  @Test\n  void {}(){} {{\n{}  }}\n", one.name,
                         exceptions_of(body, source), body);
  }
  for (const auto& [type, maker] : source.makers) {
    if (!maker.helper.empty() && tests.find(maker.call + "(") != std::string::npos)
      tests += maker.helper;
  }
  if (tests.find("printedBy(") != std::string::npos) {
    tests += kPrintedBy;
    imports.insert("import org.junit.jupiter.api.function.Executable;");
  }
  for (const char* one : {"assertEquals", "assertArrayEquals", "assertNull", "assertTrue",
                          "assertFalse", "assertThrows"}) {
    if (tests.find(std::string(one) + "(") != std::string::npos)
      imports.insert(fmt::format("import static {}.{};", kAssertions, one));
  }
  return java_file(
      fmt::format(
          "// Tests of {}, made by `leyden test`.{}\nclass {} {{{}}}\n", about,
          cases.empty() ? "" : " They say what it does today: read them before you trust them.",
          name, members + tests),
      source, imports);
}

std::vector<PlacedTest> java_placed_tests(std::string_view text) {
  std::vector<PlacedTest> out;
  auto tree = syntax::parse(syntax::Language::java, text);
  if (!tree) return out;
  for (const syntax::Node node : tree->root().named_children()) {
    if (node.type() != "class_declaration") continue;
    for (const syntax::Node member : node.field("body").named_children()) {
      const std::string_view name = member.field("name").text(text);
      if (member.type() != "method_declaration" || name.empty() || !is_test(member, text)) continue;
      out.push_back({.name = std::string(name),
                     .begin = member.begin(),
                     .end = member.end(),
                     .first_line = member.first_line(),
                     .last_line = member.last_line()});
    }
  }
  return out;
}

}  // namespace leyden::qa
