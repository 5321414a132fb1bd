#include "leyden/agents/qa/cpp/cpp_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using Json = nlohmann::json;
using Form = CppFunction::Form;

constexpr std::size_t kTextRoom =
    256;  // Bytes of a text that C code may write to; leyden_values.hpp has as many.

// Octal escapes end after three digits; hexadecimal ones take what follows.
std::string escaped(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == mark || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code >= 0x7f) {
      out += fmt::format("\\{:03o}", static_cast<unsigned>(code));
    } else {
      out += c;
    }
  }
  return out + mark;
}

std::string text_literal(std::string_view text) {
  const std::string out = escaped(text, '"');
  return text.find('\0') == std::string_view::npos
             ? out
             : fmt::format("std::string({}, {})", out, text.size());
}

std::string number_literal(double value) {
  const std::string out = fmt::format("{}", value);
  return out.find_first_of(".ein") == std::string::npos ? out + ".0" : out;
}

const CppOwnType* own_type(const CppSource& source, const std::string& name) {
  const auto found = std::ranges::find(source.types, name, &CppOwnType::name);
  return found == source.types.end() ? nullptr : &*found;
}

std::vector<std::string> literals(const std::vector<Value>& values, const Type& type,
                                  const CppSource& source) {
  std::vector<std::string> out;
  out.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    out.push_back(cpp_literal(values[i], type.of[std::min(i, type.of.size() - 1)], source));
  return out;
}

std::string optional_literal(const Value& value, const Type& type, const CppSource& source) {
  const std::string inner = cpp_literal(value, type.of[0], source);
  if (type.name.ends_with("*"))
    return type.of[0].kind == Type::Kind::text ? inner
                                               : fmt::format("new {}({})", type.of[0].name, inner);
  if (type.name.starts_with("std::unique_ptr"))
    return fmt::format("std::make_unique<{}>({})", type.of[0].name, inner);
  if (type.name.starts_with("std::shared_ptr"))
    return fmt::format("std::make_shared<{}>({})", type.of[0].name, inner);
  return fmt::format("{}({})", type.name, inner);
}

std::string map_literal(const Value& value, const Type& type, const CppSource& source) {
  std::vector<std::string> pairs;
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
    pairs.push_back(fmt::format("{{{}, {}}}", cpp_literal(value.items[i], type.of[0], source),
                                cpp_literal(value.items[i + 1], type.of[1], source)));
  return type.name + "{" + joined(pairs, ", ") + "}";
}

std::string record_literal(const Value& value, const Type& type, const CppSource& source) {
  std::vector<std::string> fields;
  fields.reserve(type.of.size());
  for (std::size_t i = 0; i < type.of.size(); ++i)
    fields.push_back(cpp_literal(value.items[2 * i + 1], type.of[i], source));
  return type.name + "{" + joined(fields, ", ") + "}";
}

}  // namespace

std::string cpp_literal(const Value& value, const Type& type, const CppSource& source) {
  using Kind = Value::Kind;
  if (type.kind == Type::Kind::optional && value.kind != Kind::none)
    return optional_literal(value, type, source);
  switch (value.kind) {
    case Kind::none:
      return type.name.starts_with("std::optional") ? "std::nullopt" : "nullptr";
    case Kind::boolean:
      return value.integer != 0 ? "true" : "false";
    case Kind::integer:
      if (is_cpp_foreign(type)) return fmt::format("{}({})", type.name, value.integer);
      return value.integer == INT64_MIN ? "(-9223372036854775807 - 1)"
                                        : std::to_string(value.integer);
    case Kind::real:
      return number_literal(value.real);
    case Kind::text:
      return type.name == "std::istringstream"
                 ? fmt::format("{}({})", type.name, text_literal(value.text))
                 : text_literal(value.text);
    case Kind::bytes:
      return value.text == std::string(1, '\0') ? "'\\0'" : escaped(value.text, '\'');
    case Kind::list:
    case Kind::set:
      return type.name + "{" + joined(literals(value.items, type, source), ", ") + "}";
    case Kind::tuple: {
      const std::string items = joined(literals(value.items, type, source), ", ");
      return type.name.starts_with("std::array") ? type.name + "{{" + items + "}}"
                                                 : type.name + "(" + items + ")";
    }
    case Kind::map:
      return type.kind == Type::Kind::record ? record_literal(value, type, source)
                                             : map_literal(value, type, source);
    case Kind::object: {
      const CppOwnType* own = own_type(source, type.name);
      return (own == nullptr ? type.name : own->maker) + "(" +
             joined(literals(value.items, type, source), ", ") + ")";
    }
    case Kind::expression:
      return value.text;
  }
  return "{}";
}

std::string cpp_variable(const Parameter& parameter) {
  return parameter.name == kCppObject || parameter.name == "result" ? parameter.name + "_"
                                                                    : parameter.name;
}

bool cpp_needs_variable(CppPassing passing, const Type& type) {
  return passing == CppPassing::reference || passing >= CppPassing::pointer ||
         (type.kind == Type::Kind::optional && type.name.ends_with("*") &&
          type.of[0].kind != Type::Kind::text);
}

std::string cpp_argument(const std::string& variable, CppPassing passing,
                         const std::string& length) {
  switch (passing) {
    case CppPassing::address:
    case CppPassing::const_address:
      return "&" + variable;
    case CppPassing::array:
    case CppPassing::const_array:
      return length == "size_t"
                 ? fmt::format("{0}.data(), {0}.size()", variable)
                 : fmt::format("{0}.data(), static_cast<{1}>({0}.size())", variable, length);
    default:
      return variable;
  }
}

std::string cpp_prelude(const CppSource& source, const std::vector<std::string>& includes) {
  std::string out;
  for (const std::string& one : includes) out += "#include " + escaped(one, '"') + "\n";
  if (source.is_c) {
    for (const std::string& one : source.prototypes) out += one + "\n";
    return (source.prototypes.empty()
                ? ""
                : "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n") +
           ("extern \"C\" {\n" + out + "}\n");
  }
  return source.includes_source ? "#define main tested_main\n" + out + "#undef main\n" : out;
}

namespace {

bool is_infix(std::string_view sign) {
  static constexpr std::array all = {
      "+", "-", "*",  "/",  "%",  "==", "!=", "<", ">",  "<=", ">=", "<<", ">>", "&",
      "|", "^", "+=", "-=", "*=", "/=", "%=", "=", "&=", "|=", "^=", "&&", "||"};
  return std::ranges::find(all, sign) != all.end();
}

}  // namespace

std::string cpp_call(const Function& function, const CppCallable& callable,
                     const std::string& receiver, const std::vector<std::string>& arguments) {
  if (callable.form == Form::conversion)
    return fmt::format("static_cast<{}>({})", callable.name, receiver);
  if (callable.form == Form::constructor)
    return fmt::format("{}({})", callable.class_name, joined(arguments, ", "));
  const std::size_t at = callable.name.rfind("operator");
  std::vector<std::string> operands = arguments;
  if (function.needs_object()) operands.insert(operands.begin(), receiver);
  if (at != std::string::npos && operands.size() == 2 &&
      is_infix(std::string_view(callable.name).substr(at + 8)))
    return fmt::format("{} {} {}", operands[0], callable.name.substr(at + 8), operands[1]);
  if (function.needs_object() && callable.form == Form::function)  // Of C.
    return fmt::format("{}({})", callable.name, joined(operands, ", "));
  if (function.needs_object())
    return fmt::format("{}.{}({})", receiver, callable.name, joined(arguments, ", "));
  if (function.kind == Function::Kind::static_method)
    return fmt::format("{}::{}({})", callable.class_name, callable.name, joined(arguments, ", "));
  return fmt::format("{}({})", callable.name, joined(arguments, ", "));
}

std::string cpp_camel_case(std::string_view name) {
  static const std::map<char, std::string> signs = {
      {'+', "Plus"},  {'-', "Minus"}, {'*', "Times"},   {'/', "Slash"}, {'%', "Percent"},
      {'=', "Equal"}, {'<', "Less"},  {'>', "Greater"}, {'!', "Not"},   {'&', "And"},
      {'|', "Or"},    {'^', "Xor"},   {'(', "Call"},    {'[', "Index"}, {'~', "Tilde"}};
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    } else {
      if (const auto sign = signs.find(c); sign != signs.end()) out += sign->second;
      upper = true;
    }
  }
  return out;
}

namespace {

// What a macro would take for more than one argument.
std::string guarded(const std::string& text) {
  std::size_t depth = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == ',' && depth == 0) {
      return "(" + text + ")";
    }
  }
  return text;
}

std::string put(const std::string& path, const std::string& value) {
  std::string out;
  for (const char c : path) out += c == '@' ? value : std::string(1, c);
  return out;
}

std::string claim_text(const Json& claim, const std::string& value) {
  const std::string path = guarded(put(claim[0].get<std::string>(), value));
  const std::string kind = claim[1].get<std::string>();
  const std::string text = guarded(claim[2].get<std::string>());
  if (kind == "true") return fmt::format("EXPECT_TRUE({});", path);
  if (kind == "false") return fmt::format("EXPECT_FALSE({});", path);
  if (kind == "double") return fmt::format("EXPECT_DOUBLE_EQ({}, {});", path, text);
  if (kind == "float") return fmt::format("EXPECT_FLOAT_EQ({}, {});", path, text);
  if (kind == "matches")
    return fmt::format("EXPECT_TRUE(std::regex_match({}, std::regex({})));", path,
                       quoted_text(text));
  if (kind == "streq") return fmt::format("EXPECT_STREQ({}, {});", path, text);
  // What comes behind it may look at what is there.
  if (kind == "ne") return fmt::format("ASSERT_NE({}, {});", path, text);
  return fmt::format("EXPECT_EQ({}, {});", path, text);
}

constexpr const char* kOwner = "owner";

class TestWriter {
 public:
  TestWriter(const TestCase& one, const CppSource& source)
      : expected_(one.expected),
        input_(fitted(one.input, source.functions, cpp_integer_range)),
        source_(source) {}

  std::vector<std::string> lines() {
    const Step& last = input_.steps.back();
    const std::string object = make_object();
    const std::string call = call_of(last, object, true);
    if (!expected_.printed.empty()) lines_.emplace_back("testing::internal::CaptureStdout();");
    if (expected_.outcome == Observation::Outcome::error) {
      add_error(call);
    } else {
      add_value(call);
    }
    if (!expected_.printed.empty())
      lines_.push_back(fmt::format("EXPECT_EQ(testing::internal::GetCapturedStdout(), {});",
                                   guarded(expected_.printed)));
    for (const auto& [ender, name] : to_end_) lines_.push_back(fmt::format("{}({});", ender, name));
    return std::move(lines_);
  }

 private:
  // The object with what is done to it before; how calls name it.
  std::string make_object() {
    const Function& function = source_.functions[input_.function()];
    if (!function.needs_object()) return {};
    const CppOwnType& own = *own_type(source_, function.class_name);
    std::string object = kCppObject;
    if (!own.owner.empty()) {
      make_by_owner(own, function.construction);
    } else if (!own.in_place.empty()) {
      object = "&" + object;
      lines_.push_back(fmt::format("{} {}{{}};", own.in_place, kCppObject));
      std::vector<std::string> arguments = literals_of(input_.construction, function.construction);
      arguments.insert(arguments.begin(), object);
      lines_.push_back(fmt::format("{}({});", own.maker, joined(arguments, ", ")));
    } else {
      declare(own, kCppObject, literals_of(input_.construction, function.construction));
    }
    if (!own.ender.empty()) to_end_.emplace_back(own.ender, object);
    for (std::size_t i = 0; i + 1 < input_.steps.size(); ++i)
      lines_.push_back(
          statement(input_.steps[i].function, call_of(input_.steps[i], object, false)) + ";");
    return object;
  }

  void declare(const CppOwnType& own, const std::string& name,
               const std::vector<std::string>& arguments) {
    const std::string all = joined(arguments, ", ");
    const bool braces = own.kind == CppOwnType::Kind::aggregate;
    if (own.maker != own.name) {
      lines_.push_back(fmt::format("auto {} = {}({});", name, own.maker, all));
    } else if (all.empty()) {
      lines_.push_back(fmt::format("{} {}{};", own.name, name, braces ? "{}" : ""));
    } else {
      lines_.push_back(
          fmt::format("{} {}{}{}{};", own.name, name, braces ? "{" : "(", all, braces ? "}" : ")"));
    }
  }

  void make_by_owner(const CppOwnType& own, const std::vector<Parameter>& construction) {
    std::vector<std::string> arguments = literals_of(input_.construction, construction);
    const auto behind = arguments.begin() + static_cast<std::ptrdiff_t>(own.owner_count);
    declare(*own_type(source_, own.owner), kOwner, {arguments.begin(), behind});
    arguments.erase(arguments.begin(), behind);
    lines_.push_back(fmt::format("{}& {} = {}{}.{}({});", own.name, kCppObject,
                                 own.is_pointed_at ? "*" : "", kOwner, own.maker,
                                 joined(arguments, ", ")));
  }

  // [[nodiscard]] is heard.
  std::string statement(std::size_t function, const std::string& call) const {
    return source_.callables[function].gives_nothing ? call : "static_cast<void>(" + call + ")";
  }

  std::vector<std::string> literals_of(const std::vector<Value>& values,
                                       const std::vector<Parameter>& parameters) const {
    std::vector<std::string> out;
    out.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      out.push_back(cpp_literal(values[i], parameters[i].type, source_));
    return out;
  }

  std::string call_of(const Step& step, const std::string& object, bool is_last) {
    const Function& function = source_.functions[step.function];
    const CppCallable& callable = source_.callables[step.function];
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < step.arguments.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      const std::string literal = cpp_literal(step.arguments[i], parameter.type, source_);
      const bool is_null = step.arguments[i].kind == Value::Kind::none;
      if (!cpp_needs_variable(callable.passing[i], parameter.type) ||
          (is_null && callable.passing[i] == CppPassing::pointer)) {
        arguments.push_back(literal);
        continue;
      }
      std::string name = cpp_variable(parameter);
      if (!is_last) name += fmt::format("{}", ++variables_);
      arguments.push_back(
          cpp_argument(add_variable(name, step.arguments[i], parameter.type), callable.passing[i],
                       i < callable.lengths.size() ? callable.lengths[i] : std::string()));
    }
    return cpp_call(function, callable, object, arguments);
  }

  // How the call names it.
  std::string add_variable(const std::string& name, const Value& value, const Type& type) {
    if (type.name == "char*") {
      // Nobody says how much may be written into it.
      const std::string room =
          value.text.size() < kTextRoom ? std::to_string(kTextRoom) : std::string();
      lines_.push_back(
          fmt::format("char {}[{}] = {};", name, room, cpp_literal(value, type, source_)));
      return name;
    }
    const bool is_pointer = type.kind == Type::Kind::optional && type.name.ends_with("*");
    const Type& of = is_pointer ? type.of[0] : type;
    const std::string literal = cpp_literal(value, of, source_);
    if (literal == of.name + "()") {
      lines_.push_back(fmt::format("{} {};", of.name, name));
    } else if (source_.is_c && literal.starts_with(of.name + "{")) {
      lines_.push_back(fmt::format("{} {}{};", of.name, name, literal.substr(of.name.size())));
    } else {
      lines_.push_back(fmt::format("{} {} = {};", of.name, name, literal));
    }
    return is_pointer ? "&" + name : name;
  }

  void add_error(const std::string& call) {
    const bool nameable = expected_.error.find('(') == std::string::npos &&
                          !expected_.error.empty() &&
                          std::isalpha(static_cast<unsigned char>(expected_.error[0])) != 0 &&
                          expected_.error.find('<') == std::string::npos;
    const std::string whole = guarded(statement(input_.function(), call));
    lines_.push_back(nameable ? fmt::format("EXPECT_THROW({}, {});", whole, expected_.error)
                              : fmt::format("EXPECT_ANY_THROW({});", whole));
  }

  void add_value(const std::string& call) {
    const Json claims = Json::parse(expected_.text, nullptr, false);
    const auto changed_text = expected_.changed.find("");
    const Json changed = changed_text == expected_.changed.end()
                             ? Json::array()
                             : Json::parse(changed_text->second, nullptr, false);
    if (claims.size() == 1 && claims[0][0] == "@") {
      lines_.push_back(claim_text(claims[0], call));
    } else if (!claims.empty()) {
      lines_.push_back("const auto& result = " + call + ";");
      for (const Json& claim : claims) add_claim(claim, "result");
    } else if (changed.empty() && expected_.printed.empty()) {
      lines_.push_back(
          fmt::format("EXPECT_NO_THROW({});", guarded(statement(input_.function(), call))));
    } else {
      lines_.push_back(statement(input_.function(), call) + ";");
    }
    for (const Json& claim : changed) add_claim(claim, "");
  }

  void add_claim(const Json& claim, const std::string& value) {
    if (claim.size() > 3) {
      std::istringstream statements(put(claim[3].get<std::string>(), value));
      for (std::string line; std::getline(statements, line);) lines_.push_back(line);
    }
    lines_.push_back(claim_text(claim, value));
  }

  const Observation& expected_;
  Input input_;
  const CppSource& source_;
  std::vector<std::string> lines_;
  std::size_t variables_ = 0;
  std::vector<std::pair<std::string, std::string>> to_end_;  // By what, and which variable.
};

// Headers of the standard library by what a text uses of them.
std::set<std::string> standard_headers(std::string_view text) {
  static constexpr std::pair<const char*, const char*> all[] = {
      {"std::array<", "array"},
      {"std::cout", "iostream"},
      {"std::deque<", "deque"},
      {"std::forward_list<", "forward_list"},
      {"std::isnan(", "cmath"},
      {"std::list<", "list"},
      {"std::make_shared<", "memory"},
      {"std::make_unique<", "memory"},
      {"std::map<", "map"},
      {"std::multimap<", "map"},
      {"std::multiset<", "set"},
      {"std::nullopt", "optional"},
      {"std::numeric_limits<", "limits"},
      {"std::optional<", "optional"},
      {"std::pair<", "utility"},
      {"std::regex", "regex"},
      {"std::set<", "set"},
      {"stringstream", "sstream"},
      {"std::string", "string"},
      {"std::tuple<", "tuple"},
      {"std::unordered_map<", "unordered_map"},
      {"std::unordered_set<", "unordered_set"},
      {"std::variant<", "variant"},
      {"std::vector<", "vector"},
      {"EXPECT_THROW(", "stdexcept"}};
  std::set<std::string> out;
  for (const auto& [use, header] : all) {
    if (text.find(use) != std::string_view::npos) out.insert(header);
  }
  return out;
}

}  // namespace

std::string cpp_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                          const CppSource& source, const CppTestFile& file) {
  std::string body;
  std::set<std::string> supports;
  for (const SourceTest& one : written) {
    body += support_once(one, supports);
    body += "\n" + one.text + "\n";
  }
  for (const TestCase& one : cases) {
    body += fmt::format("\nTEST({}, {}) {{\n", file.suite, one.name);
    for (const std::string& line : TestWriter(one, source).lines()) body += "  " + line + "\n";
    body += "}\n";
  }
  std::string out = fmt::format(
      "// Tests of {}, made by `leyden test`.{}\n", file.about,
      cases.empty() ? "" : " They say what it does today: read them before you trust them.");
  if (source.has_main)
    out += "// It has a main of its own: for these tests, build it with -Dmain=tested_main.\n";
  out += cpp_prelude(source, file.includes) + "\n#include <gtest/gtest.h>\n";
  std::set<std::string> headers;
  for (const std::string& one : standard_headers(body)) headers.insert("#include <" + one + ">");
  for (const SourceTest& one : written) {
    for (const std::string& line : one.imports) {
      if (line.find('<') != std::string::npos && line.find("gtest") == std::string::npos)
        headers.insert(line);
    }
  }
  if (!headers.empty()) out += "\n";
  for (const std::string& one : headers) out += one + "\n";
  return out + body;
}

std::vector<PlacedTest> cpp_placed_tests(std::string_view text) {
  std::vector<PlacedTest> out;
  auto tree = syntax::parse(syntax::Language::cpp, text);
  if (!tree) return out;
  for (const syntax::Node node : tree->root().named_children()) {
    const syntax::Node declarator = node.field("declarator");
    const std::string_view macro = declarator.field("declarator").text(text);
    if (node.type() != "function_definition" || !macro.starts_with("TEST")) continue;
    const syntax::Node name = declarator.field("parameters").named_child(1);
    if (name.text(text).empty()) continue;
    out.push_back({.name = std::string(name.text(text)),
                   .begin = node.begin(),
                   .end = node.end(),
                   .first_line = node.first_line(),
                   .last_line = node.last_line()});
  }
  return out;
}

}  // namespace leyden::qa
