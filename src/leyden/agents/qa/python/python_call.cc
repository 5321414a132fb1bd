#include "leyden/agents/qa/python/python_text.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

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
  out.reserve(values.size());
  for (const Value& value : values) out.push_back(python_literal(value));
  return out;
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
    std::string free = name;
    for (int number = 2; !taken.insert(free).second; ++number)
      free = fmt::format("{}_{}", name, number);
    return free;
  };
  if (last.needs_object()) {
    out.receiver = free_name(snake_case(last.class_name));
    NamedObjects objects(input, free_name);
    std::vector<std::string> construction;
    construction.reserve(input.construction.size());
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
  out.kept_call = call_text(last, out.receiver, literals(values));
  const bool in_place = last.needs_object() && out.setup.size() == 1;
  out.inline_call =
      call_text(last, in_place ? out.setup[0].substr(out.receiver.size() + 3) : out.receiver,
                literals(values));
  return out;
}

}  // namespace leyden::qa
