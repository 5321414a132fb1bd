#include "leyden/agents/qa/php/php_text.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/php/php_source.h"
#include "leyden/agents/qa/placed_tests.h"
#include "leyden/agents/qa/source_text.h"
#include "leyden/base/utf8.h"
#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "NAN";
  if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// In single quotes where nothing needs an escape.
std::string text_literal(std::string_view text) {
  const bool plain = utf8::is_valid(text) && std::ranges::none_of(text, [](char c) {
                       return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                     });
  std::string out;
  if (plain) {
    for (const char c : text) {
      if (c == '\\' || c == '\'') out += '\\';
      out += c;
    }
    return "'" + out + "'";
  }
  for (const char c : quoted_text(text)) {
    if (c == '$') out += '\\';
    out += c;
  }
  return out;
}

class Writer final : public CallWriter {
 public:
  std::string literal(const Value& value) const override {
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
      case Kind::bytes:
        return text_literal(value.text);
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
        return "[" + joined(literals(value.items), ", ") + "]";
      case Kind::map: {
        std::vector<std::string> pairs;
        for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
          pairs.push_back(literal(value.items[i]) + " => " + literal(value.items[i + 1]));
        return "[" + joined(pairs, ", ") + "]";
      }
      case Kind::object:
        return fmt::format("new {}({})", value.text, joined(literals(value.items), ", "));
      case Kind::expression:
        return value.text;
    }
    return "null";
  }

  std::string call_text(const Function& function, const std::string& receiver,
                        const std::vector<std::string>& all) const override {
    const std::string arguments = joined(spread(function.parameters, all), ", ");
    const std::string object = receiver.starts_with("new ") ? "(" + receiver + ")" : receiver;
    switch (function.kind) {
      case Function::Kind::property:
        return object + "->" + function.name;
      case Function::Kind::method:
        if (function.name == "__toString") return "(string) " + object;
        if (function.name == "__invoke") return fmt::format("{}({})", object, arguments);
        return fmt::format("{}->{}({})", object, function.name, arguments);
      case Function::Kind::static_method:
        return fmt::format("{}::{}({})", function.class_name, function.name, arguments);
      case Function::Kind::function:
        break;
    }
    return fmt::format("{}({})", function.name, arguments);
  }

  std::string made(const Function& method,
                   const std::vector<std::string>& construction) const override {
    if (!method.construction.empty() && method.construction[0].name == kEnumCase)
      return construction.empty() ? "null" : construction[0];
    return fmt::format("new {}({})", method.class_name,
                       joined(spread(method.construction, construction), ", "));
  }

  std::string variable(const std::string& name) const override { return "$" + name; }
  std::string object_name(const std::string& class_name) const override {
    std::string out = class_name;
    if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
    return out;
  }
  bool is_keyword(const std::string& word) const override { return word == "$this"; }
  std::string statement(const std::string& text) const override { return text + ";"; }

 private:
  // A rest of known length stands in the call.
  static std::vector<std::string> spread(const std::vector<Parameter>& parameters,
                                         const std::vector<std::string>& all) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool rest = i < parameters.size() && parameters[i].takes_rest;
      if (!rest) {
        out.push_back(all[i]);
      } else if (!all[i].starts_with('[')) {
        out.push_back("..." + all[i]);
      } else if (all[i].size() > 2) {
        out.push_back(all[i].substr(1, all[i].size() - 2));
      }
    }
    return out;
  }
};

bool is_long_number(std::string_view text) {
  if (text.find('.') == std::string_view::npos ||
      text.find_first_not_of("-+.0123456789eE") != std::string_view::npos)
    return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) > 7;
}

std::string same(const std::string& expected, const std::string& actual) {
  if (expected == "null") return fmt::format("self::assertNull({});", actual);
  if (expected == "true") return fmt::format("self::assertTrue({});", actual);
  if (expected == "false") return fmt::format("self::assertFalse({});", actual);
  if (is_long_number(expected)) {
    const double size = std::abs(std::strtod(expected.c_str(), nullptr));
    return fmt::format("self::assertEqualsWithDelta({}, {}, {});", expected, actual,
                       size > 1000 ? "abs(" + expected + ") * 1e-9" : "1e-9");
  }
  const bool of_objects = expected.find("new \\") != std::string::npos ||
                          expected.find("(object) ") != std::string::npos;
  return fmt::format("self::{}({}, {});", of_objects ? "assertEquals" : "assertSame", expected,
                     actual);
}

// Puts a file of tests together: what its tests need is known when all are written.
class TestFile {
 public:
  TestFile(const std::vector<Function>& functions, const PhpFile& file)
      : functions_(functions), file_(file) {}

  void add(const TestCase& one) {
    note_names(one.input);
    const ScriptCall call = php_writer().call_of(one.input, functions_);
    std::vector<std::string> lines;
    const std::string text = php_writer().stated(one, functions_, lines);
    if (one.expected.outcome == Observation::Outcome::error) {
      lines.insert(lines.begin(),
                   fmt::format("$this->expectException(\\{}::class);", one.expected.error));
      lines.push_back(text + ";");
    } else {
      expect_value(one.expected, call.receiver, text, lines);
    }
    observed_ += fmt::format("\n    public function {}(): void\n    {{\n", one.name);
    for (const std::string& line : lines) observed_ += "        " + line + "\n";
    observed_ += "    }\n";
  }

  void add(const SourceTest& one) {
    for (const std::string& line : one.imports) imports_.insert(line);
    written_ = support_once(one, support_, "    ") + written_;
    written_ += "\n    " + one.text + "\n";
  }

  [[nodiscard]] std::string text() const {
    std::string out = "<?php\n\ndeclare(strict_types=1);\n\n";
    std::set<std::string> imports = imports_;
    imports.insert("use PHPUnit\\Framework\\TestCase;");
    if (!file_.space.empty()) {
      for (const std::string& name : names_)
        imports.insert(fmt::format("use {}\\{};", file_.space, name));
    }
    for (const std::string& one : imports) out += one + "\n";
    if (!file_.space.empty() && !called_.empty()) out += "\n";
    for (const std::string& name : called_) {
      if (!file_.space.empty()) out += fmt::format("use function {}\\{};\n", file_.space, name);
    }
    out += "\n";
    for (const std::string& one : file_.required)
      out += fmt::format("require_once __DIR__ . {};\n", text_literal(one));
    out +=
        fmt::format("\n/** Made by `leyden test`.{} */\nfinal class {} extends TestCase\n{{",
                    observed_.empty() ? ""
                    : written_.empty()
                        ? " What the code does today: read it before you trust it."
                        : " Tests whose names end with a number say what the code does today: read "
                          "them before you trust them.",
                    file_.class_name);
    std::string body = written_ + observed_;
    if (body.starts_with('\n')) body.erase(0, 1);
    return out + "\n" + body + "}\n";
  }

 private:
  void note_names(const Input& input) {
    for (const Step& step : input.steps) {
      const Function& function = functions_[step.function];
      (function.class_name.empty() ? called_ : names_)
          .insert(function.class_name.empty() ? function.name : function.class_name);
      for (const Value& value : step.arguments) note_classes(value);
    }
    for (const Value& value : input.construction) note_classes(value);
  }
  // Of objects, and of an enumeration's cases.
  void note_classes(const Value& value) {
    if (value.kind == Value::Kind::object) names_.insert(value.text);
    const std::size_t colons = value.text.find("::");
    if (value.kind == Value::Kind::expression && colons != std::string::npos &&
        value.text.find_first_of("( \\$") == std::string::npos)
      names_.insert(value.text.substr(0, colons));
    for (const Value& item : value.items) note_classes(item);
  }

  static void expect_value(const Observation& expected, const std::string& receiver,
                           const std::string& call, std::vector<std::string>& lines) {
    if (!expected.printed.empty())
      lines.insert(lines.begin(), fmt::format("$this->expectOutputString({});", expected.printed));
    if (expected.form == "nan") {
      lines.push_back(fmt::format("self::assertNan({});", call));
    } else if (expected.form == "items") {
      lines.push_back(same(expected.text, fmt::format("iterator_to_array({}, false)", call)));
    } else if (expected.form == "repr") {
      lines.push_back(same(expected.text, "(string) " + call));
    } else if (expected.form == "matches") {
      lines.push_back(
          fmt::format("self::assertMatchesRegularExpression('/^{}$/D', {});", expected.text, call));
    } else if (expected.form == "type") {
      lines.push_back(fmt::format("self::assertInstanceOf(\\{}::class, {});", expected.text, call));
    } else if (expected.form.starts_with("fields:")) {
      lines.push_back("$actual = " + call + ";");
      std::vector<std::string> read;
      for (const std::string_view name : parts_of(std::string_view(expected.form).substr(7), ','))
        read.push_back(fmt::format("$actual->{}", name));
      lines.push_back(same(expected.text, "[" + joined(read, ", ") + "]"));
    } else if (expected.text == "null" && (!expected.state.empty() || !expected.changed.empty() ||
                                           !expected.printed.empty())) {
      lines.push_back(call + ";");
    } else {
      lines.push_back(same(expected.text, call));
    }
    for (const auto& [name, value] : expected.changed) lines.push_back(same(value, name));
    for (const auto& [name, value] : expected.state)
      lines.push_back(same(value, fmt::format("{}->{}", receiver, name)));
  }

  const std::vector<Function>& functions_;
  const PhpFile& file_;
  std::set<std::string> names_;   // Classes of the file.
  std::set<std::string> called_;  // Its functions.
  std::set<std::string> imports_;
  std::set<std::string> support_;
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
      if (node.type() == "class_declaration") {
        read_body(node.field("body"));
      } else if (node.type() == "method_declaration" && name.starts_with("test")) {
        out_.push_back({.name = name, .text = text, .imports = {}, .support = {}});
      } else if (node.type() == "method_declaration" || node.type() == "property_declaration" ||
                 node.type() == "const_declaration" || node.type() == "use_declaration") {
        support_.push_back(text);
      } else if (node.type() == "namespace_use_declaration" &&
                 text.find("Framework\\TestCase") == std::string::npos) {
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

const CallWriter& php_writer() {
  static const Writer writer;
  return writer;
}

std::string php_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                          const std::vector<Function>& functions, const PhpFile& file) {
  TestFile out(functions, file);
  for (const SourceTest& one : written) out.add(one);
  for (const TestCase& one : cases) out.add(one);
  return out.text();
}

Result<std::vector<SourceTest>> php_tests_in(std::string_view answer) {
  std::string code(code_of(answer));
  if (code.find("<?php") == std::string::npos) code = "<?php\n" + code;
  auto tree = syntax::parse(syntax::Language::php, code);
  if (!tree) return std::unexpected(tree.error());
  if (tree->has_errors()) return fail(Errc::invalid_argument, "the answer does not parse as PHP");
  std::vector<SourceTest> out = Answer(code).read(tree->root());
  if (out.empty())
    return fail(Errc::invalid_argument, "the answer has no method whose name begins with test");
  return out;
}

}  // namespace leyden::qa
