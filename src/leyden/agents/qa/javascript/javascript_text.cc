#include "leyden/agents/qa/javascript/javascript_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kLoopMin = 4;  // Calls that are alike, one after the other.

bool is_reserved(std::string_view word) {
  static const std::set<std::string_view> all = {
      "arguments", "assert",   "async",    "await",      "break",     "case",    "catch",
      "class",     "const",    "continue", "debugger",   "default",   "delete",  "do",
      "else",      "enum",     "eval",     "export",     "extends",   "false",   "finally",
      "for",       "function", "if",       "implements", "import",    "in",      "instanceof",
      "interface", "let",      "new",      "null",       "package",   "private", "protected",
      "public",    "return",   "static",   "super",      "switch",    "test",    "this",
      "throw",     "true",     "try",      "typeof",     "undefined", "var",     "void",
      "while",     "with",     "yield",    "result",     "printed",   "t"};
  return all.contains(word);
}

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
  });
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", value);
}

std::vector<std::string> literals(const std::vector<Value>& values) {
  std::vector<std::string> out;
  out.reserve(values.size());
  for (const Value& value : values) out.push_back(javascript_literal(value));
  return out;
}

std::string key_text(const Value& key) {
  if (key.kind != Value::Kind::text)
    return key.kind == Value::Kind::integer && key.integer >= 0
               ? javascript_literal(key)
               : "[" + javascript_literal(key) + "]";
  if (key.text == "__proto__") return "[\"__proto__\"]";  // Else it is no key.
  return is_name(key.text) ? key.text : quoted_text(key.text);
}

// Of the last parameter, if it takes the rest, the items stand for themselves.
std::vector<std::string> argument_texts(const std::vector<Parameter>& parameters,
                                        const std::vector<Value>& values) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i < parameters.size() && parameters[i].takes_rest && values[i].kind == Value::Kind::list) {
      for (std::string& one : literals(values[i].items)) out.push_back(std::move(one));
    } else {
      out.push_back(javascript_literal(values[i]));
    }
  }
  return out;
}

std::string call_text(const Function& function, const std::string& receiver,
                      const std::vector<std::string>& arguments) {
  switch (function.kind) {
    case Function::Kind::property:
      return receiver + "." + function.name;
    case Function::Kind::method:
      return fmt::format("{}.{}({})", receiver, function.name, joined(arguments, ", "));
    case Function::Kind::static_method:
      return fmt::format("{}.{}({})", function.class_name, function.name, joined(arguments, ", "));
    case Function::Kind::function:
      break;
  }
  return fmt::format("{}({})", function.name, joined(arguments, ", "));
}

// What strictEqual compares by what it is, not by which it is.
bool is_plain(std::string_view text) {
  return !text.starts_with('[') && !text.starts_with('{') && !text.starts_with("new ") &&
         !text.starts_with('/') && !text.starts_with("Buffer.");
}

std::string equal(const std::string& left, const std::string& right) {
  return fmt::format("assert.{}({}, {});", is_plain(right) ? "strictEqual" : "deepStrictEqual",
                     left, right);
}

std::string lower_first(std::string name) {
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z')
    name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

std::string import_of(const std::string& name, const JavascriptExport& way,
                      const JavascriptModule& module, std::vector<std::string>& named) {
  using Way = JavascriptExport::Way;
  const std::string from = quoted_text(module.specifier);
  if (way.way == Way::named) {
    named.push_back(way.name == name     ? name
                    : module.test_is_esm ? way.name + " as " + name
                                         : way.name + ": " + name);
    return {};
  }
  // What a CommonJS file exports as a whole is an ES module's default.
  if (module.test_is_esm) return fmt::format("import {} from {};\n", name, from);
  return way.way == Way::whole ? fmt::format("const {} = require({});\n", name, from)
                               : fmt::format("const {} = require({}).default;\n", name, from);
}

}  // namespace

std::string javascript_literal(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind) {
    case Kind::none:
      return "null";
    case Kind::boolean:
      return value.integer != 0 ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return number_text(value.real);
    case Kind::text:
      return quoted_text(value.text);
    case Kind::bytes: {
      std::vector<std::string> bytes;
      for (const char c : value.text)
        bytes.push_back(std::to_string(static_cast<unsigned>(static_cast<unsigned char>(c))));
      return "new Uint8Array([" + joined(bytes, ", ") + "])";
    }
    case Kind::list:
    case Kind::tuple:
      return "[" + joined(literals(value.items), ", ") + "]";
    case Kind::set:
      return value.items.empty() ? "new Set()"
                                 : "new Set([" + joined(literals(value.items), ", ") + "])";
    case Kind::map: {
      std::vector<std::string> pairs;
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        const std::string item = javascript_literal(value.items[i + 1]);
        pairs.push_back(value.text == "Map"
                            ? "[" + javascript_literal(value.items[i]) + ", " + item + "]"
                            : key_text(value.items[i]) + ": " + item);
      }
      if (value.text == "Map")
        return pairs.empty() ? "new Map()" : "new Map([" + joined(pairs, ", ") + "])";
      return pairs.empty() ? "{}" : "{ " + joined(pairs, ", ") + " }";
    }
    case Kind::object:
      return "new " + value.text + "(" + joined(literals(value.items), ", ") + ")";
    case Kind::expression:
      return value.text;
  }
  return "null";
}

JavascriptCall javascript_call(const Input& input, const std::vector<Function>& functions,
                               const std::map<std::string, std::string>& makers) {
  JavascriptCall out;
  const Function& last = functions[input.function()];
  std::set<std::string> taken;
  for (const Function& one : functions)
    taken.insert(one.class_name.empty() ? one.name : one.class_name);
  const auto free_name = [&](std::string name) {
    while (is_reserved(name) || taken.contains(name)) name += '_';
    taken.insert(name);
    return name;
  };
  std::string made;
  if (last.needs_object()) {
    out.receiver = free_name(lower_first(last.class_name));
    const auto maker = makers.find(last.class_name);
    made = fmt::format("{}({})", maker == makers.end() ? "new " + last.class_name : maker->second,
                       joined(argument_texts(last.construction, input.construction), ", "));
    out.setup.push_back(fmt::format("const {} = {};", out.receiver, made));
    for (std::size_t i = 0; i + 1 < input.steps.size();) {
      const Step& step = input.steps[i];
      std::size_t times = 1;
      while (i + times + 1 < input.steps.size() && input.steps[i + times] == step) ++times;
      const Function& function = functions[step.function];
      const std::string call =
          (function.is_async ? "await " : "") +
          call_text(function, out.receiver, argument_texts(function.parameters, step.arguments)) +
          ";";
      if (times < kLoopMin) {
        out.setup.insert(out.setup.end(), times, call);
      } else {
        out.setup.push_back(fmt::format("for (let i = 0; i < {}; ++i) {}", times, call));
      }
      i += times;
    }
  }
  std::vector<std::string> names;
  const std::vector<Value>& values = input.steps.back().arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool known = i < last.parameters.size();
    const std::string name =
        free_name(known ? last.parameters[i].name : fmt::format("argument{}", i));
    names.push_back(known && last.parameters[i].takes_rest && values[i].kind == Value::Kind::list
                        ? "..." + name
                        : name);
    out.arguments.emplace_back(name, javascript_literal(values[i]));
  }
  out.call = call_text(last, out.receiver, names);
  // An object that is only made for this call is made in place.
  const bool in_place = last.needs_object() && out.setup.size() == 1;
  out.inline_call =
      call_text(last, in_place ? made : out.receiver, argument_texts(last.parameters, values));
  return out;
}

namespace {

// What an error is recognized by: its class, where a test has it and its subclasses don't pass for it; else its name.
std::string error_matcher(const Observation& expected, std::set<std::string>& names) {
  if (expected.form == "thrown") {
    if (is_plain(expected.text))
      return fmt::format("(error) => Object.is(error, {})", expected.text);
    return fmt::format(
        "(error) => {{\n    assert.deepStrictEqual(error, {});\n    return true;\n  }}",
        expected.text);
  }
  static constexpr std::array kBuiltIn = {"RangeError",     "TypeError", "SyntaxError",
                                          "ReferenceError", "EvalError", "URIError"};
  if (expected.error_module == "builtin" &&
      std::ranges::find(kBuiltIn, expected.error) != kBuiltIn.end())
    return expected.error;
  if (!expected.error_module.empty() && expected.error_module == expected.error) {
    names.insert(expected.error);
    return expected.error;
  }
  return fmt::format("{{ name: {} }}", quoted_text(expected.error));
}

// leyden:ignore common.complex-function to be taken apart, as the Python side was
std::string test_of(const TestCase& one, const std::vector<Function>& functions,
                    const std::map<std::string, std::string>& makers,
                    std::set<std::string>& names) {
  const Function& function = functions[one.function()];
  const JavascriptCall call = javascript_call(one.input, functions, makers);
  const Observation& expected = one.expected;
  const bool error = expected.outcome == Observation::Outcome::error;
  const bool named = !expected.changed.empty();
  const bool keeps_object = !expected.state.empty() || call.setup.size() > 1;
  const bool prints = !error && !expected.printed.empty();
  std::vector<std::string> lines;
  if (prints) lines.emplace_back("const printed = t.mock.method(console, \"log\", () => {});");
  if (named) {
    for (const auto& [name, text] : call.arguments)
      lines.push_back(fmt::format("const {} = {};", name, text));
  }
  if (keeps_object || (named && !call.setup.empty()))
    lines.insert(lines.end(), call.setup.begin(), call.setup.end());
  std::string text = named ? call.call : call.inline_call;
  if (keeps_object && !named)  // The object stays, the arguments are in place.
    text = call_text(function, call.receiver,
                     argument_texts(function.parameters, one.input.steps.back().arguments));
  const bool waits =
      expected.awaited || std::ranges::any_of(call.setup, [](const std::string& line) {
        return line.find("await ") != std::string::npos;
      });
  const std::string value = expected.awaited ? "await " + text : text;
  if (error) {
    lines.push_back(fmt::format("{}assert.{}(() => {}, {});", expected.awaited ? "await " : "",
                                expected.awaited ? "rejects" : "throws", text,
                                error_matcher(expected, names)));
  } else {
    if (expected.form == "items") {
      lines.push_back(
          equal("[..." + (expected.awaited ? "(" + value + ")" : value) + "]", expected.text));
    } else if (expected.form == "fields") {
      lines.push_back("const result = " + value + ";");
      lines.push_back(equal("result.constructor.name", quoted_text(expected.kind)));
      lines.push_back(equal("{ ...result }", expected.text));
    } else if (expected.form == "matches") {
      lines.push_back(fmt::format("assert.match({}, /^{}$/);", value, expected.text));
    } else if (expected.form == "class") {
      lines.push_back(equal((expected.awaited ? "(" + value + ")" : value) + ".constructor.name",
                            expected.text));
    } else if (expected.form == "typeof") {
      lines.push_back(
          equal("typeof " + (expected.awaited ? "(" + value + ")" : value), expected.text));
    } else if (expected.text == "undefined" && function.kind != Function::Kind::property &&
               (!expected.state.empty() || named || prints)) {
      lines.push_back(value + ";");
    } else {
      lines.push_back(equal(value, expected.text));
    }
    for (const auto& [name, after] : expected.changed) lines.push_back(equal(name, after));
    for (const auto& [name, after] : expected.state)
      lines.push_back(equal(call.receiver + "." + name, after));
    if (prints)
      lines.push_back(equal("printed.mock.calls.map((call) => call.arguments)", expected.printed));
  }
  std::string out = fmt::format("test({}, {}({}) => {{\n", quoted_text(one.name),
                                waits ? "async " : "", prints ? "t" : "");
  for (const std::string& line : lines) out += "  " + line + "\n";
  return out + "});\n";
}

}  // namespace

namespace {

// node:test's and node:assert's are there already; jest's and vitest's have their words by now.
bool imports_runner(std::string_view line) {
  const auto has = [&](std::string_view part) { return line.find(part) != std::string_view::npos; };
  return has("node:test") || has("vitest") || has("@jest/") || (has("assert") && !has("{"));
}

// With or without its ending: 'shop', "./shop.js".
bool imports_module(std::string_view line, const JavascriptModule& module) {
  const std::string file = module.specifier.substr(module.specifier.rfind('/') + 1);
  const std::string stem = file.substr(0, file.find('.'));
  return line.find(file) != std::string_view::npos ||
         line.find(stem + "\"") != std::string_view::npos ||
         line.find(stem + "'") != std::string_view::npos;
}

// Of `import { a, b } from "./shop.js"`; under other names they are not known here.
std::vector<std::string> names_imported(std::string_view line) {
  std::vector<std::string> out;
  const std::size_t open = line.find('{');
  const std::size_t close = line.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos) return out;
  for (const std::string_view name : parts_of(line.substr(open + 1, close - open - 1), ',')) {
    if (!name.empty() && name.find_first_of(" :") == std::string_view::npos) out.emplace_back(name);
  }
  return out;
}

}  // namespace

// leyden:ignore common.complex-function to be taken apart, as the Python side was
std::string javascript_test_file(std::span<const TestCase> cases,
                                 std::span<const SourceTest> written,
                                 const std::vector<Function>& functions,
                                 const JavascriptModule& module) {
  std::set<std::string> names;  // From the module.
  std::string body;
  const std::function<void(const Value&)> note = [&](const Value& value) {
    if (value.kind == Value::Kind::object) names.insert(value.text);
    if (value.kind == Value::Kind::expression) {  // `Color.red`
      for (const auto& [name, way] : *module.exports) {
        if (uses_name(value.text, name)) names.insert(name);
      }
    }
    for (const Value& item : value.items) note(item);
  };
  for (const TestCase& one : cases) {
    const Function& function = functions[one.function()];
    const auto maker = module.makers->find(function.class_name);
    names.insert(maker != module.makers->end() ? maker->second.substr(0, maker->second.find('.'))
                 : function.class_name.empty() ? function.name
                                               : function.class_name);
    for (const Value& value : one.input.construction) note(value);
    for (const Step& step : one.input.steps) {
      for (const Value& value : step.arguments) note(value);
    }
    body += "\n" + test_of(one, functions, *module.makers, names);
  }
  std::set<std::string> others;
  std::set<std::string> constants;  // Of the module, that a model's tests use.
  std::set<std::string> support;
  std::string own;
  bool uses_it = false;
  for (const SourceTest& one : written) {
    const std::string all = joined(one.support, "\n") + "\n" + one.text;
    for (const auto& [name, way] : *module.exports) {
      if (uses_name(all, name)) names.insert(name);
    }
    uses_it = uses_it || uses_name(one.text, "it");
    for (const std::string& line : one.imports) {
      if (imports_module(line, module)) {
        for (const std::string& name : names_imported(line)) {
          if (!module.exports->contains(name)) constants.insert(name);
        }
      } else if (!imports_runner(line)) {
        others.insert(line);
      }
    }
    own += support_once(one, support);
  }
  for (const SourceTest& one : written) own += "\n" + one.text + "\n";
  std::string out = fmt::format(
      "// Tests of {}, made by `leyden test`.{}\n", module.specifier,
      cases.empty()     ? ""
      : written.empty() ? " They say what it does today: read them before you trust them."
                        : " Those whose names end with a number say what it does today: read them "
                          "before you trust them.");
  if (module.test_is_esm) {
    out += fmt::format("import test{} from \"node:test\";\n", uses_it ? ", { it }" : "");
    out += "import assert from \"node:assert/strict\";\n";
  } else {
    out += "\"use strict\";\nconst test = require(\"node:test\");\n";
    if (uses_it) out += "const { it } = test;\n";
    out += "const assert = require(\"node:assert/strict\");\n";
  }
  for (const std::string& line : others) out += line + "\n";
  out += "\n";
  std::vector<std::string> named(constants.begin(), constants.end());
  for (const std::string& name : names) {
    if (const auto way = module.exports->find(name); way != module.exports->end())
      out += import_of(name, way->second, module, named);
  }
  const std::string from = quoted_text(module.specifier);
  if (!named.empty())
    out += module.test_is_esm
               ? fmt::format("import {{ {} }} from {};\n", joined(named, ", "), from)
               : fmt::format("const {{ {} }} = require({});\n", joined(named, ", "), from);
  return out + own + body;
}

std::vector<PlacedTest> javascript_placed_tests(std::string_view text) {
  std::vector<PlacedTest> out;
  auto tree = syntax::parse(syntax::Language::javascript, text);
  if (!tree) return out;
  for (const syntax::Node node : tree->root().named_children()) {
    if (auto name = javascript_test_name(node, text))
      out.push_back({.name = *std::move(name),
                     .begin = node.begin(),
                     .end = node.end(),
                     .first_line = node.first_line(),
                     .last_line = node.last_line()});
  }
  return out;
}

}  // namespace leyden::qa
