#include "leyden/agents/qa/python/python_text.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/python/python_class_tests.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kLoopMin = 3;

std::string number_text(double value) {
  if (std::isnan(value)) return "float(\"nan\")";
  if (std::isinf(value)) return value > 0 ? "float(\"inf\")" : "float(\"-inf\")";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

bool is_keyword(std::string_view word) {
  static const std::set<std::string_view> all = {
      "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
      "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
      "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
      "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
  return all.contains(word);
}

// Calls that are written as operators.
std::string as_operator(const std::string& method, const std::string& object,
                        const std::vector<std::string>& arguments) {
  static const std::map<std::string_view, std::string_view> kFunctions = {
      {"__len__", "len"},   {"__str__", "str"}, {"__repr__", "repr"}, {"__iter__", "list"},
      {"__bool__", "bool"}, {"__abs__", "abs"}, {"__int__", "int"},   {"__float__", "float"}};
  static const std::map<std::string_view, std::string_view> kSigns = {
      {"__add__", "+"},  {"__sub__", "-"}, {"__mul__", "*"}, {"__truediv__", "/"},
      {"__mod__", "%"},  {"__eq__", "=="}, {"__lt__", "<"},  {"__le__", "<="},
      {"__ne__", "!="},  {"__gt__", ">"},  {"__ge__", ">="}, {"__floordiv__", "//"},
      {"__pow__", "**"}, {"__and__", "&"}, {"__or__", "|"},  {"__xor__", "^"}};
  static const std::map<std::string_view, std::string_view> kReflected = {
      {"__radd__", "+"}, {"__rsub__", "-"}, {"__rmul__", "*"}};
  if (const auto known = kFunctions.find(method); known != kFunctions.end() && arguments.empty())
    return fmt::format("{}({})", known->second, object);
  if (arguments.size() == 1) {
    if (const auto known = kSigns.find(method); known != kSigns.end())
      return fmt::format("({} {} {})", object, known->second, arguments[0]);
    if (const auto known = kReflected.find(method); known != kReflected.end())
      return fmt::format("({} {} {})", arguments[0], known->second, object);
    if (method == "__getitem__") return fmt::format("{}[{}]", object, arguments[0]);
    if (method == "__contains__") return fmt::format("({} in {})", arguments[0], object);
  }
  if (method == "__call__") return fmt::format("{}({})", object, joined(arguments, ", "));
  return {};
}

// As a call has them: empty ones are left out, and those behind say their names, as those by name only do; a rest is spread.
std::vector<std::string> passed(const std::vector<Parameter>& parameters,
                                const std::vector<std::string>& all) {
  std::vector<std::string> out;
  bool any_left_out = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty()) {
      any_left_out = true;
    } else if (i < parameters.size() && parameters[i].takes_rest) {
      const bool list = all[i].starts_with('[') && all[i].ends_with(']');
      if (any_left_out || (list && all[i].size() == 2)) continue;
      out.push_back(list ? all[i].substr(1, all[i].size() - 2) : "*" + all[i]);
    } else if (i < parameters.size() && (parameters[i].by_name_only || any_left_out)) {
      out.push_back(parameters[i].name + "=" + all[i]);
    } else {
      out.push_back(all[i]);
    }
  }
  return out;
}

// `all` in the function's order.
std::string call_text(const Function& function, const std::string& receiver,
                      const std::vector<std::string>& all) {
  const std::vector<std::string> arguments = passed(function.parameters, all);
  switch (function.kind) {
    case Function::Kind::property:
      return receiver + "." + function.name;
    case Function::Kind::method:
      if (function.name.ends_with('='))
        return fmt::format("{}.{} = {}", receiver,
                           function.name.substr(0, function.name.size() - 1),
                           joined(arguments, ", "));
      if (std::string out = as_operator(function.name, receiver, arguments); !out.empty())
        return out;
      return fmt::format("{}.{}({})", receiver, function.name, joined(arguments, ", "));
    case Function::Kind::static_method:
      if (function.makes_object)
        return fmt::format("{}({})", function.class_name, joined(arguments, ", "));
      return fmt::format("{}.{}({})", function.class_name, function.name, joined(arguments, ", "));
    case Function::Kind::function:
      break;
  }
  return fmt::format("{}({})", function.name, joined(arguments, ", "));
}

std::vector<std::string> literals(const std::vector<Value>& values) {
  std::vector<std::string> out;
  for (const Value& value : values) out.push_back(python_literal(value));
  return out;
}

// What a literal of a floating-point number is compared with.
bool is_long_number(std::string_view text) {
  if (text.find('.') == std::string_view::npos ||
      text.find_first_not_of("-+.0123456789e") != std::string_view::npos)
    return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) > 7;
}

std::string equality(const std::string& expression, const std::string& text) {
  const bool is_constant = text == "None" || text == "True" || text == "False";
  const std::string value = is_long_number(text) ? fmt::format("pytest.approx({})", text) : text;
  return fmt::format("assert {} {} {}", expression, is_constant ? "is" : "==", value);
}

// An expression of the driver's for a part of an object, "{}.name", of this one.
std::string part_of(const std::string& place, const std::string& object) {
  const std::size_t at = place.find("{}");
  return place.substr(0, at) + object + place.substr(at + 2);
}

std::string assertion(const std::string& call, const Observation& expected) {
  if (expected.form == "nan") return fmt::format("assert math.isnan({})", call);
  if (expected.form == "items") return fmt::format("assert list({}) == {}", call, expected.text);
  if (expected.form == "repr") return fmt::format("assert repr({}) == {}", call, expected.text);
  if (expected.form == "type")
    return fmt::format("assert type({}).__name__ == {}", call, expected.text);
  return equality(call, expected.text);
}

// A call as a statement; `argument` is the one that may differ in a loop.
struct Statement {
  std::string before;
  std::string argument;
  std::string after;
  [[nodiscard]] std::string text() const { return before + argument + after; }
};

Statement statement(const Function& function, const std::string& receiver,
                    const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 || arguments[0].empty() || function.parameters[0].takes_rest)
    return {.before = call_text(function, receiver, arguments), .argument = {}, .after = {}};
  const std::string text = call_text(function, receiver, {"\n"});  // No line of it is broken.
  const std::size_t at = text.find('\n');
  return {.before = text.substr(0, at), .argument = arguments[0], .after = text.substr(at + 1)};
}

// What is done again and again is said once: the same, or with other values.
std::vector<std::string> with_loops(const std::vector<Statement>& all,
                                    const std::function<std::string(std::string)>& free_name) {
  std::vector<std::string> out;
  std::string variable;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t same = i;
    while (same < all.size() && all[same].text() == all[i].text()) ++same;
    std::size_t alike = i;
    std::string values;
    for (; alike < all.size() && !all[i].argument.empty() && all[alike].before == all[i].before &&
           all[alike].after == all[i].after;
         ++alike)
      values += (alike == i ? "" : ", ") + all[alike].argument;
    if (alike > same && alike - i >= kLoopMin) {
      if (variable.empty()) variable = free_name("value");
      out.push_back(fmt::format("for {} in [{}]:\n    {}{}{}", variable, values, all[i].before,
                                variable, all[i].after));
      i = alike;
    } else if (same - i >= kLoopMin) {
      out.push_back(fmt::format("for _ in range({}):\n    {}", same - i, all[i].text()));
      i = same;
    } else {
      out.push_back(all[i++].text());
    }
  }
  return out;
}

}  // namespace

std::string python_literal(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind) {
    case Kind::none:
      return "None";
    case Kind::boolean:
      return value.integer != 0 ? "True" : "False";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return number_text(value.real);
    case Kind::text:
      return quoted_text(value.text);
    case Kind::bytes: {
      std::string out = "b\"";
      for (const char c : value.text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
          out += fmt::format("\\x{:02x}", unsigned{byte});
        } else {
          out += c;
        }
      }
      return out + "\"";
    }
    case Kind::list:
      return "[" + joined(literals(value.items), ", ") + "]";
    case Kind::tuple:
      return "(" + joined(literals(value.items), ", ") + (value.items.size() == 1 ? ",)" : ")");
    case Kind::set:
      return value.items.empty() ? "set()" : "{" + joined(literals(value.items), ", ") + "}";
    case Kind::map: {
      std::vector<std::string> pairs;
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
        pairs.push_back(python_literal(value.items[i]) + ": " + python_literal(value.items[i + 1]));
      return "{" + joined(pairs, ", ") + "}";
    }
    case Kind::object:
      return value.text + "(" + joined(literals(value.items), ", ") + ")";
    case Kind::expression:
      return value.text;
  }
  return "None";
}

namespace {

// The objects that a constructor is given and that steps are called on: each gets a variable.
class NamedObjects {
 public:
  NamedObjects(const Input& input, const std::function<std::string(std::string)>& free_name) {
    const std::vector<const Value*> objects = objects_in(input.construction);
    for (const Step& step : input.steps) {
      if (step.receiver > 0 && step.receiver <= objects.size() && !names_.contains(step.receiver))
        names_[step.receiver] = free_name(snake_case(objects[step.receiver - 1]->text));
    }
  }
  [[nodiscard]] const std::string& name(std::size_t receiver) const { return names_.at(receiver); }

  // A value with the variables in their objects' places; the statements that make these go before.
  Value named(const Value& value, std::vector<std::string>& statements) {
    const std::size_t number = value.kind == Value::Kind::object ? ++count_ : 0;
    Value out = value;
    for (Value& item : out.items) item = named(item, statements);
    const auto name = names_.find(number);
    if (name == names_.end()) return out;
    statements.push_back(name->second + " = " + python_literal(out));
    return {.kind = Value::Kind::expression, .text = name->second, .items = {}};
  }

 private:
  std::map<std::size_t, std::string> names_;
  std::size_t count_ = 0;
};

}  // namespace

PythonCall python_call(const Input& input, const std::vector<Function>& functions) {
  PythonCall out;
  const Function& last = functions[input.function()];
  std::set<std::string> of_module;
  for (const Function& one : functions)
    of_module.insert(one.class_name.empty() ? one.name : one.class_name);
  std::set<std::string> taken;
  const auto free_name = [&](std::string name) {
    while (is_keyword(name) || of_module.contains(name)) name += '_';
    std::string out = name;
    for (int number = 2; !taken.insert(out).second; ++number)
      out = fmt::format("{}_{}", name, number);
    return out;
  };
  if (last.needs_object()) {
    out.receiver = free_name(snake_case(last.class_name));
    NamedObjects objects(input, free_name);
    std::vector<std::string> construction;
    for (const Value& value : input.construction)
      construction.push_back(python_literal(objects.named(value, out.setup)));
    out.setup.push_back(fmt::format("{} = {}({})", out.receiver, last.class_name,
                                    joined(passed(last.construction, construction), ", ")));
    std::vector<Statement> steps;
    for (std::size_t i = 0; i + 1 < input.steps.size(); ++i) {
      const Step& step = input.steps[i];
      steps.push_back(statement(functions[step.function],
                                step.receiver == 0 ? out.receiver : objects.name(step.receiver),
                                literals(step.arguments)));
    }
    const std::vector<std::string> lines = with_loops(steps, free_name);
    out.setup.insert(out.setup.end(), lines.begin(), lines.end());
  } else if (last.makes_object) {
    out.receiver = free_name(snake_case(last.class_name));
  }
  out.result = free_name("result");
  std::vector<std::string> names;
  const std::vector<Value>& values = input.steps.back().arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_omitted()) {
      names.emplace_back();
      continue;
    }
    const std::string name = free_name(i < last.parameters.size() ? last.parameters[i].name
                                                                  : fmt::format("argument_{}", i));
    names.push_back(name);
    out.arguments.emplace_back(name, python_literal(values[i]));
  }
  out.call = call_text(last, out.receiver, names);
  out.sets_property = last.name.ends_with('=');
  // An object that is only made for this call is made in place.
  const bool in_place = last.needs_object() && out.setup.size() == 1;
  out.inline_call =
      call_text(last, in_place ? out.setup[0].substr(out.receiver.size() + 3) : out.receiver,
                literals(values));
  return out;
}

namespace {

// Puts a file of tests together: what its tests need is known when all are written.
class TestFile {
 public:
  TestFile(const std::vector<Function>& functions, const PythonModule& module)
      : functions_(functions), module_(module) {
    if (!module.path_line.empty()) imports_.insert({"import pathlib", "import sys"});
  }

  void add(const TestCase& one) {
    const Function& function = functions_[one.function()];
    names_.insert(function.class_name.empty() ? function.name : function.class_name);
    for (const Value& value : one.input.construction) note_classes(value);
    for (const Step& step : one.input.steps) {
      for (const Value& value : step.arguments) note_classes(value);
    }
    names_.insert(one.expected.names.begin(), one.expected.names.end());
    const PythonCall call = python_call(one.input, functions_);
    std::vector<std::string> lines;
    if (one.expected.seeded) {
      imports_.insert("import random");
      lines.emplace_back("random.seed(0)");
    }
    std::string text = call_of(one, call, lines);
    if (one.expected.awaited) {
      imports_.insert("import asyncio");
      text = "asyncio.run(" + text + ")";
    }
    const bool raises = one.expected.outcome == Observation::Outcome::error;
    if (raises) {
      expect_error(one.expected, text, lines);
    } else {
      expect_value(one.expected, call, text, lines);
    }
    for (const std::string& line : lines) note_modules(line);
    observed_ += fmt::format("\n\ndef {}({}):\n", one.name,
                             !raises && !one.expected.printed.empty() ? "capsys" : "");
    for (const std::string& line : lines) observed_ += indented(line) + "\n";
  }

  void add(const SourceTest& one) {
    for (const std::string& line : one.imports) add_import(line);
    if (!one.support.empty() && support_.insert(one.support).second)
      supported_ = "\n\n" + one.support + "\n" + supported_;
    const std::vector<ClassTest> of_class = python_class_tests(one.text);
    if (of_class.empty()) {
      written_ += "\n\n" + one.text + "\n";
    } else {
      tests_of(of_class[0].around) += "\n" + of_class[0].method + "\n";
    }
  }

  [[nodiscard]] std::string text() const {
    std::string out = fmt::format(
        "\"\"\"Tests of {}, made by `leyden test`.{}\"\"\"\n", module_.name,
        observed_.empty() ? ""
        : written_.empty() && classes_.empty()
            ? " They say what it does today: read them before you trust them."
            : " Those whose names end with a number say what it does today: read them before you "
              "trust them.");
    std::vector<std::string> others;  // Of packages, behind those of the standard library.
    bool any = false;
    for (const std::string& one : imports_) {
      if (one.starts_with("import pytest") || one.starts_with("from ")) {
        others.push_back(one);
      } else {
        out += one + "\n";
        any = true;
      }
    }
    if (any) out += "\n";
    for (const std::string& one : others) out += one + "\n";
    if (!others.empty()) out += "\n";
    if (!module_.path_line.empty()) out += module_.path_line + "\n\n";
    if (!names_.empty())
      out += fmt::format("from {} import {}\n", module_.name,
                         joined({names_.begin(), names_.end()}, ", "));
    out += supported_ + written_;
    for (const auto& [around, tests] : classes_)
      out += "\n\n" + around + "\n" + tests.substr(around.ends_with(':') ? 1 : 0);
    return out + observed_;
  }

 private:
  // A loop has two lines; no other line of a test is broken.
  static std::string indented(const std::string& line) {
    const std::size_t end = line.find('\n');
    return end == std::string::npos
               ? "    " + line
               : "    " + line.substr(0, end) + "\n    " + line.substr(end + 1);
  }

  // The tests of a class, as they stand in it.
  std::string& tests_of(const std::string& around) {
    for (auto& [known, tests] : classes_) {
      if (known == around) return tests;
    }
    return classes_.emplace_back(around, "").second;
  }

  // What a line uses of the standard library, as standard_values() and the driver's literal() write it.
  void note_modules(std::string_view line) {
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (quote != 0) {
        if (line[i] == '\\')
          ++i;
        else if (line[i] == quote)
          quote = 0;
        continue;
      }
      if (line[i] == '"' || line[i] == '\'') {
        quote = line[i];
        continue;
      }
      for (const std::string_view module : {"datetime", "decimal", "fractions", "io", "uuid"}) {
        if ((i == 0 || !is_part_of_name(line[i - 1])) && line.substr(i).starts_with(module) &&
            line.substr(i + module.size()).starts_with('.'))
          imports_.insert("import " + std::string(module));
      }
      if (line.substr(i).starts_with("SimpleNamespace("))
        imports_.insert("from types import SimpleNamespace");
    }
  }
  static bool is_part_of_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  }

  void note_classes(const Value& value) {
    if (value.kind == Value::Kind::object) names_.insert(value.text);
    // A member of an enumeration: `Color.RED`.
    const std::size_t dot = value.text.find_first_of(".(");
    if (value.kind == Value::Kind::expression && dot != std::string::npos &&
        value.text[dot] == '.' && value.text[0] >= 'A' && value.text[0] <= 'Z')
      names_.insert(value.text.substr(0, dot));
    for (const Value& item : value.items) note_classes(item);
  }

  // The call's text; `lines` get what stands before it.
  std::string call_of(const TestCase& one, const PythonCall& call,
                      std::vector<std::string>& lines) const {
    const bool named = !one.expected.changed.empty();
    const bool keeps_object =
        !one.expected.state.empty() || call.setup.size() > 1 || call.sets_property;
    if (named) {
      for (const auto& [name, text] : call.arguments) lines.push_back(name + " = " + text);
    }
    if (keeps_object || named) lines.insert(lines.end(), call.setup.begin(), call.setup.end());
    if (named) return call.call;
    if (!keeps_object) return call.inline_call;
    // The object stays, the arguments are in place.
    return call_text(functions_[one.function()], call.receiver,
                     literals(one.input.steps.back().arguments));
  }

  void expect_error(const Observation& expected, const std::string& call,
                    std::vector<std::string>& lines) {
    imports_.insert("import pytest");
    if (expected.error_module == module_.name) {
      names_.insert(expected.error);
    } else if (expected.error_module != "builtins") {
      imports_.insert(fmt::format("from {} import {}", expected.error_module, expected.error));
    }
    lines.push_back(fmt::format("with pytest.raises({}):", expected.error));
    lines.push_back("    " + call);
  }

  void expect_value(const Observation& expected, const PythonCall& written, const std::string& call,
                    std::vector<std::string>& lines) {
    if (expected.form == "nan") imports_.insert("import math");
    if (expected.form == "made") {
      lines.push_back(expected.state.empty()
                          ? fmt::format("assert isinstance({}, {})", call, expected.kind)
                          : fmt::format("{} = {}", written.receiver, call));
    } else if (written.sets_property) {
      lines.push_back(call);
    } else if (!expected.fields.empty()) {
      lines.push_back(fmt::format("{} = {}", written.result, call));
    } else {
      lines.push_back(assertion(call, expected));
    }
    for (const auto& [place, text] : expected.fields)
      lines.push_back(equality(part_of(place, written.result), text));
    for (const auto& [name, text] : expected.changed)
      lines.push_back(fmt::format("assert {} == {}", name, text));
    for (const auto& [place, text] : expected.state)
      lines.push_back(equality(part_of(place, written.receiver), text));
    if (std::ranges::any_of(lines, [](const std::string& line) {
          return line.find("pytest.approx") != std::string::npos;
        }))
      imports_.insert("import pytest");
    if (!expected.printed.empty())
      lines.push_back(fmt::format("assert capsys.readouterr().out == {}", expected.printed));
  }

  // What is imported of the module stands in one line.
  void add_import(const std::string& line) {
    const std::string ours = fmt::format("from {} import ", module_.name);
    if (!line.starts_with(ours) || line.find_first_of("(*#", ours.size()) != std::string::npos ||
        line.find(" as ") != std::string::npos) {
      imports_.insert(line);
      return;
    }
    for (std::size_t begin = ours.size(); begin < line.size();) {
      const std::size_t end = std::min(line.find(',', begin), line.size());
      std::string name = line.substr(begin, end - begin);
      std::erase(name, ' ');
      if (!name.empty()) names_.insert(std::move(name));
      begin = end + 1;
    }
  }

  const std::vector<Function>& functions_;
  const PythonModule& module_;
  std::set<std::string> names_;    // From the module.
  std::set<std::string> imports_;  // Of other modules.
  std::set<std::string> support_;
  std::string supported_;  // What written ones need.
  std::string written_;
  std::vector<std::pair<std::string, std::string>> classes_;  // Of written ones, and their tests.
  std::string observed_;
};

}  // namespace

std::string python_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                             const std::vector<Function>& functions, const PythonModule& module) {
  TestFile file(functions, module);
  for (const SourceTest& one : written) file.add(one);
  for (const TestCase& one : cases) file.add(one);
  return file.text();
}

}  // namespace leyden::qa
