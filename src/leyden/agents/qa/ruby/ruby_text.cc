#include "leyden/agents/qa/ruby/ruby_text.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/ruby/ruby_types.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "Float::NAN";
  if (std::isinf(value)) return value > 0 ? "Float::INFINITY" : "-Float::INFINITY";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// In double quotes a # begins an expression before these.
std::string text_literal(std::string_view text) {
  const std::string quoted = quoted_text(text);
  std::string out;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '#' && i + 1 < quoted.size() &&
        std::string_view("{$@").find(quoted[i + 1]) != std::string_view::npos)
      out += '\\';
    out += quoted[i];
  }
  return out;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                              "XYZ0123456789_") == std::string_view::npos;
}

class Writer final : public CallWriter {
 public:
  std::string literal(const Value& value) const override {
    using Kind = Value::Kind;
    switch (value.kind) {
      case Kind::none:
        return "nil";
      case Kind::boolean:
        return value.integer != 0 ? "true" : "false";
      case Kind::integer:
        return std::to_string(value.integer);
      case Kind::real:
        return number_text(value.real);
      case Kind::text:
        return text_literal(value.text);
      case Kind::bytes:
        return text_literal(value.text) + ".b";
      case Kind::list:
      case Kind::tuple:
        return "[" + joined(literals(value.items), ", ") + "]";
      case Kind::set:
        return "Set[" + joined(literals(value.items), ", ") + "]";
      case Kind::map:
        return map_literal(value);
      case Kind::object:
        return fmt::format("{}.new({})", value.text, joined(literals(value.items), ", "));
      case Kind::expression:
        return value.text;
    }
    return "nil";
  }

  std::string call_text(const Function& function, const std::string& receiver,
                        const std::vector<std::string>& all) const override {
    std::string block;
    std::vector<std::string> arguments = arguments_of(function.parameters, all, block);
    if (function.needs_object()) {
      if (block.empty()) {
        if (std::string out = as_operator(function.name, receiver, arguments); !out.empty())
          return out;
      }
    }
    const std::string of = function.needs_object()       ? receiver + "."
                           : function.class_name.empty() ? ""
                                                         : function.class_name + ".";
    const std::string inner = joined(arguments, ", ");
    return of + function.name + (inner.empty() ? "" : "(" + inner + ")") + block;
  }

  std::string made(const Function& method,
                   const std::vector<std::string>& construction) const override {
    if (ruby_core_type(method.class_name).kind != Type::Kind::unknown) {
      const std::string value = construction.empty() ? "nil" : construction[0];
      return value.starts_with('-') ? "(" + value + ")" : value;
    }
    std::string block;
    const std::string inner = joined(arguments_of(method.construction, construction, block), ", ");
    return method.class_name + ".new" + (inner.empty() ? "" : "(" + inner + ")") + block;
  }

  std::string variable(const std::string& name) const override {
    std::string out = name.substr(name.find_last_of(':') + 1);
    while (out.starts_with('_')) out.erase(0, 1);
    std::erase_if(out, [](char c) { return c == '?' || c == '!' || c == '='; });
    return is_plain_name(out) ? out : "value";
  }

  std::string object_name(const std::string& class_name) const override {
    return snake_case(class_name.substr(class_name.find_last_of(':') + 1));
  }

  bool is_keyword(const std::string& word) const override {
    static const std::set<std::string_view> all = {
        "alias", "and",    "begin", "break", "case",   "class",  "def",   "defined",
        "do",    "else",   "elsif", "end",   "ensure", "false",  "for",   "if",
        "in",    "module", "next",  "nil",   "not",    "or",     "redo",  "rescue",
        "retry", "return", "self",  "super", "then",   "true",   "undef", "unless",
        "until", "when",   "while", "yield", "name",   "method", "assert"};
    return all.contains(word);
  }

  std::string statement(const std::string& text) const override { return text; }

 private:
  std::string map_literal(const Value& value) const {
    std::vector<std::string> pairs;
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
      const Value& key = value.items[i];
      const std::string item = literal(value.items[i + 1]);
      const bool symbol = value.text == "symbols" ||
                          (key.kind == Value::Kind::expression && key.text.starts_with(':'));
      const std::string name = key.text.starts_with(':') ? key.text.substr(1) : key.text;
      pairs.push_back(symbol && is_plain_name(name) ? fmt::format("{}: {}", name, item)
                                                    : fmt::format("{} => {}", literal(key), item));
    }
    return pairs.empty() ? "{}" : "{ " + joined(pairs, ", ") + " }";
  }

  // Those by name say their names, a rest is spread, a block goes behind.
  static std::vector<std::string> arguments_of(const std::vector<Parameter>& parameters,
                                               const std::vector<std::string>& all,
                                               std::string& block) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool known = i < parameters.size();
      if (all[i].empty()) continue;  // It is left out.
      if (known && parameters[i].name == "block") {
        if (all[i].starts_with("proc ")) {
          block = " " + all[i].substr(5);
        } else {
          out.push_back("&" + all[i]);
        }
      } else if (known && parameters[i].takes_rest) {
        const bool list = all[i].starts_with('[') && all[i].ends_with(']');
        if (list && all[i].size() == 2) continue;
        out.push_back(list ? all[i].substr(1, all[i].size() - 2) : "*" + all[i]);
      } else if (known && parameters[i].by_name_only) {
        out.push_back(parameters[i].name + ": " + all[i]);
      } else {
        out.push_back(all[i]);
      }
    }
    return out;
  }

  static std::string as_operator(const std::string& method, const std::string& object,
                                 const std::vector<std::string>& arguments) {
    static const std::set<std::string_view> kSigns = {"==", "!=", "<",  "<=", ">",   ">=", "<=>",
                                                      "+",  "-",  "*",  "/",  "%",   "**", "&",
                                                      "|",  "^",  "<<", ">>", "===", "=~"};
    if (arguments.size() == 1 && kSigns.contains(method))
      return fmt::format("({} {} {})", object, method, arguments[0]);
    if (method == "[]") return fmt::format("{}[{}]", object, joined(arguments, ", "));
    if (method == "[]=" && arguments.size() == 2)
      return fmt::format("({}[{}] = {})", object, arguments[0], arguments[1]);
    if (arguments.empty() && (method == "-@" || method == "+@" || method == "!" || method == "~"))
      return fmt::format("({}{})", method[0], object);
    if (method.ends_with('=') && arguments.size() == 1 && !kSigns.contains(method))
      return fmt::format("({}.{} = {})", object, method.substr(0, method.size() - 1), arguments[0]);
    return {};
  }
};

bool is_long_number(std::string_view text) {
  if (text.find('.') == std::string_view::npos ||
      text.find_first_not_of("-+.0123456789e") != std::string_view::npos)
    return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) > 7;
}

std::string equal(const std::string& expected, const std::string& actual) {
  if (expected == "nil") return fmt::format("assert_nil({})", actual);
  if (is_long_number(expected))
    return fmt::format("assert_in_epsilon({}, {}, 1e-9)", expected, actual);
  return fmt::format("assert_equal({}, {})", expected, actual);
}

// Puts a file of tests together.
class TestFile {
 public:
  explicit TestFile(const std::vector<Function>& functions) : functions_(functions) {}

  void add(const TestCase& one) {
    const ScriptCall call = ruby_writer().call_of(one.input, functions_);
    std::vector<std::string> lines;
    std::string text = ruby_writer().stated(one, functions_, lines);
    if (one.expected.outcome == Observation::Outcome::error) {
      lines.push_back(fmt::format("assert_raises({}) {{ {} }}", one.expected.error, text));
    } else {
      expect_value(one.expected, call.receiver, text, lines);
    }
    std::string body;
    for (const std::string& line : lines) body += "    " + without_parentheses(line) + "\n";
    uses_set_ = uses_set_ || body.find("Set[") != std::string::npos;
    observed_ += fmt::format("\n  def {}\n{}  end\n", one.name, body);
  }

  void add(const SourceTest& one) {
    for (const std::string& line : one.imports) imports_.insert(line);
    written_ = support_once(one, support_, "  ") + written_;
    written_ += "\n  " + one.text + "\n";
  }

  [[nodiscard]] std::string text(const RubyFile& file) const {
    std::string out = fmt::format(
        "# Tests made by `leyden test`.{}\n\nrequire \"minitest/autorun\"\n{}",
        observed_.empty() ? ""
        : written_.empty()
            ? " They say what the code does today: read them before you trust them."
            : " Those whose names end with a number say what the code does today: read them before "
              "you trust them.",
        uses_set_ ? "require \"set\"\n" : "");
    for (const std::string& one : imports_) out += one + "\n";
    out += fmt::format("require_relative {}\n\nclass {} < Minitest::Test",
                       quoted_text(file.required), file.class_name);
    return out + written_ + observed_ + "end\n";
  }

 private:
  void expect_value(const Observation& expected, const std::string& receiver,
                    const std::string& call, std::vector<std::string>& lines) const {
    const std::size_t first = lines.size();
    if (expected.form == "nan") {
      lines.push_back(fmt::format("assert_predicate({}, :nan?)", call));
    } else if (expected.form == "items") {
      lines.push_back(equal(expected.text, call + ".to_a"));
    } else if (expected.form == "repr") {
      lines.push_back(equal(expected.text, call + ".to_s"));
    } else if (expected.form == "matches") {
      lines.push_back(fmt::format("assert_match(/\\A{}\\z/, {})", expected.text, call));
    } else if (expected.form == "type") {
      lines.push_back(fmt::format("assert_instance_of({}, {})", expected.text, call));
    } else if (expected.form.starts_with("fields:")) {
      lines.push_back("actual = " + call);
      std::vector<std::string> read;
      for (const std::string_view name : parts_of(std::string_view(expected.form).substr(7), ','))
        read.push_back(fmt::format("actual.{}", name));
      lines.push_back(equal(expected.text, "[" + joined(read, ", ") + "]"));
    } else {
      lines.push_back(equal(expected.text, call));
    }
    if (!expected.printed.empty()) {
      for (std::size_t i = first; i < lines.size(); ++i)
        lines[i] = "  " + without_parentheses(lines[i]);
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(first),
                   fmt::format("assert_output({}) do", expected.printed));
      lines.emplace_back("end");
    }
    for (const auto& [name, value] : expected.changed) lines.push_back(equal(value, name));
    for (const auto& [name, value] : expected.state)
      lines.push_back(equal(value, fmt::format("{}.{}", receiver, name)));
  }

  // `assert_equal 1, f(2)` as people write it, where no brace begins it.
  static std::string without_parentheses(const std::string& line) {
    static constexpr std::string_view kNames[] = {"assert_equal(", "assert_nil(",
                                                  "assert_in_epsilon(", "assert_instance_of(",
                                                  "assert_predicate("};
    for (const std::string_view name : kNames) {
      if (!line.starts_with(name) || line.ends_with("}") || line[name.size()] == '{' ||
          line.find("{ |") != std::string::npos)
        continue;
      return std::string(name.substr(0, name.size() - 1)) + " " +
             line.substr(name.size(), line.size() - name.size() - 1);
    }
    return line;
  }

  const std::vector<Function>& functions_;
  std::set<std::string> imports_;
  std::set<std::string> support_;
  bool uses_set_ = false;
  std::string written_;
  std::string observed_;
};

// What a model's file has: tests, and what these need.
class Answer {
 public:
  explicit Answer(std::string_view code) : code_(code) {}

  std::vector<SourceTest> read(syntax::Node root) {
    read_body(root);
    for (SourceTest& one : out_) {
      one.imports = imports_;
      one.support = support_;
    }
    return std::move(out_);
  }

 private:
  void read_body(syntax::Node body) {
    for (const syntax::Node node : body.named_children()) {
      const std::string name(node.field("name").text(code_));
      const std::string text(node.text(code_));
      if (node.type() == "class" && text.find("def test_") != std::string::npos) {
        read_body(node.field("body"));
      } else if (node.type() == "method" && name.starts_with("test_")) {
        out_.push_back({.name = name, .text = text, .imports = {}, .support = {}});
      } else if (node.type() == "method" || node.type() == "class" || node.type() == "module" ||
                 node.type() == "assignment") {
        support_.push_back(text);
      } else if (text.starts_with("require ") && text.find("minitest") == std::string::npos) {
        imports_.push_back(text);
      }
    }
  }

  std::string_view code_;
  std::vector<SourceTest> out_;
  std::vector<std::string> imports_;
  std::vector<std::string> support_;
};

}  // namespace

const CallWriter& ruby_writer() {
  static const Writer writer;
  return writer;
}

std::string ruby_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                           const std::vector<Function>& functions, const RubyFile& file) {
  TestFile out(functions);
  for (const SourceTest& one : written) out.add(one);
  for (const TestCase& one : cases) out.add(one);
  return out.text(file);
}

Result<std::vector<SourceTest>> ruby_tests_in(std::string_view answer) {
  const std::string_view code = code_of(answer);
  auto tree = syntax::parse(syntax::Language::ruby, code);
  if (!tree) return std::unexpected(tree.error());
  if (tree->has_errors()) return fail(Errc::invalid_argument, "the answer does not parse as Ruby");
  std::vector<SourceTest> out = Answer(code).read(tree->root());
  if (out.empty())
    return fail(Errc::invalid_argument, "the answer has no method whose name begins with test_");
  return out;
}

}  // namespace leyden::qa
